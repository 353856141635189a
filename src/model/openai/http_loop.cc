#include "model/openai/http_loop.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <charconv>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "emostage/error.h"

namespace emostage::openai {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLongestAnswer = std::size_t{64} << 20U;
constexpr std::chrono::milliseconds kLongestSleep{1'000};

void StartCurlOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      throw Error(ErrorCode::kInternal, "libcurl could not be started");
    }
  });
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::string_view TrimBlanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

HttpEnd EndOf(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return HttpEnd::kDone;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_OPERATION_TIMEDOUT:  // only the connecting has curl's own limit
      return HttpEnd::kConnect;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_OUT_OF_MEMORY:
      return HttpEnd::kRefused;
    default:
      return HttpEnd::kBroken;
  }
}

struct Transfer {
  std::uint64_t id = 0;
  HttpRequest request;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy{nullptr, &curl_easy_cleanup};
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers{nullptr,
                                                                      &curl_slist_free_all};
  std::array<char, CURL_ERROR_SIZE> message{};
  HttpHead head;
  bool announced = false;
  std::size_t bytes = 0;
  bool too_large = false;
  Clock::time_point begun;
  Clock::time_point heard;  // of the last byte

  void Announce() {
    if (!std::exchange(announced, true) && request.on_head) request.on_head(head);
  }

  void ReadHeaderLine(std::string_view line) {
    heard = Clock::now();
    if (line.starts_with("HTTP/")) {  // again after "100 Continue"
      head = {};
      const std::size_t space = line.find(' ');
      if (space != std::string_view::npos) {
        std::from_chars(line.data() + space + 1, line.data() + line.size(), head.status);
      }
      return;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string name = LowerCase(line.substr(0, colon));
    const std::string_view value = TrimBlanks(line.substr(colon + 1));
    if (name == "content-type") head.content_type = LowerCase(value);
    if (name == "retry-after") {
      long seconds = -1;  // a date instead of a number is not worth reading: we back off anyway
      std::from_chars(value.data(), value.data() + value.size(), seconds);
      if (seconds >= 0) head.retry_after = std::chrono::seconds(seconds);
    }
  }

  bool TakeBody(std::string_view piece) {
    heard = Clock::now();
    bytes += piece.size();
    too_large = bytes > kLongestAnswer;
    if (too_large) return false;
    Announce();
    if (request.on_body) request.on_body(piece);
    return true;
  }
};

std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* user) {
  static_cast<Transfer*>(user)->ReadHeaderLine({data, size * count});
  return size * count;
}

std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* user) {
  return static_cast<Transfer*>(user)->TakeBody({data, size * count}) ? size * count : 0;
}

template <typename Value>
void Set(CURL* easy, CURLoption option, Value value) {
  if (curl_easy_setopt(easy, option, value) != CURLE_OK) {
    throw Error(ErrorCode::kInternal, "libcurl lacks an option that is needed");
  }
}

