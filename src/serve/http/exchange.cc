#include "serve/http/exchange.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <utility>

#include "serve/http/names.h"

namespace emostage {
namespace {

const char* Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

// Not by strftime, whose words follow the locale.
std::string Date() {
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                kDays.at(static_cast<std::size_t>(parts.tm_wday)), parts.tm_mday,
                kMonths.at(static_cast<std::size_t>(parts.tm_mon)), parts.tm_year + 1900,
                parts.tm_hour, parts.tm_min, parts.tm_sec);
  return text.data();
}

// Without what would end the line, so that no value becomes a header of its own.
std::string OneLine(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= 0x20 && byte != 0x7f) || c == '\t') line += c;
  }
  return line;
}

// Headers that say where an answer ends are this room's own business.
bool IsFraming(std::string_view name) {
  for (const std::string_view own : {"Content-Length", "Transfer-Encoding", "Connection", "Date"}) {
    if (EqualNames(name, own)) return true;
  }
  return false;
}

bool HasNoBody(int status) { return status == 204 || status == 304 || status < 200; }

std::string AsChunk(std::string_view piece) {
  std::array<char, 16> size{};
  const auto end = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16).ptr;
  std::string chunk(size.data(), end);
  chunk.reserve(chunk.size() + piece.size() + 4);
  return chunk.append("\r\n").append(piece).append("\r\n");
}

class Reply final : public HttpReply {
 public:
  explicit Reply(std::shared_ptr<HttpExchange> exchange) : exchange_(std::move(exchange)) {}
  ~Reply() override { exchange_->Fail(500, "the server gave no answer", /*closing=*/false); }
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  void Send(int status, std::string_view type, std::string body, HttpHeaders headers) override {
    exchange_->Send(status, type, std::move(body), headers);
  }
  void Begin(int status, std::string_view type, HttpHeaders headers) override {
    exchange_->Begin(status, type, headers);
  }
  bool Write(std::string piece) override { return exchange_->Write(piece); }
  void End() override { exchange_->End(); }
  void PingEvery(std::chrono::milliseconds interval, std::string ping) override {
    exchange_->PingEvery(interval, std::move(ping));
  }
  [[nodiscard]] std::stop_token gone() const override { return exchange_->gone(); }

 private:
  const std::shared_ptr<HttpExchange> exchange_;
};

}  // namespace

HttpShared::ErrorAnswer HttpShared::AnswerFor(int status, std::string_view what) const {
  if (options.error_body) {
    try {
      return {options.error_type, options.error_body(status, what)};
    } catch (...) {  // then in plain words
    }
  }
  return {"text/plain; charset=utf-8", std::string(what) + "\n"};
}

HttpExchange::HttpExchange(std::shared_ptr<HttpShared> shared, Manner manner,
                           std::function<void()> wake)
    : shared_(std::move(shared)),
      manner_(manner),
      wake_(std::move(wake)),
      keep_alive_(manner.keep_alive) {}

void HttpExchange::Send(int status, std::string_view type, std::string body,
                        const HttpHeaders& headers) {
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::kWaiting) SendLocked(status, type, body, headers);
}

void HttpExchange::SendLocked(int status, std::string_view type, std::string_view body,
                              const HttpHeaders& headers) {
  std::string framing;
  if (!HasNoBody(status)) framing = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  pending_ += Head(status, type, headers, framing);
  if (!manner_.head && !HasNoBody(status)) pending_ += body;
  Leave(Phase::kOver);
}

void HttpExchange::Begin(int status, std::string_view type, const HttpHeaders& headers) {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::kWaiting) return;
  if (peer_left_) return Leave(Phase::kClosed);
  if (manner_.http10) keep_alive_ = false;
  const bool empty = manner_.head || HasNoBody(status);
  const bool chunked = !manner_.http10 && !HasNoBody(status);
  pending_ += Head(status, type, headers, chunked ? "Transfer-Encoding: chunked\r\n" : "");
  if (empty) return Leave(Phase::kOver);
  phase_ = Phase::kStreaming;
  ++shared_->streams;
  Wake();
}

bool HttpExchange::Write(std::string_view piece) {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::kStreaming) return false;
  const std::size_t unsent = pending_.size() + taken_bytes_;
  if (unsent > 0 && unsent + piece.size() > shared_->options.max_unsent_bytes) {
    Leave(Phase::kClosed);
    return false;
  }
  Append(piece);
  return true;
}

