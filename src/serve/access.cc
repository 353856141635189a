#include "serve/access.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "emostage/error.h"
#include "serve/refusal.h"

namespace emostage {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr size_t kMostBuckets = 10000;

struct NamedRole {
  CallerRole role;
  std::string_view word;
};
constexpr NamedRole kRoles[] = {{CallerRole::kLocal, "local"},
                                {CallerRole::kClient, "client"},
                                {CallerRole::kCounsellor, "counsellor"},
                                {CallerRole::kResearcher, "researcher"}};

void ReadySodium() {
  if (sodium_init() < 0) throw Error(ErrorCode::kInternal, "libsodium does not start");
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return lower;
}

// "example.org:8080" and "[::1]:8080" without the port.
std::string HostName(std::string_view host) {
  if (host.starts_with('[')) return Lower(host.substr(0, host.find(']') + 1));
  return Lower(host.substr(0, host.rfind(':')));
}

bool IsThisMachine(std::string_view name) {
  return name == "localhost" || name == "127.0.0.1" || name == "[::1]";
}

}  // namespace

std::string_view RoleWord(CallerRole role) {
  for (const NamedRole& known : kRoles) {
    if (known.role == role) return known.word;
  }
  return "";
}

std::optional<CallerRole> RoleFromWord(std::string_view word) {
  for (const NamedRole& known : kRoles) {
    if (known.word == word && known.role != CallerRole::kLocal) return known.role;
  }
  return std::nullopt;
}

std::string NewKey() {
  ReadySodium();
  std::array<unsigned char, 32> random{};
  randombytes_buf(random.data(), random.size());
  std::array<char, sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_URLSAFE_NO_PADDING)> text{};
  sodium_bin2base64(text.data(), text.size(), random.data(), random.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return std::string("emo_") + text.data();
}

std::string HashKey(std::string_view key) {
  ReadySodium();
  std::array<unsigned char, 32> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(key.data()),
                     key.size(), nullptr, 0);
  std::array<char, 65> text{};
  sodium_bin2hex(text.data(), text.size(), hash.data(), hash.size());
  return text.data();
}

Access::Access(std::shared_ptr<Store> store, AccessOptions options)
    : store_(std::move(store)), options_(std::move(options)) {
  if (!options_.now) options_.now = [] { return std::chrono::steady_clock::now(); };
}

std::optional<Caller> Access::Identify(const HttpRequest& request) {
  if (!options_.keys_needed) return Caller{};
  const std::string_view header = request.Header("Authorization");
  if (!header.starts_with(kBearer)) return std::nullopt;
  const std::string hash = HashKey(header.substr(kBearer.size()));
  for (const StoredKey& key : store_->Keys()) {
    if (key.hash != hash) continue;
    const std::optional<CallerRole> role = RoleFromWord(key.role);
    if (role) return Caller{key.name, *role};
  }
  return std::nullopt;
}

int Access::SecondsToWait(const Caller& caller, const HttpRequest& request) {
  if (options_.turns_per_minute <= 0) return 0;
  const auto now = options_.now();
  const std::string who = caller.name.empty() ? "@" + request.peer : caller.name;
  const std::scoped_lock lock(mutex_);
  if (buckets_.size() > kMostBuckets) buckets_.clear();
  const double most = std::max(1.0, options_.turns_per_minute);
  auto [it, fresh] = buckets_.try_emplace(who, Bucket{most, now});
  Bucket& bucket = it->second;
  const double minutes = std::chrono::duration<double, std::ratio<60>>(now - bucket.at).count();
  bucket.turns = std::min(most, bucket.turns + minutes * options_.turns_per_minute);
  bucket.at = now;
  if (bucket.turns < 1) {
    return static_cast<int>(std::ceil((1 - bucket.turns) * 60 / options_.turns_per_minute));
  }
  bucket.turns -= 1;
  return 0;
}

void Access::CheckSite(const HttpRequest& request) const {
  const std::string_view host = request.Header("Host");
  const std::string name = HostName(host);
  if (!options_.hosts.empty() && !IsThisMachine(name) &&
      std::ranges::find(options_.hosts, name) == options_.hosts.end()) {
    throw Refusal(403, "wrong_host",
                  "this server is not called '" + name + "'; start it with --name " + name);
  }
  const std::string_view origin = request.Header("Origin");
  if (origin.empty()) return;  // no browser, or one on this very page
  const std::string own = std::string(request.secure ? "https://" : "http://") + std::string(host);
  if (Lower(origin) == Lower(own)) return;
  // Behind a proxy that speaks TLS the scheme is another, the name the same.
  if (Lower(origin) == "https://" + Lower(host)) return;
  if (std::ranges::find(options_.origins, origin) != options_.origins.end()) return;
  throw Refusal(403, "other_site",
                "pages of other sites may not call this server; allow one with --origin");
}

HttpHeaders Access::CorsHeaders(const HttpRequest& request) const {
  const std::string origin(request.Header("Origin"));
  if (origin.empty() || std::ranges::find(options_.origins, origin) == options_.origins.end()) {
    return {};
  }
  return {
      {"Access-Control-Allow-Origin", origin},
      {"Access-Control-Allow-Headers", "Authorization, Content-Type, Accept, X-Conversation-Id"},
      {"Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE"},
      {"Vary", "Origin"}};
}

}  // namespace emostage
