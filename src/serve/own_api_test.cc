#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "emostage/error.h"
#include "serve/testing.h"

namespace emostage {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> Names(const std::vector<std::pair<std::string, Json>>& events) {
  std::vector<std::string> names;
  for (const auto& [name, data] : events) names.push_back(name);
  return names;
}

std::vector<std::string> Texts(const Json& messages) {
  std::vector<std::string> texts;
  for (const Json& message : messages) texts.push_back(message["text"]);
  return texts;
}

// Answers a question of a turn only when it is let go.
struct Gate {
  std::latch reached{1};
  std::latch open{1};
  std::atomic<bool> closed = true;

  ScriptedModel::Script Script() {
    return {.text = [this](const Ask&) {
      if (closed.exchange(false)) {
        reached.count_down();
        open.wait();
      }
      return std::string("I hear you.");
    }};
  }
};

TEST(OwnApi, ATurnIsStreamedKeptAndFoundAgain) {
  TestService server;
  const std::string id = server.NewSession({{"method", "emostage"}, {"language", "en"}});
  const auto events = server.Turn(id, {{"text", "I lost my job."}});
  const std::vector<std::string> names = Names(events);
  ASSERT_THAT(names, Contains("done")) << server.Get("/api/sessions/" + id).text;
  EXPECT_EQ(names.front(), "turn");
  EXPECT_EQ(names.back(), "done");
  EXPECT_EQ(names[names.size() - 2], "reply");
  EXPECT_EQ(TestService::DataOf(events, "step_started").size(),
            TestService::DataOf(events, "step_done").size());
  std::string streamed;
  for (const Json& token : TestService::DataOf(events, "token")) {
    streamed += token["text"].get<std::string>();
  }
  EXPECT_EQ(streamed, "I hear you.");

  const Json session = server.Get("/api/sessions/" + id).json();
  EXPECT_THAT(Texts(session["messages"]), ElementsAre("I lost my job.", "I hear you."));
  EXPECT_EQ(session["title"], "I lost my job.");
  const Json answer = session["messages"][1]["answer"];
  EXPECT_EQ(answer, TestService::DataOf(events, "reply")[0]) << "one trace everywhere";
  EXPECT_FALSE(answer["steps"].empty());
  EXPECT_TRUE(answer["phase"].is_object());
}

TEST(OwnApi, WithoutEventsATurnIsOneObject) {
  TestService server;
  const std::string id = server.NewSession();
  const auto got = server.Post("/api/sessions/" + id + "/turns", {{"text", "Hello"}});
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.json()["answer"]["reply"], "I hear you.");
  EXPECT_EQ(got.json()["session"]["messages"], 2);
}

TEST(OwnApi, TheModelSeesTheTalkSoFar) {
  TestService server;
  const std::string id = server.NewSession(
      {{"dialogue",
        {{{"role", "client"}, {"text", "one"}}, {{"role", "counsellor"}, {"text", "two"}}}}});
  server.Turn(id, {{"text", "three"}});
  std::vector<std::string> said;
  const std::vector<Ask> asked = server.model().asked();
  for (const Message& message : asked.back().messages) said.push_back(message.text);
  EXPECT_THAT(said, ElementsAre("one", "two", "three"));
}

TEST(OwnApi, AskingAgainReplacesTheReplyAndAnEditWhatCameAfterIt) {
  int count = 0;
  TestService server({.text = [&count](const Ask&) { return "reply " + std::to_string(++count); }});
  const std::string id = server.NewSession();
  const std::string path = "/api/sessions/" + id;
  server.Turn(id, {{"text", "one"}});
  server.Turn(id, {{"text", "two"}});
  server.Turn(id, Json::object());
  EXPECT_THAT(Texts(server.Get(path).json()["messages"]),
              ElementsAre("one", "reply 1", "two", "reply 3"));
  const std::vector<Ask> asked = server.model().asked();
  EXPECT_NE(asked[1].sampling.seed, asked[2].sampling.seed) << "another seed, another reply";
  server.Turn(id, {{"text", "other"}, {"from", 0}});
  EXPECT_THAT(Texts(server.Get(path).json()["messages"]), ElementsAre("other", "reply 4"));
  EXPECT_EQ(server.Post(path + "/turns", {{"text", "x"}, {"from", 9}}).status, 400);
}

