#ifndef EMOSTAGE_MODEL_OPENAI_FAKE_SERVER_H_
#define EMOSTAGE_MODEL_OPENAI_FAKE_SERVER_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/json.h"

// A model server for tests that says what the test wants, or breaks any rule.
namespace emostage::openai {

struct FakeRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // names in lower case
  Json body;                                   // null where there is none

  // The last message that the client wrote.
  [[nodiscard]] std::string Said() const;
  // The last message, where that is the assistant's.
  [[nodiscard]] std::string Begun() const;
};

class FakeConnection {
 public:
  explicit FakeConnection(int fd) : fd_(fd) {}
  bool Send(std::string_view bytes) const;  // false once the client has hung up
  bool SendHead(int status, const std::vector<std::string>& headers = {}) const;
  void SendJson(int status, const Json& json) const;
  // The head of a stream, an event with a piece of an answer, and its orderly end.
  void BeginStream() const;
  bool SendWords(std::string_view words) const;
  void EndStream(const std::string& reason = "stop") const;
  // A whole streamed answer, or the same in one piece where no stream was asked for.
  void Answer(const FakeRequest& request, const std::string& words) const;
  // Whether the client hangs up within this time.
  [[nodiscard]] bool HungUp(std::chrono::milliseconds within) const;

 private:
  int fd_;
};

// On a free port of 127.0.0.1, each request on a thread of its own, each connection for one
// request. What is asked to find out about the server is answered as `owner` would; the rest of
// /v1/chat/completions goes to the test's own function.
class FakeServer {
 public:
  using Handler = std::function<void(const FakeRequest&, const FakeConnection&)>;

  struct Manner {
    std::string owner = "somebody";  // "vllm", "sglang", "llamacpp"
    bool log_probs = false;
    bool schema = true;
    bool prefill = false;
    bool embeddings = false;
  };

  explicit FakeServer(Handler chat) : FakeServer(std::move(chat), Manner()) {}
  FakeServer(Handler chat, Manner manner);
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  [[nodiscard]] std::string Url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // The questions that went to the test's function, in order.
  [[nodiscard]] std::vector<FakeRequest> asked() const;
  // Comes before everything else, /v1/models included, while it is set. Returns whether it
  // answered.
  void SetBefore(std::function<bool(const FakeRequest&, const FakeConnection&)> before);

 private:
  void Accept();
  void Serve(int fd);
  void Respond(const FakeRequest& request, const FakeConnection& connection);
  [[nodiscard]] bool AnswerProbe(const FakeRequest& request,
                                 const FakeConnection& connection) const;

  Handler chat_;
  Manner manner_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> closing_ = false;
  mutable std::mutex mutex_;
  std::vector<FakeRequest> asked_;
  std::function<bool(const FakeRequest&, const FakeConnection&)> before_;
  std::vector<std::jthread> workers_;
  std::jthread acceptor_;
};

}  // namespace emostage::openai

#endif  // EMOSTAGE_MODEL_OPENAI_FAKE_SERVER_H_
