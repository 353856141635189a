#include "serve/http/server.h"

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_set>

#include "emostage/error.h"
#include "serve/http/connection.h"
#include "serve/http/exchange.h"
#include "serve/http/transport.h"
#include "serve/http/workers.h"

namespace emostage {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kIoThreads = 2;
// So many connections above the limit are told that they are too many; the rest is just closed.
constexpr std::size_t kToldFull = 64;
constexpr milliseconds kAcceptPause(50);

std::string InBrackets(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

[[noreturn]] void CannotBind(const HttpOptions& options, error_code error) {
  const std::string port = "port " + std::to_string(options.port);
  if (error == asio::error::address_in_use) {
    throw Error(ErrorCode::kNetwork, port + " is in use",
                "choose another port, or stop the program that listens there");
  }
  if (error == asio::error::access_denied) {
    throw Error(ErrorCode::kNetwork, port + " is not for this user", "choose one above 1023");
  }
  if (error == boost::system::errc::address_not_available) {
    throw Error(ErrorCode::kNetwork, options.host + " is no address of this machine",
                "listen on 127.0.0.1, or on 0.0.0.0 for all its addresses");
  }
  throw Error(ErrorCode::kNetwork,
              "cannot listen on " + options.host + " " + port + ": " + error.message(),
              "choose another address or port");
}

std::vector<tcp::endpoint> Resolve(asio::io_context& io, const HttpOptions& options) {
  if (options.port < 0 || options.port > 65535) {
    throw Error(ErrorCode::kNetwork, "there is no port " + std::to_string(options.port),
                "choose one from 1 to 65535, or 0 for any free one");
  }
  error_code error;
  tcp::resolver resolver(io);
  const auto results =
      resolver.resolve(options.host, std::to_string(options.port), tcp::resolver::passive, error);
  if (error || results.empty()) {
    throw Error(ErrorCode::kNetwork, "the host " + options.host + " is unknown",
                "give an address of this machine, such as 127.0.0.1");
  }
  return {results.begin(), results.end()};
}

using Acceptor = asio::basic_socket_acceptor<tcp, HttpStrand>;
using Timer = asio::basic_waitable_timer<steady_clock, asio::wait_traits<steady_clock>, HttpStrand>;

}  // namespace

class HttpServer::Impl final : private ConnectionHost {
 public:
  Impl(HttpOptions options, HttpHandler handler)
      : shared_(std::make_shared<HttpShared>(std::move(options))),
        handler_(std::move(handler)),
        strand_(asio::make_strand(io_)),
        acceptor_(strand_),
        accept_pause_(strand_) {
    const HttpOptions& its = shared_->options;
    if (its.certificate_file.empty() != its.key_file.empty()) {
      throw Error(ErrorCode::kIo, "a certificate and its key are needed together", "give both");
    }
    if (!its.certificate_file.empty()) tls_ = MakeTls(its.certificate_file, its.key_file);
    Listen();
    try {
      workers_ = std::make_unique<Workers>(its.workers, [this] { Notice(); });
      for (int i = 0; i < kIoThreads; ++i) {
        threads_.emplace_back([this] { Run(); });
      }
    } catch (const std::system_error& error) {
      guard_.reset();
      for (std::thread& thread : threads_) thread.join();
      throw Error(ErrorCode::kInternal, std::string("cannot start a thread: ") + error.what());
    }
    asio::post(strand_, [this] { Accept(); });
  }

  // HttpServer has called Stop.
  ~Impl() override = default;

  int port() const { return port_; }

  std::string url() const {
    return std::string(tls_ ? "https://" : "http://") + InBrackets(shared_->options.host) + ":" +
           std::to_string(port_);
  }

  HttpStats stats() const {
    HttpStats stats;
    const Workers::Count count = workers_->count();
    stats.running = count.running;
    stats.waiting = count.waiting;
    stats.streams = shared_->streams;
    stats.requests = shared_->requests;
    const std::lock_guard lock(mutex_);
    stats.connections = connections_.size() - full_;
    return stats;
  }