void HttpExchange::End() {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::kStreaming) return;
  if (!manner_.http10) pending_ += "0\r\n\r\n";
  Leave(Phase::kOver);
}

void HttpExchange::PingEvery(std::chrono::milliseconds interval, std::string ping) {
  const std::lock_guard lock(mutex_);
  ping_ = std::move(ping);
  ping_interval_ = ping_.empty() ? std::chrono::milliseconds(0) : interval;
  if (phase_ == Phase::kStreaming) Wake();
}

void HttpExchange::Fail(int status, std::string_view what, bool closing) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::kStreaming) return Leave(Phase::kBroken);
    if (phase_ != Phase::kWaiting) return;
  }
  // Not under the lock, for error_body is somebody else's code.
  const HttpShared::ErrorAnswer answer = shared_->AnswerFor(status, what);
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::kWaiting) return;
  if (closing) keep_alive_ = false;
  SendLocked(status, answer.type, answer.body, {});
}

HttpExchange::Taken HttpExchange::Take() {
  const std::lock_guard lock(mutex_);
  woken_ = false;
  Taken taken;
  switch (phase_) {
    case Phase::kWaiting:
    case Phase::kStreaming:
      taken.state = State::kOpen;
      break;
    case Phase::kOver:
      taken.state = State::kOver;
      break;
    case Phase::kBroken:
      taken.state = State::kBroken;
      break;
    case Phase::kClosed:
      taken.state = State::kClosed;
      break;
  }
  if (phase_ == Phase::kStreaming) taken.ping_interval = ping_interval_;
  taken.keep_alive = keep_alive_;
  taken.bytes = std::exchange(pending_, {});
  taken_bytes_ += taken.bytes.size();
  return taken;
}

void HttpExchange::Sent(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  taken_bytes_ -= bytes;
}

void HttpExchange::Ping() {
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::kStreaming && !ping_.empty()) Append(ping_);
}

void HttpExchange::Interim(std::string_view head) {
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::kWaiting) return;
  pending_ += head;
  Wake();
}

bool HttpExchange::closed() const {
  const std::lock_guard lock(mutex_);
  return phase_ == Phase::kClosed;
}

void HttpExchange::PeerLeft() {
  {
    const std::lock_guard lock(mutex_);
    peer_left_ = true;
    if (phase_ == Phase::kStreaming) Leave(Phase::kClosed);
  }
  gone_.request_stop();
}

void HttpExchange::Close() {
  {
    const std::lock_guard lock(mutex_);
    wake_ = nullptr;
    Leave(Phase::kClosed);
    pending_ = {};
  }
  gone_.request_stop();
}

void HttpExchange::Detach() {
  const std::lock_guard lock(mutex_);
  wake_ = nullptr;
}

void HttpExchange::Wake() {
  if (woken_ || !wake_) return;
  woken_ = true;
  wake_();
}

void HttpExchange::Append(std::string_view piece) {
  if (piece.empty()) return;  // an empty chunk would be the last
  pending_ += manner_.http10 ? std::string(piece) : AsChunk(piece);
  Wake();
}

void HttpExchange::Leave(Phase phase) {
  if (phase_ == Phase::kStreaming) --shared_->streams;
  phase_ = phase;
  Wake();
}

std::string HttpExchange::Head(int status, std::string_view type, const HttpHeaders& headers,
                               std::string_view framing) {
  if (shared_->stopping) keep_alive_ = false;
  std::string head = "HTTP/1.1 " + std::to_string(status) + " " + Reason(status) + "\r\n";
  head += "Date: " + Date() + "\r\n";
  if (!type.empty()) head += "Content-Type: " + OneLine(type) + "\r\n";
  for (const auto& [name, value] : headers) {
    if (!IsFraming(name)) head += OneLine(name) + ": " + OneLine(value) + "\r\n";
  }
  if (!keep_alive_) head += "Connection: close\r\n";
  if (keep_alive_ && manner_.http10) head += "Connection: keep-alive\r\n";
  return head.append(framing).append("\r\n");
}

std::shared_ptr<HttpReply> ReplyTo(std::shared_ptr<HttpExchange> exchange) {
  return std::make_shared<Reply>(std::move(exchange));
}

}  // namespace emostage
