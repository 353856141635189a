#ifndef EMOSTAGE_SERVE_HTTP_TARGET_H_
#define EMOSTAGE_SERVE_HTTP_TARGET_H_

#include <optional>
#include <string>
#include <string_view>

// What stands between the method and the version of a request line. Pure functions.
namespace emostage {

struct HttpTarget {
  std::string path;   // percent-decoded
  std::string query;  // behind '?', as it came
};

// The parts of "/path?query" or "http://host/path?query". Nothing where a handler could be misled:
// the path does not begin with '/'; it has a part that is "." or ".."; it holds, written out or as
// %XX, a control character, NUL, a backslash or ill-formed UTF-8; a '/' comes as %2F, so that the
// parts are not those that the sender sees; a '%' begins no %XX; there is a '#'.
[[nodiscard]] std::optional<HttpTarget> ParseTarget(std::string_view target);

// The first parameter `name` of "a=1&b=2", decoded: "%41" is "A", '+' a blank. A '%' that begins no
// %XX stands for itself, and ill-formed UTF-8 becomes U+FFFD, so the value is always text.
// "a" alone and "a=" are empty values.
[[nodiscard]] std::optional<std::string> QueryParameter(std::string_view query,
                                                        std::string_view name);

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_HTTP_TARGET_H_
