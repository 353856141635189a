#ifndef EMOSTAGE_SERVE_HTTP_REQUEST_PARSER_H_
#define EMOSTAGE_SERVE_HTTP_REQUEST_PARSER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "serve/http/server.h"

namespace emostage {

// One request out of bytes: the seam to Boost.Beast. What may be understood in two ways is refused,
// since a proxy before us might understand it in the other.
class RequestParser {
 public:
  enum class State {
    kHeader,   // more bytes are needed
    kBody,     // the same; the header is there
    kDone,     // request() is whole
    kRefused,  // see status() and what()
  };

  RequestParser(std::size_t max_header_bytes, std::size_t max_body_bytes);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Reads on and returns how many bytes were used. Those left over are to be given again, with more
  // behind them; once the request is done they are the next one's. Not to be called after kDone or
  // kRefused.
  [[nodiscard]] std::size_t Feed(std::string_view bytes);

  [[nodiscard]] State state() const;
  // Everything but `peer` and `secure`. May be moved from.
  [[nodiscard]] HttpRequest& request();
  // Whether the client would send more behind this; false until the header is there.
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool http10() const;
  // The client waits for "100 Continue" before it sends the body.
  [[nodiscard]] bool expects_continue() const;

  // With kRefused: 400, 413, 417, 431 or 501, and why, in words without anything of the request.
  [[nodiscard]] int status() const;
  [[nodiscard]] const std::string& what() const;

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_HTTP_REQUEST_PARSER_H_
