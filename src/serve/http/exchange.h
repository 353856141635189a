#ifndef EMOSTAGE_SERVE_HTTP_EXCHANGE_H_
#define EMOSTAGE_SERVE_HTTP_EXCHANGE_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>

#include "serve/http/server.h"

namespace emostage {

// What the parts of one server share. Kept by exchanges too, which may outlive the server.
struct HttpShared {
  explicit HttpShared(HttpOptions its_options) : options(std::move(its_options)) {}

  struct ErrorAnswer {
    std::string type;
    std::string body;
  };
  [[nodiscard]] ErrorAnswer AnswerFor(int status, std::string_view what) const;

  const HttpOptions options;
  std::atomic<bool> stopping = false;
  std::atomic<std::size_t> streams = 0;
  std::atomic<std::uint64_t> requests = 0;
};

// One answer on its way from a handler, on whatever thread, to a connection, on its strand: bytes
// gather here until the connection takes them. Thread-safe. Knows nothing of sockets.
class HttpExchange {
 public:
  struct Manner {
    bool http10 = false;      // no chunks; a stream ends with the connection
    bool head = false;        // the answer's head only
    bool keep_alive = false;  // the client would send further requests
  };
  // `wake` tells the connection, from any thread, that there is something to take. It is called
  // under a lock and so must only leave a message.
  HttpExchange(std::shared_ptr<HttpShared> shared, Manner manner, std::function<void()> wake);

  // For handlers; see HttpReply.
  void Send(int status, std::string_view type, std::string body, const HttpHeaders& headers);
  void Begin(int status, std::string_view type, const HttpHeaders& headers);
  bool Write(std::string_view piece);
  void End();
  void PingEvery(std::chrono::milliseconds interval, std::string ping);
  [[nodiscard]] std::stop_token gone() const { return gone_.get_token(); }

  // An error in place of an answer, after which the connection is closed if `closing`. Where a
  // stream has begun it is broken off.
  void Fail(int status, std::string_view what, bool closing);

  // For connections.
  enum class State {
    kOpen,    // more may come
    kOver,    // the answer is whole
    kBroken,  // no more comes, and the client must notice that something is missing
    kClosed,  // nothing is to be sent any more, not even what waits
  };
  struct Taken {
    std::string bytes;
    State state = State::kOpen;
    bool keep_alive = false;
    std::chrono::milliseconds ping_interval{0};  // 0: none now
  };
  // All that waits, and how things stand behind it.
  [[nodiscard]] Taken Take();
  // So many of the bytes that were taken are with the kernel.
  void Sent(std::size_t bytes);
  void Ping();
  // "100 Continue" before the answer; nothing where the answer has begun.
  void Interim(std::string_view head);
  [[nodiscard]] bool closed() const;
  // The other side will send no more: asks through gone(), and closes a stream. A whole answer is
  // still sent. To be called without locks, for it runs the handler's callbacks.
  void PeerLeft();
  // The connection is no more. Like PeerLeft.
  void Close();
  // The answer has been sent; the connection goes on without this exchange.
  void Detach();

 private:
  enum class Phase { kWaiting, kStreaming, kOver, kBroken, kClosed };

  void Wake();
  void Append(std::string_view piece);
  [[nodiscard]] std::string Head(int status, std::string_view type, const HttpHeaders& headers,
                                 std::string_view framing);
  void Leave(Phase phase);
  void SendLocked(int status, std::string_view type, std::string_view body,
                  const HttpHeaders& headers);

  const std::shared_ptr<HttpShared> shared_;
  const Manner manner_;
  std::stop_source gone_;

  mutable std::mutex mutex_;
  std::function<void()> wake_;  // null once the connection is gone
  bool woken_ = false;
  Phase phase_ = Phase::kWaiting;
  bool keep_alive_;
  bool peer_left_ = false;
  std::string pending_;
  std::size_t taken_bytes_ = 0;  // taken and not yet sent
  std::chrono::milliseconds ping_interval_{0};
  std::string ping_;
};

// What handlers hold: its end is the end of hope for an answer.
[[nodiscard]] std::shared_ptr<HttpReply> ReplyTo(std::shared_ptr<HttpExchange> exchange);

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_HTTP_EXCHANGE_H_
