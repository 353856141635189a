#ifndef EMOSTAGE_MODEL_STORE_TRANSFER_H_
#define EMOSTAGE_MODEL_STORE_TRANSFER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

// One HTTP GET, redirects included: the seam to libcurl. Knows nothing of files or retries.
namespace emostage::model_store {

// The head of the answer that counts: the last one, when there were redirects.
struct ResponseHead {
  long status = 0;
  std::string etag;
  std::string last_modified;
  std::string content_type;                     // lower case
  std::optional<std::uint64_t> content_length;  // of this answer's body
  std::optional<std::uint64_t> range_first;     // of Content-Range
  std::optional<std::uint64_t> range_total;     // of Content-Range: the whole file's size
};

struct TransferRequest {
  std::string url;
  std::uint64_t from = 0;  // ask for the bytes from here on; 0 asks for all
  std::string if_range;    // the validator that must still hold for that; may be empty
  std::chrono::seconds connect_timeout{30};
  std::chrono::seconds stall_timeout{60};
  std::uint64_t stall_bytes_per_second = 1;
  std::stop_token stop;
  // Called once for a 200 or 206, then the body in pieces. What they throw ends the transfer and
  // leaves Get.
  std::function<void(const ResponseHead&)> on_head;
  std::function<void(std::string_view)> on_body;
};

struct TransferOutcome {
  enum class Kind {
    kDone,       // the answer came whole; head.status says what it was
    kBroken,     // the network failed; trying again may help
    kRefused,    // trying again will not help: a bad certificate, a forbidden redirect
    kCancelled,  // stop was requested
  };
  Kind kind = Kind::kDone;
  ResponseHead head;
  std::string problem;  // for kBroken and kRefused: one line, no address in it
};

// Keeps its connections open between calls. One object serves one thread at a time.
class HttpClient {
 public:
  HttpClient();  // throws Error(kInternal) when libcurl cannot start
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // The address must have passed UrlProblem().
  [[nodiscard]] TransferOutcome Get(const TransferRequest& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace emostage::model_store

#endif  // EMOSTAGE_MODEL_STORE_TRANSFER_H_