TEST(OwnApi, OneTurnAtATimeAndTheOtherIsToldSo) {
  Gate gate;
  TestService server(gate.Script());
  const std::string id = server.NewSession();
  auto first = std::async(std::launch::async, [&] { return server.Turn(id, {{"text", "one"}}); });
  gate.reached.wait();
  const auto second = server.Post("/api/sessions/" + id + "/turns", {{"text", "two"}});
  EXPECT_EQ(second.status, 409);
  EXPECT_EQ(second.code(), "turn_under_way");
  EXPECT_NE(second.headers.find("Retry-After"), second.headers.end());
  gate.open.count_down();
  EXPECT_THAT(Names(first.get()), Contains("done"));
}

TEST(OwnApi, TheNextTurnMayComeAsSoonAsTheLastIsDone) {
  TestService server;
  const std::string path = "/api/sessions/" + server.NewSession() + "/turns";
  for (int i = 0; i < 200; ++i) ASSERT_EQ(server.Post(path, {{"text", "Hello"}}).status, 200);
}

TEST(OwnApi, DeletedIsGoneAlsoWhileItIsBeingAnswered) {
  Gate gate;
  TestService server(gate.Script());
  const std::string id = server.NewSession();
  auto turn = std::async(std::launch::async, [&] { return server.Turn(id, {{"text", "one"}}); });
  gate.reached.wait();
  auto deleted =
      std::async(std::launch::async, [&] { return server.Delete("/api/sessions/" + id).status; });
  gate.open.count_down();
  EXPECT_EQ(deleted.get(), 204);
  (void)turn.get();
  EXPECT_EQ(server.Get("/api/sessions/" + id).status, 404);
  EXPECT_FALSE(server.store().Find(id));
  EXPECT_EQ(server.Delete("/api/sessions/" + id).status, 404);
}

TEST(OwnApi, AnExportIsADialogueThatIsReadBack) {
  TestService server;
  const std::string id = server.NewSession();
  server.Turn(id, {{"text", "I failed, \"again\".\n<script>alert(1)</script>"}});
  const auto got = server.Get("/api/sessions/" + id + "/export");
  EXPECT_THAT(got.headers.find("Content-Disposition")->second, HasSubstr("attachment"));
  const Dialogue dialogue = ParseDialogue(got.text);
  ASSERT_EQ(dialogue.turns.size(), 2U);
  EXPECT_EQ(dialogue.turns[0].text, "I failed, \"again\".\n<script>alert(1)</script>");
  EXPECT_EQ(dialogue.id, id);
}

TEST(OwnApi, SettingsChangeFromTheNextTurnOn) {
  TestService server;
  const std::string id = server.NewSession();
  const std::string path = "/api/sessions/" + id;
  const auto changed =
      server.Patch(path, {{"method", "emostage"}, {"scheme", "hill"}, {"title", "Exam"}});
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.json()["title"], "Exam");
  const auto events = server.Turn(id, {{"text", "Hello"}});
  EXPECT_EQ(TestService::DataOf(events, "reply")[0]["phase"]["scheme"], "hill");
  EXPECT_EQ(server.Patch(path, {{"method", "hypnosis"}}).status, 400);
  EXPECT_EQ(server.Patch(path, {{"language", "la"}}).status, 400);
  EXPECT_EQ(server.Patch(path, {{"model", "gpt"}}).status, 404);
  EXPECT_EQ(server.Get(path).json()["method"], "emostage");
}

