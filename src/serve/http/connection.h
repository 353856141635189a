#ifndef EMOSTAGE_SERVE_HTTP_CONNECTION_H_
#define EMOSTAGE_SERVE_HTTP_CONNECTION_H_

#include <array>
#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "serve/http/exchange.h"
#include "serve/http/request_parser.h"
#include "serve/http/transport.h"

namespace emostage {

class Connection;

// What a connection asks of its server, from its strand.
class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;
  virtual void Submit(HttpRequest request, std::shared_ptr<HttpExchange> exchange) = 0;
  // Once, the last that a connection does.
  virtual void Closed(const std::shared_ptr<Connection>& connection) = 0;
};

// One client: reads a request, lets the server answer it, reads the next. All on its strand; the
// three public functions post there and may be called from any thread.
//
// A read is always under way, also while an answer is, so that a client who leaves is noticed;
// unless a client has sent kLookAhead bytes of further requests in advance.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // `full`: there are too many connections, and this one only tells so.
  Connection(ConnectionHost& host, std::shared_ptr<HttpShared> shared,
             std::unique_ptr<Transport> transport, bool full);

  void Start();
  // Ends once the request under way is answered; at once where there is none.
  void FinishUp();
  void Abort();

  [[nodiscard]] bool full() const { return full_; }

 private:
  using Timer = boost::asio::basic_waitable_timer<
      std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, HttpStrand>;
  enum class Wait { kNothing, kHeader, kBody, kIdle, kLinger };

  void Open();
  void Read();
  void OnRead(boost::system::error_code error, std::size_t size);
  void Parse();
  void ParseOn();
  void Dispatch();
  // Answers with an error and closes the connection.
  void Refuse(int status, const std::string& what);
  void MakeExchange();
  // Writes what waits in the exchange.
  void Pump();
  void WriteOn();
  void OnWritten(boost::system::error_code error, std::size_t size);
  void OnAnswered(bool keep_alive);
  // Says that no more comes and swallows what the other side still sends: closing a socket with
  // unread bytes would throw away our last words.
  void Linger();
  void Close();

  void Arm(Wait wait, std::chrono::milliseconds time);
  void Disarm();
  void OnLate();
  void ArmWriteTimer();
  void ArmPing();
  void OnPing();

  ConnectionHost& host_;
  const std::shared_ptr<HttpShared> shared_;
  const std::unique_ptr<Transport> transport_;
  const bool full_;

  bool opened_ = false;  // the handshake is done
  bool closed_ = false;
  bool lingering_ = false;

  bool reading_ = false;
  bool ended_ = false;  // the other side sends no more
  std::array<char, 8192> buffer_;
  std::string in_;  // read and not yet understood
  std::unique_ptr<RequestParser> parser_;
  std::shared_ptr<HttpExchange> exchange_;
  bool answering_ = false;  // the request is whole or refused

  bool writing_ = false;
  std::string out_;
  std::size_t out_sent_ = 0;
  std::chrono::steady_clock::time_point last_write_;

  // A timer that is set anew may still report an old time; the number tells.
  Timer read_timer_;
  std::uint64_t read_number_ = 0;
  Wait wait_ = Wait::kNothing;
  Timer write_timer_;
  std::uint64_t write_number_ = 0;
  Timer ping_timer_;
  std::uint64_t ping_number_ = 0;
  std::chrono::milliseconds ping_interval_{0};
};

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_HTTP_CONNECTION_H_
