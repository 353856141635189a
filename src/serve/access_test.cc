#include "serve/access.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "serve/refusal.h"

namespace emostage {
namespace {

HttpRequest With(HttpHeaders headers) {
  HttpRequest request;
  request.headers = std::move(headers);
  request.peer = "10.0.0.1";
  return request;
}

int StatusOf(const Access& access, const HttpRequest& request) {
  try {
    access.CheckSite(request);
    return 200;
  } catch (const Refusal& refusal) {
    return refusal.status();
  }
}

TEST(Access, AKeyTellsItsCallerUntilItIsTakenBack) {
  const std::shared_ptr<Store> store = OpenMemoryStore();
  const std::string key = NewKey();
  store->AddKey({"ann", "counsellor", HashKey(key), 1});
  Access access(store, {.keys_needed = true});
  const auto caller = access.Identify(With({{"authorization", "Bearer " + key}}));
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->name, "ann");
  EXPECT_EQ(caller->role, CallerRole::kCounsellor);
  EXPECT_FALSE(access.Identify(With({})));
  EXPECT_FALSE(access.Identify(With({{"Authorization", "Bearer " + key + "x"}})));
  EXPECT_FALSE(access.Identify(With({{"Authorization", "Basic " + key}})));
  store->RemoveKey("ann");
  EXPECT_FALSE(access.Identify(With({{"Authorization", "Bearer " + key}})));
}

TEST(Access, KeysAreLongAndNeverTheSame) {
  const std::string key = NewKey();
  EXPECT_GE(key.size(), 40U);
  EXPECT_NE(key, NewKey());
  EXPECT_NE(HashKey(key), key);
  EXPECT_EQ(HashKey(key), HashKey(key));
}

TEST(Access, RolesSeeWhatTheyShould) {
  const StoredSession others{.id = "1", .owner = "bob"};
  const Caller client{"ann", CallerRole::kClient};
  EXPECT_FALSE(client.MaySee(others));
  EXPECT_TRUE(client.MaySee({.id = "2", .owner = "ann"}));
  EXPECT_FALSE(client.sees_traces());
  const Caller researcher{"ann", CallerRole::kResearcher};
  EXPECT_FALSE(researcher.MaySee(others));
  EXPECT_TRUE(researcher.sees_traces());
  const Caller counsellor{"ann", CallerRole::kCounsellor};
  EXPECT_TRUE(counsellor.MaySee(others));
  EXPECT_FALSE(RoleFromWord("local"));
}

TEST(Access, TurnsAreCountedForEachCallerAndComeBackWithTime) {
  auto now = std::chrono::steady_clock::time_point();
  Access access(OpenMemoryStore(), {.turns_per_minute = 2, .now = [&now] { return now; }});
  const Caller ann{"ann", CallerRole::kClient};
  const Caller bob{"bob", CallerRole::kClient};
  EXPECT_EQ(access.SecondsToWait(ann, With({})), 0);
  EXPECT_EQ(access.SecondsToWait(ann, With({})), 0);
  EXPECT_EQ(access.SecondsToWait(ann, With({})), 30);
  EXPECT_EQ(access.SecondsToWait(bob, With({})), 0);
  now += std::chrono::seconds(30);
  EXPECT_EQ(access.SecondsToWait(ann, With({})), 0);
  EXPECT_GT(access.SecondsToWait(ann, With({})), 0);
}

TEST(Access, PagesOfOtherSitesAreTurnedAway) {
  const Access access(OpenMemoryStore(), {.origins = {"https://clinic.example"}});
  EXPECT_EQ(StatusOf(access, With({{"Host", "localhost:8080"}})), 200);
  EXPECT_EQ(
      StatusOf(access, With({{"Host", "localhost:8080"}, {"Origin", "http://localhost:8080"}})),
      200);
  EXPECT_EQ(
      StatusOf(access, With({{"Host", "localhost:8080"}, {"Origin", "https://evil.example"}})),
      403);
  EXPECT_EQ(StatusOf(access, With({{"Host", "localhost:8080"}, {"Origin", "null"}})), 403);
  const HttpRequest allowed =
      With({{"Host", "localhost:8080"}, {"Origin", "https://clinic.example"}});
  EXPECT_EQ(StatusOf(access, allowed), 200);
  EXPECT_FALSE(access.CorsHeaders(allowed).empty());
  EXPECT_TRUE(access.CorsHeaders(With({{"Origin", "https://evil.example"}})).empty());
}

TEST(Access, ANameThatIsNotOursIsTurnedAway) {
  const Access access(OpenMemoryStore(), {.hosts = {"talk.clinic.example"}});
  EXPECT_EQ(StatusOf(access, With({{"Host", "127.0.0.1:8080"}})), 200);
  EXPECT_EQ(StatusOf(access, With({{"Host", "[::1]:8080"}})), 200);
  EXPECT_EQ(StatusOf(access, With({{"Host", "Talk.Clinic.Example"}})), 200);
  EXPECT_EQ(StatusOf(access, With({{"Host", "rebound.example:8080"}})), 403);
}

}  // namespace
}  // namespace emostage
