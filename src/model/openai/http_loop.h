#ifndef EMOSTAGE_MODEL_OPENAI_HTTP_LOOP_H_
#define EMOSTAGE_MODEL_OPENAI_HTTP_LOOP_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// Many HTTP requests at once on one thread: the seam to libcurl. Knows nothing of models.
namespace emostage::openai {

struct HttpTimeouts {
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds first_byte{120'000};  // from the asking to the answer's first byte
  std::chrono::milliseconds idle{60'000};         // between two bytes of an answer
};

struct HttpHead {
  long status = 0;
  std::string content_type;  // lower case
  std::optional<std::chrono::seconds> retry_after;
};

// How a request ended.
enum class HttpEnd {
  kDone,       // in order; the head's status says what it was
  kConnect,    // no connection: nothing was asked
  kBroken,     // the connection broke
  kTooLate,    // no first byte in time
  kSilent,     // bytes came, and then none in time
  kRefused,    // trying again will not help: a certificate, an address
  kTooLarge,   // more bytes than any answer has
  kCancelled,  // Cancel, or the loop is closing
};

struct HttpRequest {
  std::string url;
  std::string body;     // JSON; empty: GET
  std::string key;      // sent as a bearer token; may be empty
  std::string ca_file;  // certificates to trust instead of the system's; may be empty
  bool keep = true;     // the connection, for later requests
  HttpTimeouts timeouts;
  // On the loop's own thread, which must not be held up: the head of the answer once, its body in
  // pieces, its end once, whatever happens. Must not throw.
  std::function<void(const HttpHead&)> on_head;
  std::function<void(std::string_view)> on_body;
  std::function<void(HttpEnd, const std::string& problem)> on_end;  // no address in `problem`
};

// Thread-safe.
class HttpLoop {
 public:
  HttpLoop();  // throws Error(kInternal) when libcurl cannot start
  // Ends every request with kCancelled, runs what was posted, and waits for the thread.
  ~HttpLoop();
  HttpLoop(const HttpLoop&) = delete;
  HttpLoop& operator=(const HttpLoop&) = delete;

  // A number for Cancel.
  std::uint64_t Start(HttpRequest request);
  // Closes the connection. Nothing happens where the request has ended already.
  void Cancel(std::uint64_t id);
  // Runs `work` on the loop's thread.
  void Post(std::function<void()> work);
  // The same some time later; at once when the loop is closing.
  void After(std::chrono::milliseconds time, std::function<void()> work);
  [[nodiscard]] bool closing() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace emostage::openai

#endif  // EMOSTAGE_MODEL_OPENAI_HTTP_LOOP_H_
