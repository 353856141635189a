#include "model/store/transfer.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "emostage/error.h"
#include "model/store/url.h"

namespace emostage::model_store {
namespace {

constexpr int kMaxRedirects = 10;
constexpr std::size_t kMaxDropped = std::size_t{1} << 20U;

std::string_view TrimBlanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  const std::string digits(text);
  const char* end = digits.c_str() + digits.size();
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(digits.c_str(), end, value);
  if (error != std::errc() || stop != end || digits.empty()) return std::nullopt;
  return value;
}

// "bytes 200-1023/146515", "bytes */146515" or "bytes 200-1023/*".
void ReadContentRange(std::string_view value, ResponseHead& head) {
  constexpr std::string_view kUnit = "bytes ";
  const std::size_t slash = value.rfind('/');
  if (!value.starts_with(kUnit) || slash == std::string_view::npos) return;
  head.range_total = ParseNumber(value.substr(slash + 1));
  const std::string_view range = value.substr(kUnit.size(), slash - kUnit.size());
  head.range_first = ParseNumber(range.substr(0, range.find('-')));
}

void ReadHeaderLine(std::string_view line, ResponseHead& head) {
  // A status line begins a new answer: after a redirect, or after a proxy's or a "100 Continue".
  if (line.starts_with("HTTP/")) {
    head = {};
    const std::size_t space = line.find(' ');
    if (space != std::string_view::npos) {
      head.status = static_cast<long>(ParseNumber(line.substr(space + 1, 3)).value_or(0));
    }
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string name = LowerCase(line.substr(0, colon));
  const std::string_view value = TrimBlanks(line.substr(colon + 1));
  if (name == "etag") head.etag = value;
  if (name == "last-modified") head.last_modified = value;
  if (name == "content-type") head.content_type = LowerCase(value);
  if (name == "content-length") head.content_length = ParseNumber(value);
  if (name == "content-range") ReadContentRange(value, head);
}

// What curl's C callbacks share. Exceptions must not cross curl, so they wait in `thrown`.
struct Exchange {
  const TransferRequest& request;
  ResponseHead head;
  std::exception_ptr thrown;
  bool announced = false;
  std::size_t dropped = 0;

  [[nodiscard]] bool Wanted() const { return head.status == 200 || head.status == 206; }

  void Announce() {
    if (std::exchange(announced, true) || !request.on_head) return;
    request.on_head(head);
  }
};

std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* user) {
  ReadHeaderLine({data, size * count}, static_cast<Exchange*>(user)->head);
  return size * count;
}

std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* user) {
  auto* exchange = static_cast<Exchange*>(user);
  if (!exchange->Wanted()) {
    // The page behind a redirect or an error is read and dropped, so that the connection can be
    // used again; 0 makes curl hang up on one that goes on and on.
    exchange->dropped += size * count;
    return exchange->dropped <= kMaxDropped ? size * count : 0;
  }
  try {
    exchange->Announce();
    if (exchange->request.on_body) exchange->request.on_body({data, size * count});
    return size * count;
  } catch (...) {
    exchange->thrown = std::current_exception();
    return 0;
  }
}

int OnTick(void* user, curl_off_t /*down_total*/, curl_off_t /*down*/, curl_off_t /*up_total*/,
           curl_off_t /*up*/) {
  return static_cast<Exchange*>(user)->request.stop.stop_requested() ? 1 : 0;
}

// The errors that can only come back the same.
bool IsHopeless(CURLcode code) {
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_OUT_OF_MEMORY:
      return true;
    default:
      return false;
  }
}

void StartCurlOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      throw Error(ErrorCode::kInternal, "libcurl could not be started");
    }
  });
}

}  // namespace

struct HttpClient::Impl {
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy{nullptr, &curl_easy_cleanup};
  std::array<char, CURL_ERROR_SIZE> message{};

  template <typename Value>
  void Set(CURLoption option, Value value) {
    if (curl_easy_setopt(easy.get(), option, value) != CURLE_OK) {
      throw Error(ErrorCode::kInternal, "libcurl lacks an option that is needed");
    }
  }

  void Prepare(const TransferRequest& request, const std::string& url, Exchange& exchange,
               const curl_slist* headers);
  TransferOutcome GetOnce(const TransferRequest& request, const std::string& url,
                          std::string* redirect);
};