void Prepare(Transfer& transfer) {
  const HttpRequest& request = transfer.request;
  transfer.easy.reset(curl_easy_init());
  if (!transfer.easy) throw Error(ErrorCode::kInternal, "libcurl could not be started");
  CURL* easy = transfer.easy.get();
  const auto add = [&transfer](const std::string& header) {
    transfer.headers.reset(curl_slist_append(transfer.headers.release(), header.c_str()));
  };
  add("Accept: application/json, text/event-stream");
  if (!request.key.empty()) add("Authorization: Bearer " + request.key);
  Set(easy, CURLOPT_URL, request.url.c_str());
  Set(easy, CURLOPT_PRIVATE, static_cast<void*>(&transfer));
  Set(easy, CURLOPT_ERRORBUFFER, transfer.message.data());
  Set(easy, CURLOPT_NOSIGNAL, 1L);
  Set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  Set(easy, CURLOPT_USERAGENT, "emostage");
  Set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.timeouts.connect.count()));
  Set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  Set(easy, CURLOPT_HEADERFUNCTION, &OnHeader);
  Set(easy, CURLOPT_HEADERDATA, static_cast<void*>(&transfer));
  Set(easy, CURLOPT_WRITEFUNCTION, &OnBody);
  Set(easy, CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
  if (!request.keep) {
    add("Connection: close");
    Set(easy, CURLOPT_FORBID_REUSE, 1L);
  }
  if (!request.ca_file.empty()) Set(easy, CURLOPT_CAINFO, request.ca_file.c_str());
  if (!request.body.empty()) {
    add("Content-Type: application/json");
    add("Expect:");  // no waiting for "100 Continue"
    Set(easy, CURLOPT_POST, 1L);
    Set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    Set(easy, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  Set(easy, CURLOPT_HTTPHEADER, transfer.headers.get());
}

}  // namespace

struct HttpLoop::Impl {
  std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi{nullptr, &curl_multi_cleanup};
  std::mutex mutex;
  std::vector<std::function<void()>> posted;  // guarded by `mutex`
  std::atomic<std::uint64_t> last_id = 0;
  std::atomic<bool> closing = false;
  // Of the loop's thread alone:
  std::map<std::uint64_t, std::unique_ptr<Transfer>> transfers;
  std::multimap<Clock::time_point, std::function<void()>> timers;
  std::jthread thread;

  void Post(std::function<void()> work) {
    {
      const std::lock_guard lock(mutex);
      posted.push_back(std::move(work));
    }
    curl_multi_wakeup(multi.get());
  }

  void Begin(std::uint64_t id, HttpRequest request) {
    auto transfer = std::make_unique<Transfer>();
    transfer->id = id;
    transfer->request = std::move(request);
    transfer->begun = transfer->heard = Clock::now();
    if (closing) return transfer->request.on_end(HttpEnd::kCancelled, "");
    try {
      Prepare(*transfer);
      if (curl_multi_add_handle(multi.get(), transfer->easy.get()) != CURLM_OK) {
        throw Error(ErrorCode::kInternal, "libcurl could not begin a request");
      }
    } catch (const Error& error) {
      return transfer->request.on_end(HttpEnd::kRefused, error.what());
    }
    transfers.emplace(id, std::move(transfer));
  }

  void Finish(std::uint64_t id, HttpEnd end, const std::string& problem) {
    const auto found = transfers.find(id);
    if (found == transfers.end()) return;
    const std::unique_ptr<Transfer> transfer = std::move(found->second);
    transfers.erase(found);
    curl_multi_remove_handle(multi.get(), transfer->easy.get());
    if (end == HttpEnd::kDone) transfer->Announce();  // an empty body announces nothing
    transfer->request.on_end(end, problem);
  }

  void Collect() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      void* user = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
      const auto* transfer = static_cast<const Transfer*>(user);
      const std::string problem =
          transfer->message[0] != '\0' ? transfer->message.data() : curl_easy_strerror(code);
      Finish(transfer->id, transfer->too_large ? HttpEnd::kTooLarge : EndOf(code), problem);
    }
  }

  void EndOverdue() {
    const Clock::time_point now = Clock::now();
    std::vector<std::pair<std::uint64_t, HttpEnd>> overdue;
    for (const auto& [id, transfer] : transfers) {
      const bool heard = transfer->heard > transfer->begun;
      const auto limit =
          heard ? transfer->request.timeouts.idle : transfer->request.timeouts.first_byte;
      if (now - transfer->heard > limit) {
        overdue.emplace_back(id, heard ? HttpEnd::kSilent : HttpEnd::kTooLate);
      }
    }
    for (const auto& [id, end] : overdue) Finish(id, end, "");
  }

  void RunPosted() {
    for (;;) {
      std::vector<std::function<void()>> works;
      {
        const std::lock_guard lock(mutex);
        works.swap(posted);
      }
      if (works.empty()) return;
      for (const auto& work : works) work();
    }
  }

  void RunTimers() {
    while (!timers.empty() && (closing || timers.begin()->first <= Clock::now())) {
      const auto work = std::move(timers.begin()->second);
      timers.erase(timers.begin());
      work();
    }
  }

  [[nodiscard]] int Sleep() const {
    Clock::time_point until = Clock::now() + kLongestSleep;
    if (!timers.empty()) until = std::min(until, timers.begin()->first);
    for (const auto& [id, transfer] : transfers) {
      const bool heard = transfer->heard > transfer->begun;
      until = std::min(until, transfer->heard + (heard ? transfer->request.timeouts.idle
                                                       : transfer->request.timeouts.first_byte));
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    return static_cast<int>(std::max<std::int64_t>(0, left + 1));
  }

  void Run() {
    while (!closing) {
      RunPosted();
      RunTimers();
      int running = 0;
      curl_multi_perform(multi.get(), &running);
      Collect();
      EndOverdue();
      curl_multi_poll(multi.get(), nullptr, 0, Sleep(), nullptr);
    }
    for (;;) {  // what ends may begin something else, which ends at once
      RunPosted();
      RunTimers();
      if (!transfers.empty()) {
        Finish(transfers.begin()->first, HttpEnd::kCancelled, "");
        continue;
      }
      const std::lock_guard lock(mutex);
      if (posted.empty() && timers.empty()) return;
    }
  }
};

HttpLoop::HttpLoop() : impl_(std::make_unique<Impl>()) {
  StartCurlOnce();
  impl_->multi.reset(curl_multi_init());
  if (!impl_->multi) throw Error(ErrorCode::kInternal, "libcurl could not be started");
  impl_->thread = std::jthread([impl = impl_.get()] { impl->Run(); });
}

HttpLoop::~HttpLoop() {
  impl_->closing = true;
  curl_multi_wakeup(impl_->multi.get());
  impl_->thread.join();
}

std::uint64_t HttpLoop::Start(HttpRequest request) {
  const std::uint64_t id = ++impl_->last_id;
  Post([impl = impl_.get(), id, request = std::move(request)]() mutable {
    impl->Begin(id, std::move(request));
  });
  return id;
}

void HttpLoop::Cancel(std::uint64_t id) {
  Post([impl = impl_.get(), id] { impl->Finish(id, HttpEnd::kCancelled, ""); });
}

void HttpLoop::Post(std::function<void()> work) { impl_->Post(std::move(work)); }

void HttpLoop::After(std::chrono::milliseconds time, std::function<void()> work) {
  Post([impl = impl_.get(), at = Clock::now() + time, work = std::move(work)]() mutable {
    impl->timers.emplace(at, std::move(work));
  });
}

bool HttpLoop::closing() const { return impl_->closing; }

}  // namespace emostage::openai
