#include "model/store/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace emostage::model_store {
namespace {

// curl's own parser: what we judge must be what curl will connect to.
class ParsedUrl {
 public:
  explicit ParsedUrl(std::string_view text) : handle_(curl_url(), &curl_url_cleanup) {
    const bool printable = std::all_of(text.begin(), text.end(), [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return byte > 0x20 && byte != 0x7f;
    });
    ok_ = handle_ != nullptr && printable &&
          curl_url_set(handle_.get(), CURLUPART_URL, std::string(text).c_str(), 0) == CURLUE_OK;
  }

  [[nodiscard]] bool ok() const { return ok_; }

  // The part as it stands in the address; empty when there is none.
  [[nodiscard]] std::string Get(CURLUPart part, unsigned flags = 0) const {
    char* raw = nullptr;
    if (!ok_ || curl_url_get(handle_.get(), part, &raw, flags) != CURLUE_OK) return {};
    const std::unique_ptr<char, decltype(&curl_free)> owner(raw, &curl_free);
    return raw;
  }

  [[nodiscard]] bool IsLoopback() const {
    const std::string host = Get(CURLUPART_HOST);
    if (host == "localhost" || host == "[::1]") return true;
    return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
  }

 private:
  std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> handle_;
  bool ok_ = false;
};

std::string RedactQuery(std::string_view query) {
  std::string shown;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view field = query.substr(0, end);
    const std::size_t equals = field.find('=');
    if (!shown.empty()) shown += '&';
    if (equals != std::string_view::npos) shown += field.substr(0, equals + 1);
    shown += "***";
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return shown;
}

}  // namespace

std::string UrlProblem(std::string_view url) {
  const ParsedUrl parsed(url);
  if (!parsed.ok()) return "cannot be read as one";
  const std::string scheme = parsed.Get(CURLUPART_SCHEME);
  if (scheme == "https") return {};
  if (scheme != "http") return "does not start with https://";
  if (!parsed.IsLoopback()) return "is not encrypted: only https:// is accepted";
  return {};
}

bool IsLoopbackUrl(std::string_view url) { return ParsedUrl(url).IsLoopback(); }

bool HasCredentials(std::string_view url) {
  const ParsedUrl parsed(url);
  return !parsed.Get(CURLUPART_USER).empty() || !parsed.Get(CURLUPART_PASSWORD).empty();
}

bool RedirectAllowed(std::string_view from, std::string_view to) {
  if (!UrlProblem(to).empty()) return false;
  return !IsLoopbackUrl(to) || IsLoopbackUrl(from);
}

std::string RedactUrl(std::string_view url) {
  const ParsedUrl parsed(url);
  if (!parsed.ok()) return "(an address that cannot be read)";
  std::string shown = parsed.Get(CURLUPART_SCHEME) + "://" + parsed.Get(CURLUPART_HOST);
  const std::string port = parsed.Get(CURLUPART_PORT);
  if (!port.empty()) shown.append(1, ':').append(port);
  shown += parsed.Get(CURLUPART_PATH);
  const std::string query = parsed.Get(CURLUPART_QUERY);
  if (!query.empty()) shown.append(1, '?').append(RedactQuery(query));
  return shown;
}

std::string FileNameOfUrl(std::string_view url) {
  const ParsedUrl parsed(url);
  // CURLU_URLDECODE refuses control characters, so none can come out of %00 or %0a.
  const std::string raw = parsed.Get(CURLUPART_PATH);
  const std::string path = parsed.Get(CURLUPART_PATH, CURLU_URLDECODE);
  // A decoded %2f would move the cut: then the name is not plain.
  if (std::count(raw.begin(), raw.end(), '/') != std::count(path.begin(), path.end(), '/')) {
    return {};
  }
  const std::size_t slash = path.rfind('/');
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.starts_with('.') || name.find('\\') != std::string::npos) return {};
  return name;
}

}  // namespace emostage::model_store
