#include "serve/webhook.h"

#include <curl/curl.h>
#include <sodium.h>

#include <array>
#include <memory>
#include <utility>

#include "base/json.h"
#include "emostage/error.h"

namespace emostage {
namespace {

constexpr size_t kMostWaiting = 1000;
constexpr long kConnectMs = 5000;
constexpr long kWholeMs = 10000;
constexpr std::chrono::seconds kLastChance{2};

size_t Discard(char*, size_t size, size_t count, void*) { return size * count; }

}  // namespace

std::string SignatureOf(const std::string& body, const std::string& secret) {
  crypto_auth_hmacsha256_state state;
  const auto bytes = [](const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  crypto_auth_hmacsha256_init(&state, bytes(secret), secret.size());
  crypto_auth_hmacsha256_update(&state, bytes(body), body.size());
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> mac{};
  crypto_auth_hmacsha256_final(&state, mac.data());
  std::array<char, 2 * crypto_auth_hmacsha256_BYTES + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), mac.data(), mac.size());
  return hex.data();
}

Webhook::Webhook(WebhookOptions options) : options_(std::move(options)) {
  if (!options_.url.starts_with("http://") && !options_.url.starts_with("https://")) {
    throw Error(ErrorCode::kUsage, "'" + options_.url + "' is no address for a webhook",
                "give one that begins with http:// or https://");
  }
  if (options_.secret.empty()) {
    throw Error(ErrorCode::kUsage, "a webhook needs a secret to sign its calls with",
                "put it into $EMOSTAGE_WEBHOOK_SECRET");
  }
  if (sodium_init() < 0) throw Error(ErrorCode::kInternal, "libsodium does not start");
  curl_global_init(CURL_GLOBAL_DEFAULT);
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

Webhook::~Webhook() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kLastChance, [this] { return waiting_.empty() && !busy_; });
  lock.unlock();
  thread_.request_stop();
  changed_.notify_all();
}

void Webhook::Send(const RiskEvent& event, const std::string& session, int64_t at_ms) {
  const OrderedJson json = {{"event", event.what},
                            {"from", RiskLevelName(event.from)},
                            {"to", RiskLevelName(event.to)},
                            {"track", event.track},
                            {"language", LanguageCode(event.language)},
                            {"session", session},
                            {"at_ms", at_ms}};
  const std::scoped_lock lock(mutex_);
  if (waiting_.size() >= kMostWaiting) waiting_.pop_front();
  waiting_.push_back(DumpJson(json));
  changed_.notify_all();
}

void Webhook::Run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
    const std::string body = std::move(waiting_.front());
    waiting_.pop_front();
    busy_ = true;
    auto pause = options_.pause;
    for (int attempt = 1;; ++attempt) {
      lock.unlock();
      const bool taken = Post(body);
      lock.lock();
      if (taken) break;
      if (attempt >= options_.attempts || stop.stop_requested()) {
        if (options_.log) options_.log("a webhook call was given up");
        break;
      }
      changed_.wait_for(lock, stop, pause, [] { return false; });
      pause *= 2;
    }
    busy_ = false;
    changed_.notify_all();
  }
}

bool Webhook::Post(const std::string& body) const {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 &curl_easy_cleanup);
  if (!curl) return false;
  curl_slist* list = curl_slist_append(nullptr, "Content-Type: application/json");
  const std::string signature =
      "X-EmoStage-Signature: sha256=" + SignatureOf(body, options_.secret);
  list = curl_slist_append(list, signature.c_str());
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(list,
                                                                            &curl_slist_free_all);
  curl_easy_setopt(curl.get(), CURLOPT_URL, options_.url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, Discard);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, kWholeMs);
  if (curl_easy_perform(curl.get()) != CURLE_OK) return false;
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  return status >= 200 && status < 300;
}

}  // namespace emostage
