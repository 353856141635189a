#include "serve/http/request_parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstdint>
#include <optional>
#include <utility>

#include "serve/http/names.h"
#include "serve/http/target.h"

namespace emostage {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using View = boost::beast::string_view;

std::string_view Std(View view) { return {view.data(), view.size()}; }

}  // namespace

class RequestParser::Parser final : public http::basic_parser<true> {
 public:
  Parser(std::size_t max_header_bytes, std::size_t max_body_bytes)
      : max_header_bytes_(max_header_bytes) {
    header_limit(static_cast<std::uint32_t>(max_header_bytes));
    body_limit(max_body_bytes);
    eager(true);
  }

  std::size_t Feed(std::string_view bytes) {
    // Beast gets a header only whole, so that what it makes of it cannot depend on how it came.
    if (!is_header_done() && !FindHeaderEnd(bytes)) return 0;
    error_code error;
    std::size_t used = 0;
    // Beast stops after a piece that ended just where something else begins.
    while (!error && !is_done() && used < bytes.size()) {
      used += put({bytes.data() + used, bytes.size() - used}, error);
    }
    if (error && error != http::error::need_more) {
      Refuse(error);
    } else if (!is_done() && bytes.size() - used > max_header_bytes_) {
      // Beast bounds bodies, but neither the extensions of a chunk nor what stands behind the last.
      Refuse(400, "a chunk's first line, or what stands behind the last chunk, is too long");
    }
    return used;
  }

  bool http10 = false;
  bool expects_continue = false;
  int status = 0;
  std::string what;
  HttpRequest request;

 private:
  // Whether the whole header is there. Refuses what can be no header at once, so that somebody who
  // speaks another language is not waited for.
  bool FindHeaderEnd(std::string_view bytes) {
    for (; searched_ < bytes.size(); ++searched_) {
      const char c = bytes[searched_];
      if (searched_ >= max_header_bytes_) {
        Refuse(431, "the header is too long");
        return false;
      }
      const auto byte = static_cast<unsigned char>(c);
      const bool control = (byte < 0x20 && c != '\t' && c != '\r' && c != '\n') || byte == 0x7f;
      if (control || (c == '\n' && (searched_ == 0 || bytes[searched_ - 1] != '\r'))) {
        Refuse(400, "the request is malformed");
        return false;
      }
      if (c == '\n' && bytes.substr(0, searched_ + 1).ends_with("\r\n\r\n")) return true;
    }
    return false;
  }

  void Refuse(int code, const char* why) {
    if (status != 0) return;
    status = code;
    what = why;
  }

  void Refuse(int code, const char* why, error_code& error) {
    Refuse(code, why);
    error = http::error::bad_value;
  }

  void Refuse(error_code error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      Refuse(431, "the header is too long");
    } else if (error == http::error::body_limit) {
      Refuse(413, "the body is too long");
    } else if (error == http::error::bad_version) {
      Refuse(400, "this is no request of HTTP/1.0 or HTTP/1.1");
    } else if (error == http::error::bad_transfer_encoding ||
               error == http::error::bad_content_length ||
               error == http::error::multiple_content_length) {
      Refuse(400, "the length of the body is not clear");
    } else if (error == http::error::bad_target) {
      Refuse(400, "the path is malformed");
    } else {
      Refuse(400, "the request is malformed");
    }
  }

  void on_request_impl(http::verb, View method, View target, int version,
                       error_code& error) override {
    request.method = Std(method);
    http10 = version == 10;
    std::optional<HttpTarget> parts = ParseTarget(Std(target));
    if (!parts) return Refuse(400, "the path is malformed", error);
    request.path = std::move(parts->path);
    request.query = std::move(parts->query);
  }

  void on_field_impl(http::field field, View name, View value, error_code& error) override {
    if (header_done_) {
      // Behind a chunked body nothing of consequence may come, nor much of it.
      trailer_bytes_ += name.size() + value.size();
      if (trailer_bytes_ > max_header_bytes_) Refuse(431, "the trailer is too long", error);
      return;
    }
    request.headers.emplace_back(Std(name), Std(value));
    if (field == http::field::host) ++hosts_;
    if (field == http::field::transfer_encoding) {
      // Beast reads a body of no chunks where anything else is named, too.
      if (!EqualNames(Std(value), "chunked")) {
        return Refuse(501, "of transfer encodings only \"chunked\" is understood", error);
      }
      transfer_encoding_ = true;
    }
    if (field == http::field::expect) {
      if (!EqualNames(Std(value), "100-continue")) {
        return Refuse(417, "this expectation cannot be met", error);
      }
      expects_continue = true;
    }
  }

  void on_header_impl(error_code& error) override {
    header_done_ = true;
    if (http10) expects_continue = false;
    if (http10 && transfer_encoding_) {
      return Refuse(400, "the length of the body is not clear", error);
    }
    if (hosts_ > 1 || (hosts_ == 0 && !http10)) {
      return Refuse(400, "the header names no host, or more than one", error);
    }
  }

  // Nothing is set aside for what a header announces; memory grows with what really comes.
  std::size_t on_body_impl(View body, error_code&) override {
    request.body += Std(body);
    return body.size();
  }
  std::size_t on_chunk_body_impl(std::uint64_t, View body, error_code&) override {
    request.body += Std(body);
    return body.size();
  }

  void on_response_impl(int, View, int, error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
  void on_finish_impl(error_code&) override {}

  const std::size_t max_header_bytes_;
  std::size_t searched_ = 0;  // of the header
  std::size_t trailer_bytes_ = 0;
  bool header_done_ = false;
  bool transfer_encoding_ = false;
  int hosts_ = 0;
};

RequestParser::RequestParser(std::size_t max_header_bytes, std::size_t max_body_bytes)
    : parser_(std::make_unique<Parser>(max_header_bytes, max_body_bytes)) {}
RequestParser::~RequestParser() = default;

std::size_t RequestParser::Feed(std::string_view bytes) { return parser_->Feed(bytes); }

RequestParser::State RequestParser::state() const {
  if (parser_->status != 0) return State::kRefused;
  if (parser_->is_done()) return State::kDone;
  return parser_->is_header_done() ? State::kBody : State::kHeader;
}

HttpRequest& RequestParser::request() { return parser_->request; }
bool RequestParser::keep_alive() const {
  return parser_->is_header_done() && parser_->keep_alive();
}
bool RequestParser::http10() const { return parser_->http10; }
bool RequestParser::expects_continue() const { return parser_->expects_continue; }
int RequestParser::status() const { return parser_->status; }
const std::string& RequestParser::what() const { return parser_->what; }

}  // namespace emostage