TEST(OwnApi, AClientSeesNoTraceAndNobodyElse) {
  std::string ann, bob, cat, rae;
  TestService server(TestService::Says("I hear you."), [&](ServiceOptions& options) {
    const auto add = [&](const std::string& name, const std::string& role) {
      const std::string key = NewKey();
      options.talks.store->AddKey({name, role, HashKey(key), 0});
      return "Bearer " + key;
    };
    ann = add("ann", "client");
    bob = add("bob", "client");
    cat = add("cat", "counsellor");
    rae = add("rae", "researcher");
    options.access.keys_needed = true;
  });
  EXPECT_EQ(server.Get("/api/sessions").status, 401);
  EXPECT_EQ(server.Get("/api/me").json()["keys_needed"], true);
  const httplib::Headers as_ann = {{"Authorization", ann}};
  const httplib::Headers as_bob = {{"Authorization", bob}};
  const httplib::Headers as_cat = {{"Authorization", cat}};
  const httplib::Headers as_rae = {{"Authorization", rae}};
  const std::string id = server.NewSession({{"method", "emostage"}}, as_ann);
  const std::string path = "/api/sessions/" + id;
  const auto events = server.Turn(id, {{"text", "my secret"}}, as_ann);
  EXPECT_THAT(Names(events), Not(Contains("step_done")));
  const Json reply = TestService::DataOf(events, "reply")[0];
  EXPECT_EQ(reply["reply"], "I hear you.");
  for (const char* hidden : {"state", "phase", "steps"}) EXPECT_FALSE(reply.contains(hidden));
  EXPECT_THAT(server.Get(path, as_ann).text, Not(HasSubstr("\"steps\"")));

  for (const httplib::Headers& other : {as_bob, as_rae}) {
    EXPECT_EQ(server.Get(path, other).status, 404);
    EXPECT_EQ(server.Delete(path, other).status, 404);
    EXPECT_EQ(server.Get(path + "/export", other).status, 404);
    EXPECT_EQ(server.Get(path + "/events", other).status, 404);
    EXPECT_EQ(server.Post(path + "/turns", {{"text", "x"}}, other).status, 404);
    EXPECT_THAT(server.Get("/api/sessions", other).json()["sessions"], IsEmpty());
    EXPECT_EQ(
        server.Post("/api/compare", {{"session", id}, {"lanes", {{{"method", "direct"}}}}}, other)
            .status,
        other == as_bob ? 403 : 404);
  }
  EXPECT_THAT(server.Get(path, as_cat).text, HasSubstr("\"steps\""));
  EXPECT_EQ(server.Get("/api/sessions", as_cat).json()["sessions"].size(), 1U);
  EXPECT_EQ(server.Get("/metrics", as_ann).status, 403);
  EXPECT_EQ(server.Get("/metrics", as_rae).status, 200);
}

TEST(OwnApi, WhoLooksOnSeesTheTurnAsItGoes) {
  TestService server;
  const std::string id = server.NewSession();
  std::string seen;
  std::promise<void> connected;
  std::promise<void> done;
  std::thread watcher([&] {
    httplib::Client client = server.Client();
    (void)client.Get("/api/sessions/" + id + "/events", [&](const char* data, size_t size) {
      if (seen.empty()) connected.set_value();
      seen.append(data, size);
      if (seen.find("event: done") != std::string::npos) {
        done.set_value();
        return false;
      }
      return true;
    });
  });
  connected.get_future().wait();
  server.Turn(id, {{"text", "one"}});
  done.get_future().wait();
  watcher.join();
  EXPECT_THAT(seen, HasSubstr("event: reply"));
  EXPECT_THAT(seen, HasSubstr("I hear you."));
}

TEST(OwnApi, TwoWaysAreComparedAndNothingIsKept) {
  TestService server;
  const std::string id = server.NewSession();
  server.Turn(id, {{"text", "one"}});
  const auto got =
      server.Post("/api/compare",
                  {{"session", id}, {"lanes", {{{"method", "direct"}}, {{"method", "emostage"}}}}});
  const auto events = TestService::Events(got.text);
  EXPECT_EQ(TestService::DataOf(events, "done").size(), 2U) << got.text;
  for (const Json& reply : TestService::DataOf(events, "reply")) {
    EXPECT_EQ(reply["method"], reply["lane"] == 0 ? "direct" : "emostage");
  }
  EXPECT_EQ(server.Get("/api/sessions/" + id).json()["messages"].size(), 2U);
  EXPECT_EQ(server.Get("/api/sessions").json()["sessions"].size(), 1U);
}

