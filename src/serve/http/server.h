#ifndef EMOSTAGE_SERVE_HTTP_SERVER_H_
#define EMOSTAGE_SERVE_HTTP_SERVER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace emostage {

// HTTP/1.1 over TCP or TLS, and nothing of what is served. Boost.Beast reads the requests, Asio
// moves the bytes, on two threads of its own; no client, however slow, holds a worker.

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;  // "GET"
  std::string path;    // percent-decoded, begins with '/'; requests with "." or ".." parts, NUL or
                       // ill-formed UTF-8 in it are refused before a handler sees them
  std::string query;   // what stood behind '?', as it came
  HttpHeaders headers;
  std::string body;
  std::string peer;     // the other side's address, without port
  bool secure = false;  // over TLS

  // The first of that name in any case of letters; empty where there is none.
  [[nodiscard]] std::string_view Header(std::string_view name) const;
  // A decoded parameter of the query; nullopt where there is none.
  [[nodiscard]] std::optional<std::string> Parameter(std::string_view name) const;
};

// The answer to one request. Thread-safe; may be kept and written to after the handler has
// returned, even after the server is gone. Dropping the last pointer before Send or Begin answers
// 500; dropping it before End breaks off the stream.
//
// Headers that say where an answer ends (Content-Length, Transfer-Encoding, Connection) and Date
// are written by the server, and ignored where a handler gives them.
class HttpReply {
 public:
  virtual ~HttpReply() = default;

  // A whole answer. Once only; what comes after is ignored.
  virtual void Send(int status, std::string_view type, std::string body,
                    HttpHeaders headers = {}) = 0;
  // A stream: Begin, any number of Write, End. Chunked (to HTTP/1.0: until the connection closes),
  // never held back on the way out. To HEAD, Begin is the whole answer.
  virtual void Begin(int status, std::string_view type, HttpHeaders headers = {}) = 0;
  // Never blocks. False: the stream is not open (any more): nobody is there, or they read so slowly
  // that max_unsent_bytes would wait; the connection is closed then. An empty piece is nothing.
  virtual bool Write(std::string piece) = 0;
  virtual void End() = 0;
  // From Begin on, `ping` is written whenever nothing else was for so long. Zero or an empty ping:
  // no more of them.
  virtual void PingEvery(std::chrono::milliseconds interval, std::string ping) = 0;
  // Asked to stop when the other side is gone (noticed also while nothing is written), or when the
  // server's grace has run out. Callbacks run on a thread that serves others too: be quick.
  //
  // How that is noticed: a read is always under way. A reset connection ends everything at once. An
  // end of what the client sends can mean that it left or that it only has nothing more to ask
  // (shutdown(SHUT_WR)); the kernel cannot tell. Leaving is by far the more frequent, and work for
  // nobody is dear, so gone() is asked then too, and a stream is closed; but a whole answer that is
  // sent all the same still goes out. So a client that half-closes gets what is quick, or what is
  // made by a handler that does not look at gone(), and no streams. A client that vanishes without
  // a word is noticed when pings are not taken for write_timeout, and one that has sent 64 KiB of
  // further requests in advance when something is written.
  [[nodiscard]] virtual std::stop_token gone() const = 0;
};

// Called on one of the workers; may block. Must not throw; what it throws all the same becomes 500.
// The request lives until it returns. Must not call HttpServer::Stop.
using HttpHandler = std::function<void(const HttpRequest&, const std::shared_ptr<HttpReply>&)>;

struct HttpOptions {
  std::string host = "127.0.0.1";
  int port = 8080;   // 0: any free one
  int workers = 72;  // handlers that run at once; further requests wait, started in order
  size_t max_connections = 4096;       // more are answered 503 and closed
  size_t max_body_bytes = 8 << 20;     // 413
  size_t max_header_bytes = 16 << 10;  // 431
  size_t max_unsent_bytes = 4 << 20;   // of a stream; a single piece may be larger
  // Whole times, however the bytes trickle in: a slow sender is answered 408 and closed. The first
  // header's includes TLS's handshake; a connection on which nothing at all came is just closed.
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds idle_timeout{60'000};   // between two requests of a connection
  std::chrono::milliseconds write_timeout{30'000};  // the other side takes nothing for so long
  std::string certificate_file;  // PEM chain; with key_file: TLS 1.2 and newer only
  std::string key_file;          // PEM, without a password
  // What an error that no handler has seen (400, 408, 413, 417, 431, 500, 501, 503) has as its
  // body, and that body's type. Called on any thread, on several at once; nothing of the request is
  // in `what`. Empty: `what` as plain text.
  std::function<std::string(int status, std::string_view what)> error_body;
  std::string error_type = "application/json";
};

struct HttpStats {
  size_t connections = 0;  // open now, without those that are only told 503
  size_t streams = 0;      // of those, begun and not ended
  size_t running = 0;      // handlers that run now
  size_t waiting = 0;      // requests that wait for a worker
  uint64_t requests = 0;   // that went to a handler, since the start
};

// Thread-safe but for its construction and destruction.
class HttpServer {
 public:
  // Binds and starts serving on threads of its own. Throws Error(kNetwork) where it cannot bind
  // ("port 8080 is in use; …") and Error(kIo) for certificates that cannot be read.
  HttpServer(HttpOptions options, HttpHandler handler);
  ~HttpServer();  // Stop(0)
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] int port() const;
  [[nodiscard]] std::string url() const;  // e.g. "http://127.0.0.1:8080"
  [[nodiscard]] HttpStats stats() const;

  // Takes no more connections or requests, lets running handlers and streams finish for as long as
  // `grace`, then asks those left to stop through gone(), closes them and returns when no handler
  // runs any more. Requests that still wait for a worker then are never started. A second call,
  // also at the same time, may shorten the grace. Not from a handler nor from a callback of gone().
  void Stop(std::chrono::milliseconds grace);
  // No more connections; idle ones are closed; does not wait. Safe to call from a signal-watching
  // thread.
  void BeginStop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_HTTP_SERVER_H_
