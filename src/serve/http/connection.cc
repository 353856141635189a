#include "serve/http/connection.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <string_view>
#include <utility>

namespace emostage {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How much of further requests is read while one is answered.
constexpr std::size_t kLookAhead = 64 << 10;
constexpr milliseconds kLinger(2000);
// A string that once held more than this is not kept for the next answer.
constexpr std::size_t kKeptCapacity = 64 << 10;

}  // namespace

Connection::Connection(ConnectionHost& host, std::shared_ptr<HttpShared> shared,
                       std::unique_ptr<Transport> transport, bool full)
    : host_(host),
      shared_(std::move(shared)),
      transport_(std::move(transport)),
      full_(full),
      read_timer_(transport_->strand()),
      write_timer_(transport_->strand()),
      ping_timer_(transport_->strand()) {}

void Connection::Start() {
  asio::post(transport_->strand(), [self = shared_from_this()] {
    if (self->closed_) return;
    // The handshake's time counts as the first header's.
    self->Arm(Wait::kHeader, self->shared_->options.header_timeout);
    self->transport_->Handshake([self](error_code error) {
      if (self->closed_) return;
      error ? self->Close() : self->Open();
    });
  });
}

void Connection::FinishUp() {
  asio::post(transport_->strand(), [self = shared_from_this()] {
    if (self->closed_ || self->answering_ || self->lingering_) return;
    if (!self->opened_) return self->Close();
    if (self->parser_) return self->Refuse(503, "the server is stopping");
    self->Linger();
  });
}

void Connection::Abort() {
  asio::post(transport_->strand(), [self = shared_from_this()] { self->Close(); });
}

void Connection::Open() {
  opened_ = true;
  if (full_) {
    Refuse(503, "too many connections");
  } else if (shared_->stopping) {
    return Close();
  }
  Read();
}

void Connection::Read() {
  if (closed_ || reading_ || ended_) return;
  if (!lingering_ && answering_ && in_.size() >= kLookAhead) return;
  reading_ = true;
  transport_->Read(buffer_, [self = shared_from_this()](error_code error, std::size_t size) {
    self->OnRead(error, size);
  });
}

void Connection::OnRead(error_code error, std::size_t size) {
  reading_ = false;
  if (closed_) return;
  if (error) {
    ended_ = true;
    if (!IsEnd(error) || lingering_ || !answering_) return Close();
    exchange_->PeerLeft();
    return Pump();
  }
  if (!lingering_) {
    in_.append(buffer_.data(), size);
    Parse();
  }
  Read();
}

void Connection::Parse() {
  if (closed_ || lingering_ || answering_) return;
  if (!parser_) {
    // Some clients send an empty line after a body.
    in_.erase(0, in_.find_first_not_of("\r\n"));
    if (in_.empty()) {
      if (ended_) return Linger();
      if (wait_ == Wait::kNothing) Arm(Wait::kIdle, shared_->options.idle_timeout);
      return;
    }
    const HttpOptions& options = shared_->options;
    parser_ = std::make_unique<RequestParser>(options.max_header_bytes, options.max_body_bytes);
    if (wait_ != Wait::kHeader) Arm(Wait::kHeader, options.header_timeout);
  }
  ParseOn();
}

void Connection::ParseOn() {
  in_.erase(0, parser_->Feed(in_));
  switch (parser_->state()) {
    case RequestParser::State::kDone:
      Dispatch();
      return;
    case RequestParser::State::kRefused:
      Refuse(parser_->status(), parser_->what());
      return;
    case RequestParser::State::kBody:
      if (wait_ == Wait::kBody) break;
      Arm(Wait::kBody, shared_->options.body_timeout);
      if (parser_->expects_continue() && parser_->request().body.empty()) {
        MakeExchange();
        exchange_->Interim("HTTP/1.1 100 Continue\r\n\r\n");
      }
      break;
    case RequestParser::State::kHeader:
      break;
  }
  if (ended_) Close();  // in the middle of a request
}

void Connection::Dispatch() {
  Disarm();
  if (shared_->stopping) return Refuse(503, "the server is stopping");
  MakeExchange();
  answering_ = true;
  ++shared_->requests;
  HttpRequest request = std::move(parser_->request());
  request.peer = transport_->peer();
  request.secure = transport_->secure();
  if (ended_) exchange_->PeerLeft();
  host_.Submit(std::move(request), exchange_);
}

void Connection::Refuse(int status, const std::string& what) {
  Disarm();
  MakeExchange();
  answering_ = true;
  exchange_->Fail(status, what, /*closing=*/true);
}

