#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emostage/error.h"
#include "emostage/session.h"
#include "knowledge/knowledge.h"
#include "model/scripted/scripted_model.h"

namespace emostage {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kDanger = "I want to kill myself";

std::shared_ptr<const Knowledge> Shipped() {
  static const auto knowledge = LoadKnowledge(EMOSTAGE_SOURCE_DIR "/data");
  return knowledge;
}

ScriptedModel::Script Says(std::vector<std::string> replies) {
  const auto next = std::make_shared<size_t>(0);
  return {.text = [replies = std::move(replies), next](const Ask&) {
    return replies[std::min((*next)++, replies.size() - 1)];
  }};
}

SessionOptions Options(const std::string& method = "direct") {
  SessionOptions options;
  options.method = method;
  options.knowledge = Shipped();
  options.language = Language::kEnglish;
  options.safety.country = "JP";
  return options;
}

TEST(SafetySession, TheProtocolSpeaksInEveryMethodsPlace) {
  for (const auto& [name, summary] : MethodList()) {
    SCOPED_TRACE(name);
    const auto model = ScriptedModel::Create(Says({"Sounds nice!"}));
    Session session(model, Options(name));
    std::string streamed;
    const Answer answer =
        session.Respond(kDanger, [&](std::string_view piece) { streamed += piece; });
    EXPECT_TRUE(answer.risk.took_over);
    EXPECT_NE(answer.reply, "Sounds nice!");
    EXPECT_EQ(streamed, answer.reply);
    EXPECT_EQ(answer.method, name);
    EXPECT_THAT(answer.risk.evidence, Not(IsEmpty()));
    // What is said stays said: the next turn goes on from it.
    EXPECT_EQ(session.dialogue().turns.back().text, answer.reply);
  }
}

TEST(SafetySession, OrdinaryTurnsAreTheMethods) {
  Session session(ScriptedModel::Create(Says({"That sounds hard."})), Options());
  const Answer answer = session.Respond("I failed my exam");
  EXPECT_EQ(answer.reply, "That sounds hard.");
  EXPECT_EQ(answer.risk.level, "none");
  EXPECT_FALSE(answer.risk.took_over);
}

TEST(SafetySession, TheModelAloneCanMakeItTakeOver) {
  bool spoken = false;
  ScriptedModel::Script script = Says({"Sounds nice!"});
  script.probabilities = [&](const Ask& ask, const std::vector<std::string>& labels) {
    std::vector<double> all(labels.size(), 1.0);
    // Its leaning is asked of an empty talk.
    if (labels.size() == 5 && ask.messages.back().text.find("opening") == std::string::npos &&
        ask.messages.back().text.find("joined") == std::string::npos && spoken) {
      all = {0.0001, 0.0001, 0.9, 0.0001, 0.0001};
    }
    return all;
  };
  Session session(ScriptedModel::Create(std::move(script)), Options());
  EXPECT_FALSE(session.Respond("It rained all day").risk.took_over);
  spoken = true;
  const Answer answer = session.Respond("Never mind, it is all arranged");
  EXPECT_TRUE(answer.risk.took_over);
  EXPECT_EQ(answer.risk.evidence.front().source, "model");
}

TEST(SafetySession, AModelThatCannotBeAskedDoesNotSilenceTheProtocol) {
  const auto model = ScriptedModel::Create(
      {.text = [](const Ask&) -> std::string {
         throw Error(ErrorCode::kModel, "the model server does not answer");
       },
       .probabilities = [](const Ask&, const std::vector<std::string>&) -> std::vector<double> {
         throw Error(ErrorCode::kModel, "the model server does not answer");
       }});
  Session session(model, Options());
  const Answer answer = session.Respond(kDanger);
  EXPECT_TRUE(answer.risk.took_over);
  EXPECT_TRUE(answer.risk.model_failed);
  EXPECT_THAT(answer.reply, Not(IsEmpty()));
  // Where nothing is dangerous, the failure is told as ever.
  Session calm(model, Options());
  EXPECT_THROW(static_cast<void>(calm.Respond("It rained")), Error);
}

// "Never fails open": a model that gives no likelihoods, but replies.
TEST(SafetySession, WithoutTheModelsReadingTheMethodStillReplies) {
  ScriptedModel::Script script = Says({"That sounds hard."});
  script.probabilities = [](const Ask&, const std::vector<std::string>&) -> std::vector<double> {
    throw Error(ErrorCode::kModel, "no JSON");
  };
  const auto model = ScriptedModel::Create(std::move(script));
  Session session(model, Options());
  const Answer plain = session.Respond("It rained all day");
  EXPECT_EQ(plain.reply, "That sounds hard.");
  EXPECT_TRUE(plain.risk.model_failed);
  // A mere hint is asked about then, and otherwise left to the method.
  const Answer hint = session.Respond("I can't go on like this");
  EXPECT_TRUE(hint.risk.took_over);
  Session asked(ScriptedModel::Create(Says({"That sounds hard."})), Options());
  const Answer heard = asked.Respond("I can't go on like this");
  EXPECT_EQ(heard.risk.level, "low");
  EXPECT_FALSE(heard.risk.took_over);
}

TEST(SafetySession, ADraftThatBreaksARuleIsWrittenAgainThenReplaced) {
  Session second(ScriptedModel::Create(Says({"Call 0120-783-556.", "What weighs most?"})),
                 Options());
  const Answer again = second.Respond("I failed my exam");
  EXPECT_EQ(again.reply, "What weighs most?");
  EXPECT_EQ(again.risk.held_back, "number");

  Session never(ScriptedModel::Create(Says({"Call 0120-783-556."})), Options());
  std::string streamed;
  const Answer replaced =
      never.Respond("I failed my exam", [&](std::string_view piece) { streamed += piece; });
  EXPECT_THAT(replaced.reply, Not(HasSubstr("0120")));
  EXPECT_THAT(Shipped()->safety().in(Language::kEnglish).texts.fallbacks(),
              Contains(replaced.reply));
  EXPECT_EQ(streamed, replaced.reply);
}

TEST(SafetySession, WhatItIsIsToldAtFirstAfterAWeekAndWhenAsked) {
  const auto& texts = Shipped()->safety().in(Language::kEnglish).texts.disclosure();
  Session session(ScriptedModel::Create(Says({"I hear you."})), Options());
  EXPECT_EQ(session.Respond("Hello").disclosure, texts.first);
  EXPECT_EQ(session.Respond("I am tired").disclosure, "");
  session.SetTimes({.away_hours = 8 * 24});
  EXPECT_EQ(session.Respond("I am back").disclosure, texts.away);
  session.SetTimes({});
  EXPECT_THAT(texts.asked, Contains(session.Respond("are you a real person?").disclosure));
}

TEST(SafetySession, MinorsAreRemindedEveryThreeHours) {
  SessionOptions options = Options();
  options.safety.minors = true;
  Session session(ScriptedModel::Create(Says({"I hear you."})), options);
  static_cast<void>(session.Respond("Hello"));
  session.SetTimes({.together_hours = 3.1, .together_hours_before = 2.9});
  EXPECT_THAT(session.Respond("still here").disclosure, Not(IsEmpty()));
  session.SetTimes({.together_hours = 3.3, .together_hours_before = 3.1});
  EXPECT_THAT(session.Respond("still here").disclosure, IsEmpty());
}

TEST(SafetySession, TheProtocolGoesOnFromAStoredTraceAndFromABareDialogue) {
  const auto model = ScriptedModel::Create(Says({"Sounds nice!"}));
  Session first(model, Options());
  const Answer answer = first.Respond(kDanger);
  Session restored(model, Options());
  restored.SetDialogue(first.dialogue());
  restored.SetProtocol(answer.risk.protocol);
  const Answer next = restored.Respond("no");
  EXPECT_TRUE(next.risk.took_over);
  EXPECT_NE(next.reply, answer.reply);
  Session bare(model, Options());
  bare.SetDialogue(first.dialogue());
  EXPECT_EQ(bare.Respond("no").reply, next.reply);
}

TEST(SafetySession, EventsHoldNoWords) {
  std::vector<std::string> events;
  SessionOptions options = Options();
  options.safety.on_event = [&](const RiskEvent& event) {
    events.push_back(event.what + " " + std::string(RiskLevelName(event.to)) + " " + event.track);
  };
  Session session(ScriptedModel::Create(Says({"I hear you."})), options);
  static_cast<void>(session.Respond("Hello"));
  static_cast<void>(session.Respond(kDanger));
  EXPECT_THAT(events, Contains(HasSubstr("took_over")));
  for (const std::string& event : events) EXPECT_THAT(event, Not(HasSubstr("kill")));
}

TEST(SafetySession, SwitchedOffItReadsNothing) {
  SessionOptions options = Options();
  options.safety.enabled = false;
  Session session(ScriptedModel::Create(Says({"I hear you."})), options);
  const Answer answer = session.Respond(kDanger);
  EXPECT_EQ(answer.reply, "I hear you.");
  EXPECT_THAT(answer.risk.level, IsEmpty());
}

TEST(SafetySession, AFailedTurnLeavesTheProtocolWhereItWas) {
  bool fails = true;
  const auto model = ScriptedModel::Create({.text = [&](const Ask&) -> std::string {
    if (fails) throw Error(ErrorCode::kModel, "gone");
    return "I hear you.";
  }});
  Session session(model, Options());
  EXPECT_THROW(static_cast<void>(session.Respond("It rained")), Error);
  fails = false;
  EXPECT_EQ(session.Respond("It rained").disclosure,
            Shipped()->safety().in(Language::kEnglish).texts.disclosure().first);
}

}  // namespace
}  // namespace emostage
