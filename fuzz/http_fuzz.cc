// Whatever a client may send: as a request in pieces of any size, as a path and as a query. The
// connection around them moves bytes only; its tests are over real sockets.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "base/text.h"
#include "serve/http/request_parser.h"
#include "serve/http/target.h"

namespace {

using emostage::RequestParser;
using State = RequestParser::State;

constexpr std::size_t kMaxHeader = 512;
constexpr std::size_t kMaxBody = 256;

void Require(bool condition, const char* what) {
  if (condition) return;
  std::cerr << "broken promise: " << what << "\n";
  std::abort();
}

void CheckPath(const std::string& path) {
  Require(!path.empty() && path.front() == '/', "a path begins with a slash");
  Require(emostage::IsValidUtf8(path), "a path is UTF-8");
  Require(path.find('\0') == std::string::npos && path.find('\\') == std::string::npos,
          "a path holds neither NUL nor a backslash");
  const std::string closed = path + "/";
  Require(closed.find("/../") == std::string::npos && closed.find("/./") == std::string::npos,
          "a path leads nowhere else");
}

void CheckTarget(std::string_view bytes) {
  if (const auto target = emostage::ParseTarget(bytes)) {
    CheckPath(target->path);
    const std::string_view name = std::string_view(target->query).substr(0, 1);
    if (const auto value = emostage::QueryParameter(target->query, name)) {
      Require(emostage::IsValidUtf8(*value), "a parameter is UTF-8");
    }
  }
  if (const auto value = emostage::QueryParameter(bytes, "a")) {
    Require(emostage::IsValidUtf8(*value), "a parameter is UTF-8");
  }
}

// Feeds the bytes in pieces of `step`, and says what came of them.
std::string Read(std::string_view bytes, std::size_t step) {
  RequestParser parser(kMaxHeader, kMaxBody);
  std::string waiting;
  while (!bytes.empty() && parser.state() != State::kDone && parser.state() != State::kRefused) {
    const std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    waiting += piece;
    const std::size_t used = parser.Feed(waiting);
    Require(used <= waiting.size(), "no more is used than there was");
    waiting.erase(0, used);
    Require(parser.state() == State::kRefused || parser.state() == State::kDone ||
                waiting.size() <= kMaxHeader,
            "what waits is bounded");
  }
  if (parser.state() == State::kRefused) {
    Require(parser.status() >= 400 && !parser.what().empty(), "a refusal says why");
    return "refused";
  }
  if (parser.state() != State::kDone) return "unfinished";
  const emostage::HttpRequest& request = parser.request();
  CheckPath(request.path);
  Require(request.body.size() <= kMaxBody, "a body keeps to its limit");
  std::string summary = request.method + " " + request.path + "?" + request.query + "\n";
  for (const auto& [name, value] : request.headers) {
    Require(value.find_first_of("\r\n") == std::string::npos, "a header is one line");
    summary += name + ": " + value + "\n";
  }
  return summary + request.body + "\n" + waiting + std::string(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  CheckTarget(bytes);
  const std::string whole = Read(bytes, size + 1);
  for (const std::size_t step : {1UL, 7UL}) {
    const std::string again = Read(bytes, step);
    // A request is refused earlier or later, but never read in two ways.
    Require(again == whole || again == "refused" || whole == "refused", "pieces change nothing");
  }
  return 0;
}
