// What a client told in one session is recalled in their others, and in nobody else's.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "serve/testing.h"

namespace emostage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

Json By(const std::string& client) { return {{"method", "mood-memory"}, {"client", client}}; }

// The lines that a turn recalled.
std::vector<std::string> Recalled(const TestService& server, const std::string& id,
                                  const std::string& text, const httplib::Headers& headers = {}) {
  std::vector<std::string> lines;
  for (const auto& [name, data] : server.Turn(id, {{"text", text}}, headers)) {
    if (name != "step_done" || data["name"] != "recall") continue;
    for (const Json& one : data["output"]["recalled"]) lines.push_back(one["text"]);
  }
  return lines;
}

TEST(Recall, AClientsOwnEarlierTalkIsRecalled) {
  TestService server;
  const std::string first = server.NewSession(By("ann"));
  EXPECT_THAT(Recalled(server, first, "I keep bees."), IsEmpty());
  EXPECT_EQ(server.Get("/api/sessions/" + first).json()["client"], "ann");
  EXPECT_EQ(server.Get("/api/sessions/" + first + "/export").json()["client"], "ann");
  EXPECT_EQ(server.Get("/api/sessions").json()["sessions"][0]["client"], "ann");

  const std::string second = server.NewSession(By("ann"));
  EXPECT_THAT(Recalled(server, second, "They died."), ElementsAre("I keep bees"));
  EXPECT_THAT(server.model().asked().back().instruction, HasSubstr("“I keep bees”"));
  EXPECT_THAT(Recalled(server, second, "All of them."), ElementsAre("I keep bees"))
      << "this talk is no earlier one";
  // What is said elsewhere meanwhile is known in the next turn.
  EXPECT_THAT(Recalled(server, first, "Good day."),
              UnorderedElementsAre("They died", "All of them"));
}

TEST(Recall, WhatWasDeletedIsRecalledNoMore) {
  TestService server;
  const std::string first = server.NewSession(By("ann"));
  (void)server.Turn(first, {{"text", "I keep bees."}});
  const std::string second = server.NewSession(By("ann"));
  EXPECT_THAT(Recalled(server, second, "They died."), ElementsAre("I keep bees"));
  EXPECT_TRUE(server.store().Delete(first)) << "by another process, say";
  EXPECT_THAT(Recalled(server, second, "All of them."), IsEmpty());
  EXPECT_THAT(server.model().asked().back().instruction, Not(HasSubstr("bees")));
}

TEST(Recall, WhatWasReplacedIsRecalledNoMore) {
  std::atomic<int64_t> now = 0;
  TestService server(TestService::Says("I hear you."), [&](ServiceOptions& options) {
    options.talks.now_ms = [&] { return ++now; };
  });
  const std::string first = server.NewSession(By("ann"));
  (void)server.Turn(first, {{"text", "I keep bees."}});
  const std::string second = server.NewSession(By("ann"));
  EXPECT_THAT(Recalled(server, second, "They died."), ElementsAre("I keep bees"));
  (void)server.Turn(first, {{"text", "I keep hens."}, {"from", 0}});
  EXPECT_THAT(Recalled(server, second, "All of them."), ElementsAre("I keep hens"));
}

// Canary words: each talk tells one, and recalls none but those of its own client and owner.
TEST(Recall, NothingCrossesBetweenClientsOrOwners) {
  std::vector<httplib::Headers> owners;
  TestService server(TestService::Says("I hear you."), [&](ServiceOptions& options) {
    for (const char* name : {"clinic", "school"}) {
      const std::string key = NewKey();
      options.talks.store->AddKey({name, "researcher", HashKey(key), 0});
      owners.push_back({{"Authorization", "Bearer " + key}});
    }
    options.access.keys_needed = true;
  });
  struct Told {
    size_t owner;
    std::string client;
    std::string word;
  };
  const std::vector<Told> all = {{0, "ann", "xylophone"},  {0, "bob", "marmalade"},
                                 {1, "ann", "porcupine"},  {0, "", "telescope"},
                                 {1, "", "tambourine"},    {0, "Ann", "rhinoceros"},
                                 {0, "ann bob", "lantern"}};
  for (const Told& told : all) {
    const std::string id = server.NewSession(By(told.client), owners[told.owner]);
    (void)server.Turn(id, {{"text", "Nobody may know of my " + told.word + "."}},
                      owners[told.owner]);
  }
  for (const Told& told : all) {
    SCOPED_TRACE(told.word);
    const size_t before = server.model().asked().size();
    const std::string id = server.NewSession(By(told.client), owners[told.owner]);
    const std::vector<std::string> lines =
        Recalled(server, id, "What did I tell you?", owners[told.owner]);
    if (told.client.empty()) {
      EXPECT_THAT(lines, IsEmpty()) << "nobody in particular";
    } else {
      EXPECT_THAT(lines, ElementsAre("Nobody may know of my " + told.word));
    }
    const std::string kept = server.Get("/api/sessions/" + id, owners[told.owner]).text;
    for (const Told& other : all) {
      if (other.word == told.word && !told.client.empty()) continue;
      EXPECT_THAT(kept, Not(HasSubstr(other.word)));
      const std::vector<Ask> asked = server.model().asked();
      for (size_t i = before; i < asked.size(); ++i) {
        EXPECT_THAT(asked[i].instruction, Not(HasSubstr(other.word)));
        for (const Message& message : asked[i].messages) {
          EXPECT_THAT(message.text, Not(HasSubstr(other.word)));
        }
      }
    }
    server.store().Delete(id);
  }
}

TEST(Recall, AClientIsNamedOnceAndForAll) {
  TestService server;
  const std::string id = server.NewSession({{"client", "  ann "}});
  EXPECT_EQ(server.Get("/api/sessions/" + id).json()["client"], "ann");
  EXPECT_EQ(server.Patch("/api/sessions/" + id, {{"client", "bob"}, {"title", "t"}}).status, 200);
  EXPECT_EQ(server.Get("/api/sessions/" + id).json()["client"], "ann");
  EXPECT_EQ(server.Post("/api/sessions", {{"client", 7}}).status, 400);
  EXPECT_EQ(server.Post("/api/sessions", {{"client", std::string(201, 'x')}}).status, 413);
  EXPECT_EQ(server.Get("/api/sessions/" + server.NewSession()).json()["client"], "");
}

// A lane stands in for the session's own reply, and is told what that would be.
TEST(Recall, ComparedWaysOfAnsweringRecallTheSame) {
  TestService server;
  (void)server.Turn(server.NewSession(By("ann")), {{"text", "I keep bees."}});
  const std::string id = server.NewSession(By("ann"));
  (void)server.Turn(id, {{"text", "They died."}});
  const auto got =
      server.Post("/api/compare", {{"session", id}, {"lanes", {{{"method", "mood-memory"}}}}});
  EXPECT_THAT(got.text, HasSubstr("I keep bees"));
  const auto loose =
      server.Post("/api/compare", {{"dialogue", {{{"role", "client"}, {"text", "They died."}}}},
                                   {"lanes", {{{"method", "mood-memory"}, {"client", "ann"}}}}});
  EXPECT_THAT(loose.text, Not(HasSubstr("I keep bees")));
}

}  // namespace
}  // namespace emostage
