#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <vector>

#include "serve/notices.h"
#include "serve/testing.h"

namespace emostage {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kDanger = "I took all the pills just now";

void InJapan(ServiceOptions& options) {
  options.talks.session.safety.country = "JP";
  options.talks.session.language = Language::kEnglish;
  options.talks.notices_in_text = true;
}

TEST(ServeSafety, RiskIsToldBeforeTheFirstWordAndKept) {
  TestService server(TestService::Says("Sounds nice!"), InJapan);
  const std::string id = server.NewSession();
  const auto events = server.Turn(id, {{"text", kDanger}});
  bool risk_seen = false;
  for (const auto& [name, data] : events) {
    risk_seen = risk_seen || name == "risk";
    EXPECT_TRUE(risk_seen || name != "token") << "words before it was known who speaks";
  }
  const Json risk = TestService::DataOf(events, "risk").at(0);
  EXPECT_EQ(risk["level"], "imminent");
  EXPECT_TRUE(risk["took_over"].get<bool>());
  EXPECT_EQ(risk["card"]["lines"][0]["number"], "119");
  EXPECT_EQ(TestService::DataOf(events, "disclosure").size(), 1U);
  const Json kept = server.Get("/api/sessions/" + id).json()["messages"][1];
  EXPECT_EQ(kept["answer"]["risk"], risk);
  EXPECT_THAT(kept["text"].get<std::string>(), Not(HasSubstr("Sounds nice")));
  EXPECT_THAT(
      server.Get("/metrics").text,
      HasSubstr(
          R"(emostage_risk_turns_total{answered_by="protocol",language="en",level="imminent"})"));
}

TEST(ServeSafety, TheProtocolGoesOnAfterTheSessionWasForgotten) {
  TestService server(TestService::Says("Sounds nice!"), [](ServiceOptions& options) {
    InJapan(options);
    options.talks.most_open = 1;
  });
  const std::string id = server.NewSession();
  server.Turn(id, {{"text", kDanger}});
  server.Turn(server.NewSession(), {{"text", "It rained"}});  // puts the first out
  const auto events = server.Turn(id, {{"text", "hm"}});
  EXPECT_EQ(TestService::DataOf(events, "risk").at(0)["protocol"]["stage"], "stay");
}

TEST(ServeSafety, ChatProgramsReadDisclosureAndCardInTheText) {
  TestService server(TestService::Says("Sounds nice!"), InJapan);
  Json messages = {{{"role", "user"}, {"content", kDanger}}};
  const auto first = server.Post("/v1/chat/completions", {{"messages", messages}});
  const Json said = first.json()["choices"][0]["message"];
  const std::string content = said["content"];
  EXPECT_THAT(content, HasSubstr("program"));
  EXPECT_THAT(content, HasSubstr("119"));
  // Sent back with all that, it is the same talk, and the model never sees the notices.
  messages.push_back(said);
  messages.push_back({{"role", "user"}, {"content", "hm"}});
  for (const bool stream : {false, true}) {
    const auto next =
        server.Post("/v1/chat/completions", {{"messages", messages}, {"stream", stream}});
    EXPECT_EQ(next.status, 200);
    if (!stream) {
      EXPECT_EQ(next.headers.find("X-EmoStage-Session")->second,
                first.headers.find("X-EmoStage-Session")->second);
    }
  }
  for (const Ask& ask : server.model().asked()) {
    for (const Message& message : ask.messages) EXPECT_THAT(message.text, Not(HasSubstr("**")));
  }
}

TEST(ServeSafety, NoticesAreTakenOutAsTheyWerePutIn) {
  const auto knowledge = LoadKnowledge(EMOSTAGE_SOURCE_DIR "/data");
  const SafetyKnowledge& safety = knowledge->safety();
  for (const Language language : kAllLanguages) {
    const ProtocolTexts& texts = safety.in(language).texts;
    RiskReading risk;
    risk.card = RiskCard{texts.words().card_title, "Checked.", {{"A line", "12", "24/7"}}};
    for (const std::string& notice : {texts.disclosure().first, texts.disclosure().away}) {
      const std::string shown =
          NoticeBefore(notice) + "I hear *you*.\n\nReally." + NoticeAfter(risk);
      EXPECT_EQ(WithoutNotices(safety, shown), "I hear *you*.\n\nReally.");
    }
  }
  EXPECT_EQ(WithoutNotices(safety, "Plain **words**"), "Plain **words**");
}

TEST(ServeSafety, OperatorsAreToldOfEventsWithoutWords) {
  std::mutex mutex;
  std::vector<std::string> events;
  TestService server(TestService::Says("Sounds nice!"), [&](ServiceOptions& options) {
    InJapan(options);
    options.talks.on_risk_event = [&](const RiskEvent& event, const std::string& session) {
      const std::scoped_lock lock(mutex);
      events.push_back(event.what + " " + session);
    };
  });
  const std::string id = server.NewSession();
  server.Turn(id, {{"text", kDanger}});
  EXPECT_THAT(events, Contains("took_over " + id));
  EXPECT_THAT(server.log(), Not(HasSubstr("pills")));
}

}  // namespace
}  // namespace emostage
