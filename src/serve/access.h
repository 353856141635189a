#ifndef EMOSTAGE_SERVE_ACCESS_H_
#define EMOSTAGE_SERVE_ACCESS_H_

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http/server.h"
#include "session/store/store.h"

namespace emostage {

// Who may do what.
//
//   client      talks; sees own sessions only, and no trace
//   counsellor  besides: every session, with its trace, also while it goes on
//   researcher  besides a client's: traces of own sessions, comparisons, /metrics
//   local       everything: whoever reaches a server that needs no keys
enum class CallerRole { kLocal, kClient, kCounsellor, kResearcher };

[[nodiscard]] std::string_view RoleWord(CallerRole role);
[[nodiscard]] std::optional<CallerRole> RoleFromWord(std::string_view word);  // not "local"

struct Caller {
  std::string name;  // of the key; empty for local
  CallerRole role = CallerRole::kLocal;

  [[nodiscard]] bool sees_traces() const { return role != CallerRole::kClient; }
  [[nodiscard]] bool sees_all() const {
    return role == CallerRole::kLocal || role == CallerRole::kCounsellor;
  }
  [[nodiscard]] bool compares() const { return role != CallerRole::kClient; }
  [[nodiscard]] bool sees_metrics() const {
    return role == CallerRole::kLocal || role == CallerRole::kResearcher;
  }
  // Their own sessions, or everyone's.
  [[nodiscard]] bool MaySee(const StoredSession& session) const {
    return sees_all() || session.owner == name;
  }
};

struct AccessOptions {
  bool keys_needed = false;
  double turns_per_minute = 0;       // of each key or address; 0: any number
  std::vector<std::string> origins;  // other sites whose pages may call; none: no other
  // Names this server is called by, in lower case, besides those of this machine itself; none: any.
  // A page of somebody else's that has its own name point here is turned away by it.
  std::vector<std::string> hosts;
  std::function<std::chrono::steady_clock::time_point()> now;
};

// Thread-safe.
class Access {
 public:
  Access(std::shared_ptr<Store> store, AccessOptions options);

  // The caller by the key in Authorization: Bearer. nullopt: a key is needed, and this is none.
  [[nodiscard]] std::optional<Caller> Identify(const HttpRequest& request);
  [[nodiscard]] bool keys_needed() const { return options_.keys_needed; }

  // Counts one turn of this caller's. 0: go on; else the seconds to wait.
  [[nodiscard]] int SecondsToWait(const Caller& caller, const HttpRequest& request);

  // Throws Refusal(403) for a request from another site's page, or to a name that is not ours.
  void CheckSite(const HttpRequest& request) const;
  // The headers that let the page of an allowed origin read the answer; none for others.
  [[nodiscard]] HttpHeaders CorsHeaders(const HttpRequest& request) const;

 private:
  struct Bucket {
    double turns = 0;
    std::chrono::steady_clock::time_point at;
  };

  std::shared_ptr<Store> store_;
  AccessOptions options_;
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
};

// A new key, and what the store keeps of one: 256 bits of BLAKE2b in hex. Keys are 256 random bits,
// nothing to guess, so that a plain hash is enough.
[[nodiscard]] std::string NewKey();
[[nodiscard]] std::string HashKey(std::string_view key);

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_ACCESS_H_