HttpClient::HttpClient() : impl_(std::make_unique<Impl>()) {
  StartCurlOnce();
  impl_->easy.reset(curl_easy_init());
  if (!impl_->easy) throw Error(ErrorCode::kInternal, "libcurl could not be started");
}

HttpClient::~HttpClient() = default;

void HttpClient::Impl::Prepare(const TransferRequest& request, const std::string& url,
                               Exchange& exchange, const curl_slist* headers) {
  curl_easy_reset(easy.get());  // keeps the open connections
  message.fill('\0');
  Set(CURLOPT_ERRORBUFFER, message.data());
  Set(CURLOPT_URL, url.c_str());
#if LIBCURL_VERSION_NUM >= 0x075500
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
#else
  Set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  // Every hop is judged by RedirectAllowed() before it is taken; curl must not follow by itself.
  Set(CURLOPT_FOLLOWLOCATION, 0L);
  Set(CURLOPT_USERAGENT, "emostage");
  Set(CURLOPT_NOSIGNAL, 1L);  // signals and threads do not mix
  Set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  Set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(request.connect_timeout.count()));
  Set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall_timeout.count()));
  Set(CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(request.stall_bytes_per_second));
  Set(CURLOPT_HEADERFUNCTION, &OnHeader);
  Set(CURLOPT_HEADERDATA, static_cast<void*>(&exchange));
  Set(CURLOPT_WRITEFUNCTION, &OnBody);
  Set(CURLOPT_WRITEDATA, static_cast<void*>(&exchange));
  Set(CURLOPT_NOPROGRESS, 0L);
  Set(CURLOPT_XFERINFOFUNCTION, &OnTick);
  Set(CURLOPT_XFERINFODATA, static_cast<void*>(&exchange));
  Set(CURLOPT_HTTPHEADER, headers);
  if (request.from > 0) Set(CURLOPT_RANGE, (std::to_string(request.from) + "-").c_str());
}

TransferOutcome HttpClient::Impl::GetOnce(const TransferRequest& request, const std::string& url,
                                          std::string* redirect) {
  using Kind = TransferOutcome::Kind;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(nullptr,
                                                                      &curl_slist_free_all);
  if (request.from > 0 && !request.if_range.empty()) {
    headers.reset(curl_slist_append(nullptr, ("If-Range: " + request.if_range).c_str()));
  }
  Exchange exchange{request, {}, nullptr};
  Prepare(request, url, exchange, headers.get());
  const CURLcode code = curl_easy_perform(easy.get());
  if (exchange.thrown) std::rethrow_exception(exchange.thrown);

  const bool hung_up_on_purpose = code == CURLE_WRITE_ERROR && !exchange.Wanted();
  TransferOutcome outcome;
  if (code == CURLE_ABORTED_BY_CALLBACK) {
    outcome.kind = Kind::kCancelled;
  } else if (code != CURLE_OK && !hung_up_on_purpose) {
    outcome.kind = IsHopeless(code) ? Kind::kRefused : Kind::kBroken;
    outcome.problem = message[0] != '\0' ? message.data() : curl_easy_strerror(code);
  } else {
    if (exchange.Wanted()) exchange.Announce();  // an empty body announces nothing
    char* location = nullptr;
    curl_easy_getinfo(easy.get(), CURLINFO_REDIRECT_URL, &location);
    if (location != nullptr) *redirect = location;
  }
  outcome.head = exchange.head;
  return outcome;
}

TransferOutcome HttpClient::Get(const TransferRequest& request) {
  using Kind = TransferOutcome::Kind;
  std::string url = request.url;
  for (int hop = 0; hop <= kMaxRedirects; ++hop) {
    std::string next;
    TransferOutcome outcome = impl_->GetOnce(request, url, &next);
    if (outcome.kind != Kind::kDone || next.empty()) return outcome;
    if (!RedirectAllowed(url, next)) {
      outcome.kind = Kind::kRefused;
      outcome.problem =
          "the server redirects to an address that is not accepted (" + RedactUrl(next) + ")";
      return outcome;
    }
    url = std::move(next);
  }
  return {Kind::kRefused, {}, "the server redirects again and again"};
}

}  // namespace emostage::model_store