// A store whose disk is full.
class FullStore : public Store {
 public:
  explicit FullStore(std::unique_ptr<Store> inner) : inner_(std::move(inner)) {}
  void Create(const StoredSession& s, const std::vector<StoredMessage>& m) override {
    inner_->Create(s, m);
  }
  std::optional<StoredSession> Find(const std::string& id) override { return inner_->Find(id); }
  std::optional<StoredSession> FindOutside(const std::string& o, const std::string& i) override {
    return inner_->FindOutside(o, i);
  }
  std::optional<StoredSession> FindByTip(const std::string& o, const std::string& t) override {
    return inner_->FindByTip(o, t);
  }
  std::vector<StoredSession> SessionsOf(const std::string& o, const std::string& c,
                                        int most) override {
    return inner_->SessionsOf(o, c, most);
  }
  SessionPage List(const SessionQuery& query) override { return inner_->List(query); }
  std::vector<StoredMessage> Messages(const std::string& id) override {
    return inner_->Messages(id);
  }
  std::vector<StoredMessage> Words(const std::string& id) override { return inner_->Words(id); }
  void Write(const StoredSession&, int, const std::vector<StoredMessage>&) override {
    throw Error(ErrorCode::kIo, "the disk is full", "make room");
  }
  void Update(const StoredSession& s) override { inner_->Update(s); }
  bool Delete(const std::string& id) override { return inner_->Delete(id); }
  int DeleteOlderThan(int64_t ms) override { return inner_->DeleteOlderThan(ms); }
  void AddKey(const StoredKey& key) override { inner_->AddKey(key); }
  std::vector<StoredKey> Keys() override { return inner_->Keys(); }
  bool RemoveKey(const std::string& name) override { return inner_->RemoveKey(name); }
  void Check() override { throw Error(ErrorCode::kIo, "the disk is full", "make room"); }

 private:
  std::unique_ptr<Store> inner_;
};

TEST(OwnApi, AReplyThatCouldNotBeKeptIsNotAcknowledged) {
  TestService server(TestService::Says("I hear you."), [](ServiceOptions& options) {
    options.talks.store = std::make_shared<FullStore>(OpenMemoryStore());
  });
  const std::string id = server.NewSession();
  const auto got = server.Post("/api/sessions/" + id + "/turns", {{"text", "one"}});
  EXPECT_EQ(got.status, 503);
  EXPECT_THAT(got.json()["error"]["message"], HasSubstr("the disk is full; make room"));
  const auto events = server.Turn(id, {{"text", "one"}});
  EXPECT_THAT(Names(events), Contains("error"));
  EXPECT_THAT(Names(events), Not(Contains("done")));
  EXPECT_EQ(server.Get("/api/ready").status, 503);
}

TEST(OwnApi, AModelThatFailsIsToldAndTheTalkStaysAsItWas) {
  int count = 0;
  TestService server({.text = [&count](const Ask&) -> std::string {
    if (++count == 1) throw Error(ErrorCode::kModel, "the model broke down", "try again");
    return "I hear you.";
  }});
  const std::string id = server.NewSession();
  const auto got = server.Post("/api/sessions/" + id + "/turns", {{"text", "one"}});
  EXPECT_EQ(got.status, 500);
  EXPECT_EQ(server.Get("/api/sessions/" + id).json()["messages"].size(), 0U);
  EXPECT_EQ(server.Post("/api/sessions/" + id + "/turns", {{"text", "one"}}).status, 200);
}