  void BeginStop() {
    shared_->stopping = true;
    std::vector<std::shared_ptr<Connection>> connections;
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(no_more_, true)) return;
      connections.assign(connections_.begin(), connections_.end());
    }
    asio::post(strand_, [this] {
      error_code ignored;
      acceptor_.close(ignored);
      accept_pause_.cancel();
    });
    for (const auto& connection : connections) connection->FinishUp();
  }

  void Stop(milliseconds grace) {
    BeginStop();
    std::unique_lock lock(mutex_);
    // Whoever is the least patient decides, also for those who wait already.
    deadline_ = std::min(deadline_, steady_clock::now() + grace);
    changed_.notify_all();
    while (!AtRest() && steady_clock::now() < deadline_) {
      changed_.wait_until(lock, steady_clock::time_point(deadline_));
    }
    const std::vector<std::shared_ptr<Connection>> left(connections_.begin(), connections_.end());
    lock.unlock();
    workers_->Forget();
    for (const auto& connection : left) connection->Abort();
    lock.lock();
    changed_.wait(lock, [this] { return AtRest(); });
    if (std::exchange(joined_, true)) {
      changed_.wait(lock, [this] { return threads_.empty(); });
      return;
    }
    lock.unlock();
    guard_.reset();
    for (std::thread& thread : threads_) thread.join();
    lock.lock();
    threads_.clear();
    changed_.notify_all();
  }

 private:
  void Listen() {
    error_code error;
    for (const tcp::endpoint& endpoint : Resolve(io_, shared_->options)) {
      error = Bind(endpoint);
      if (!error) {
        port_ = acceptor_.local_endpoint().port();
        return;
      }
      // "localhost" may name an IPv6 address on a machine without IPv6; then the next is good.
      if (error != boost::system::errc::address_not_available &&
          error != asio::error::address_family_not_supported) {
        break;
      }
    }
    CannotBind(shared_->options, error);
  }

  error_code Bind(const tcp::endpoint& endpoint) {
    error_code error;
    error_code ignored;
    acceptor_.close(ignored);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && endpoint.address().is_v6()) {
      acceptor_.set_option(asio::ip::v6_only(false), ignored);
    }
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    return error;
  }

  void Run() {
    for (;;) {
      try {
        io_.run();
        return;
      } catch (...) {
        // Out of memory in one connection's callback; the others go on.
      }
    }
  }

  void Accept() {
    if (!acceptor_.is_open()) return;
    acceptor_.async_accept(asio::make_strand(io_), [this](error_code error, HttpSocket socket) {
      if (!error) {
        try {
          Welcome(std::move(socket));
        } catch (const std::exception&) {
          // Out of memory, say: this one is closed, and the next may find some.
        }
        return Accept();
      }
      if (!acceptor_.is_open()) return;
      // No descriptors left, say: asking again at once would only burn time.
      accept_pause_.expires_after(kAcceptPause);
      accept_pause_.async_wait([this](error_code) { Accept(); });
    });
  }

  void Welcome(HttpSocket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    std::shared_ptr<Connection> connection;
    {
      const std::lock_guard lock(mutex_);
      ConnectionHost& host = *this;  // whose functions are for connections only
      const std::size_t most = shared_->options.max_connections;
      const bool full = connections_.size() - full_ >= most;
      if (no_more_ || (full && full_ >= kToldFull)) return;
      connection = std::make_shared<Connection>(host, shared_,
                                                MakeTransport(std::move(socket), tls_.get()), full);
      connections_.insert(connection);
      if (full) ++full_;
    }
    connection->Start();
  }

  void Submit(HttpRequest request, std::shared_ptr<HttpExchange> exchange) override {
    workers_->Add([this, request = std::move(request), exchange = std::move(exchange)] {
      if (exchange->closed()) return;
      const std::shared_ptr<HttpReply> reply = ReplyTo(exchange);
      try {
        handler_(request, reply);
      } catch (...) {
        // What it threw may hold a client's words; it is for the handler's own log.
        exchange->Fail(500, "the server made a mistake", /*closing=*/false);
      }
    });
  }

  void Closed(const std::shared_ptr<Connection>& connection) override {
    // Notified under the lock: whoever waits may destroy this object as soon as it is released.
    const std::lock_guard lock(mutex_);
    if (connections_.erase(connection) > 0 && connection->full()) --full_;
    changed_.notify_all();
  }

  void Notice() {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

  // With the lock held.
  bool AtRest() const {
    const Workers::Count count = workers_->count();
    return connections_.empty() && count.running == 0 && count.waiting == 0;
  }

  const std::shared_ptr<HttpShared> shared_;
  const HttpHandler handler_;
  int port_ = 0;

  asio::io_context io_{kIoThreads};
  asio::executor_work_guard<asio::io_context::executor_type> guard_{io_.get_executor()};
  std::unique_ptr<asio::ssl::context> tls_;
  HttpStrand strand_;
  Acceptor acceptor_;
  Timer accept_pause_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  std::size_t full_ = 0;  // of the connections, those that are only told so
  bool no_more_ = false;
  bool joined_ = false;
  steady_clock::time_point deadline_ = steady_clock::time_point::max();
  std::unique_ptr<Workers> workers_;
  std::vector<std::thread> threads_;
};

HttpServer::HttpServer(HttpOptions options, HttpHandler handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler))) {}

HttpServer::~HttpServer() { Stop(milliseconds(0)); }

int HttpServer::port() const { return impl_->port(); }
std::string HttpServer::url() const { return impl_->url(); }
HttpStats HttpServer::stats() const { return impl_->stats(); }
void HttpServer::Stop(milliseconds grace) { impl_->Stop(grace); }
void HttpServer::BeginStop() { impl_->BeginStop(); }

}  // namespace emostage