void Connection::MakeExchange() {
  if (exchange_) return;
  HttpExchange::Manner manner;
  if (parser_) {
    manner.http10 = parser_->http10();
    manner.head = parser_->request().method == "HEAD";
    manner.keep_alive = parser_->state() != RequestParser::State::kRefused && parser_->keep_alive();
  }
  exchange_ = std::make_shared<HttpExchange>(shared_, manner, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      asio::post(self->transport_->strand(), [self] { self->Pump(); });
    }
  });
}

void Connection::Pump() {
  if (closed_ || !exchange_) return;
  if (exchange_->closed()) return Close();
  if (writing_) return;
  HttpExchange::Taken taken = exchange_->Take();
  if (taken.ping_interval != ping_interval_) {
    ping_interval_ = taken.ping_interval;
    if (taken.bytes.empty()) ArmPing();
  }
  if (!taken.bytes.empty()) {
    out_ = std::move(taken.bytes);
    out_sent_ = 0;
    last_write_ = steady_clock::now();
    ArmPing();
    return WriteOn();
  }
  switch (taken.state) {
    case HttpExchange::State::kOpen:
      return;
    case HttpExchange::State::kOver:
      return OnAnswered(taken.keep_alive);
    case HttpExchange::State::kBroken:
    case HttpExchange::State::kClosed:
      return Close();
  }
}

void Connection::WriteOn() {
  writing_ = true;
  ArmWriteTimer();
  transport_->Write(std::string_view(out_).substr(out_sent_),
                    [self = shared_from_this()](error_code error, std::size_t size) {
                      self->OnWritten(error, size);
                    });
}

void Connection::OnWritten(error_code error, std::size_t size) {
  if (closed_) return;
  if (error) return Close();
  exchange_->Sent(size);
  out_sent_ += size;
  if (out_sent_ < out_.size()) return WriteOn();
  writing_ = false;
  ++write_number_;
  write_timer_.cancel();
  out_.capacity() > kKeptCapacity ? std::string().swap(out_) : out_.clear();
  Pump();
}

void Connection::OnAnswered(bool keep_alive) {
  exchange_->Detach();
  exchange_.reset();
  parser_.reset();
  answering_ = false;
  ping_interval_ = milliseconds(0);
  ++ping_number_;
  ping_timer_.cancel();
  if (!keep_alive || shared_->stopping) return Linger();
  Parse();
  Read();
}

void Connection::Linger() {
  if (closed_ || lingering_) return;
  lingering_ = true;
  std::string().swap(in_);
  Arm(Wait::kLinger, kLinger);
  transport_->Finish([self = shared_from_this()](error_code) {
    // Nothing more can come in from there; else the end of reading is waited for.
    if (self->ended_) self->Close();
  });
  Read();
}

void Connection::Close() {
  if (closed_) return;
  closed_ = true;
  const auto self = shared_from_this();
  ++read_number_;
  ++write_number_;
  ++ping_number_;
  read_timer_.cancel();
  write_timer_.cancel();
  ping_timer_.cancel();
  transport_->Close();
  if (const auto exchange = std::move(exchange_)) exchange->Close();
  host_.Closed(self);
}

void Connection::Arm(Wait wait, milliseconds time) {
  wait_ = wait;
  read_timer_.expires_after(time);
  read_timer_.async_wait([self = shared_from_this(), number = ++read_number_](error_code error) {
    if (!error && number == self->read_number_) self->OnLate();
  });
}

void Connection::Disarm() {
  wait_ = Wait::kNothing;
  ++read_number_;
  read_timer_.cancel();
}

void Connection::OnLate() {
  switch (wait_) {
    case Wait::kHeader:
      // A connection opened in advance and never used is told nothing: it would take it for the
      // answer to its first request.
      if (!opened_ || !parser_) return Close();
      return Refuse(408, "the header did not come in time");
    case Wait::kBody:
      return Refuse(408, "the body did not come in time");
    case Wait::kIdle:
      return Linger();
    case Wait::kLinger:
      return Close();
    case Wait::kNothing:
      return;
  }
}

void Connection::ArmWriteTimer() {
  write_timer_.expires_after(shared_->options.write_timeout);
  write_timer_.async_wait([self = shared_from_this(), number = ++write_number_](error_code error) {
    if (!error && number == self->write_number_) self->Close();
  });
}

void Connection::ArmPing() {
  const auto number = ++ping_number_;
  if (ping_interval_ <= milliseconds(0)) return;
  ping_timer_.expires_at(std::max(last_write_ + ping_interval_, steady_clock::now()));
  ping_timer_.async_wait([self = shared_from_this(), number](error_code error) {
    if (!error && number == self->ping_number_) self->OnPing();
  });
}

void Connection::OnPing() {
  if (writing_) {  // they have not even taken the last words
    last_write_ = steady_clock::now();
    return ArmPing();
  }
  exchange_->Ping();
  Pump();
}

}  // namespace emostage