TEST(OwnApi, MalformedRequestsGetOneClearLine) {
  TestService server;
  const std::string turns = "/api/sessions/" + server.NewSession() + "/turns";
  EXPECT_THAT(server.PostText(turns, "{\"text\": ").json()["error"]["message"],
              HasSubstr("line 1, column"));
  for (const char* body : {"[]", "7", "{\"text\": 7}", "{\"text\": \"  \"}", "{\"from\": -1}",
                           "{\"seed\": \"x\"}", "{}", "{\"text\": \"a\", \"method\": \"x\"}"}) {
    EXPECT_EQ(server.PostText(turns, body).status, 400) << body;
  }
  EXPECT_EQ(server.PostText(turns, "{\"text\": \"" + std::string(70000, 'x') + "\"}").status, 413);
  EXPECT_EQ(server.PostText("/api/sessions", std::string(9 << 20, ' ')).status, 413);
  EXPECT_EQ(server.Get("/api/sessions/nobody").status, 404);
  EXPECT_EQ(server.Get("/api/nothing").status, 404);
  EXPECT_EQ(server.Get("/api/sessions?limit=x").status, 400);
  const auto wrong = server.Delete("/api/methods");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.find("Allow")->second, "GET");
}

TEST(OwnApi, WhatThereIsToChooseFromIsListedInEachLanguage) {
  TestService server;
  EXPECT_EQ(server.Get("/api/methods").json()["methods"][0]["name"], "emostage");
  const Json en = server.Get("/api/schemes").json();
  const Json ja = server.Get("/api/schemes?language=ja").json();
  EXPECT_EQ(en["schemes"].size(), ja["schemes"].size());
  EXPECT_NE(en["schemes"][0]["title"], ja["schemes"][0]["title"]);
  EXPECT_FALSE(server.Get("/api/vocabulary?language=zh").json()["needs"].empty());
  EXPECT_EQ(server.Get("/api/vocabulary?language=xx").status, 400);
  EXPECT_EQ(server.Get("/api/models").json()["models"][0]["name"], "scripted");
}

TEST(Service, LogsAndMetricsHoldNoWordsAndNoIds) {
  TestService server(TestService::Says("REPLYCANARY"));
  const std::string id = server.NewSession({{"title", "TITLECANARY"}});
  server.Turn(id, {{"text", "CLIENTCANARY"}});
  (void)server.Get("/api/sessions?query=QUERYCANARY");
  const std::string metrics = server.Get("/metrics").text;
  EXPECT_THAT(metrics, HasSubstr("emostage_turns_total{method=\"direct\",outcome=\"done\"} 1"));
  EXPECT_THAT(metrics, HasSubstr("emostage_tokens_total"));
  for (const std::string& text : {metrics, server.log()}) {
    EXPECT_THAT(text, Not(HasSubstr("CANARY")));
    EXPECT_THAT(text, Not(HasSubstr(id)));
  }
  EXPECT_THAT(server.log(), HasSubstr("POST /api/sessions/*/turns 200"));
}

TEST(Service, OldSessionsAreForgottenWhenTheirTimeIsOver) {
  constexpr int64_t kDay = 24LL * 3600 * 1000;
  const std::shared_ptr<Store> store = OpenMemoryStore();
  for (const auto& [id, at] : {std::pair{"old", 1 * kDay}, std::pair{"new", 9 * kDay}}) {
    StoredSession session;
    session.id = id;
    session.created_ms = session.updated_ms = at;
    store->Create(session, {});
  }
  TestService server(TestService::Says("x"), [&](ServiceOptions& options) {
    options.talks.store = store;
    options.talks.now_ms = [] { return 10 * kDay; };
    options.keep_days = 5;
  });
  // The keeper runs beside the server: wait for what it does first.
  while (store->Find("old")) std::this_thread::yield();
  EXPECT_TRUE(store->Find("new"));
}

TEST(Service, PagesOfOtherSitesMayNotCall) {
  TestService server;
  EXPECT_EQ(
      server.Post("/api/sessions", Json::object(), {{"Origin", "https://evil.example"}}).status,
      403);
  EXPECT_EQ(server.Get("/api/sessions", {{"Origin", "null"}}).status, 403);
}

}  // namespace
}  // namespace emostage
