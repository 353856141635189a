#include "safety/protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "knowledge/knowledge.h"

namespace emostage {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const SafetyKnowledge& Shipped() {
  static const Knowledge knowledge = Knowledge::Load();
  return knowledge.safety();
}

TurnReading Danger(RiskLevel level, const std::string& track = "self",
                   const std::string& kind = "ideation") {
  TurnReading turn;
  turn.level = level;
  turn.track = track;
  turn.kinds = {kind};
  return turn;
}

TurnReading Answers(std::initializer_list<const char*> answers) {
  TurnReading turn;
  for (const char* answer : answers) turn.answers.insert(answer);
  return turn;
}

// A talk with the protocol; keeps where it stands.
class Talk {
 public:
  explicit Talk(Language language = Language::kEnglish, const std::string& country = "JP")
      : texts_(Shipped().in(language).texts), country_(Shipped().helplines.Find(country)) {}

  ProtocolMove Say(const TurnReading& turn) {
    ProtocolMove move = Advance(state_, turn, texts_, country_);
    state_ = ProtocolFromJson(ProtocolToJson(move.state));  // as a store would keep it
    EXPECT_EQ(ProtocolToJson(state_), ProtocolToJson(move.state));
    return move;
  }
  [[nodiscard]] const ProtocolState& state() const { return state_; }

 private:
  const ProtocolTexts& texts_;
  const HelplineCountry* country_;
  ProtocolState state_;
};

TEST(Protocol, OrdinaryTurnsAndHintsAreTheMethods) {
  Talk talk;
  EXPECT_THAT(talk.Say({}).reply, IsEmpty());
  EXPECT_THAT(talk.Say(Danger(RiskLevel::kLow)).reply, IsEmpty());
  EXPECT_EQ(talk.state().level, RiskLevel::kLow);
}

TEST(Protocol, AsksDirectlyThenPlanMeansIntentTimeThenPeople) {
  Talk talk;
  const ProtocolMove open = talk.Say(Danger(RiskLevel::kModerate));
  EXPECT_TRUE(open.took_over);
  EXPECT_THAT(open.reply, HasSubstr("suicide"));
  std::vector<std::string> stages{talk.state().stage};
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(talk.Say(Answers({"yes"})).reply, Not(IsEmpty()));
    stages.push_back(talk.state().stage);
  }
  // Yes to "is it about now?" is an emergency.
  EXPECT_EQ(stages,
            (std::vector<std::string>{"open", "plan", "means", "intent", "time", "imminent"}));
  EXPECT_EQ(talk.state().level, RiskLevel::kImminent);
}

TEST(Protocol, LeadsToPeopleWithACardOnce) {
  Talk talk;
  talk.Say(Danger(RiskLevel::kModerate));
  ProtocolMove move;
  int cards = 0;
  for (int i = 0; i < 5; ++i) {
    move = talk.Say(i == 0 ? Answers({"yes"}) : Answers({"no"}));
    cards += move.card ? 1 : 0;
  }
  EXPECT_EQ(talk.state().stage, "resources");
  EXPECT_TRUE(move.card);
  EXPECT_FALSE(move.urgent);
  // Then the method speaks, until the protocol asks again; the card is not shown again.
  int listened = 0;
  while (talk.Say({}).reply.empty()) ++listened;
  EXPECT_EQ(listened, 3);
  EXPECT_EQ(talk.state().stage, "check");
  EXPECT_EQ(cards, 1);
}

TEST(Protocol, WhatWasToldIsNotAsked) {
  Talk talk;
  talk.Say(Danger(RiskLevel::kHigh, "self", "plan"));
  talk.Say(Answers({"yes"}));
  EXPECT_EQ(talk.state().stage, "means");
}

TEST(Protocol, AnUnansweredQuestionIsAskedOnceMore) {
  Talk talk;
  const std::string first = talk.Say(Danger(RiskLevel::kModerate)).reply;
  const std::string second = talk.Say({}).reply;
  EXPECT_EQ(talk.state().stage, "again");
  EXPECT_NE(first, second);
  talk.Say({});
  EXPECT_EQ(talk.state().stage, "plan");
}

TEST(Protocol, DenialIsTakenSeriouslyAndTheLevelStays) {
  Talk talk;
  talk.Say(Danger(RiskLevel::kModerate));
  const ProtocolMove denied = talk.Say(Answers({"no"}));
  EXPECT_EQ(talk.state().stage, "denied");
  EXPECT_TRUE(denied.card);
  EXPECT_THAT(talk.Say({}).reply, IsEmpty());  // the method listens
  EXPECT_EQ(talk.state().level, RiskLevel::kModerate);
  // Admitted after all: on with the questions.
  talk.Say(Danger(RiskLevel::kHigh));
  EXPECT_EQ(talk.state().stage, "plan");
}

TEST(Protocol, EmergencyNumberFirstThenItStaysUntilTheyAreSafer) {
  Talk talk;
  const ProtocolMove now = talk.Say(Danger(RiskLevel::kImminent, "medical", "medical"));
  EXPECT_THAT(now.reply, HasSubstr("119"));
  EXPECT_TRUE(now.card);
  EXPECT_TRUE(now.urgent);
  std::set<std::string> said{now.reply};
  for (int i = 0; i < 3; ++i) said.insert(talk.Say({}).reply);
  EXPECT_EQ(said.size(), 4U) << "the same words twice";
  EXPECT_EQ(talk.state().stage, "stay");
  talk.Say(Answers({"with-someone", "safe"}));
  EXPECT_EQ(talk.state().level, RiskLevel::kHigh);
}

TEST(Protocol, WithoutACountryItAsksForOne) {
  Talk talk(Language::kEnglish, "");
  EXPECT_THAT(talk.Say(Danger(RiskLevel::kImminent)).reply, HasSubstr("local emergency number"));
  Talk calmer(Language::kEnglish, "");
  calmer.Say(Danger(RiskLevel::kModerate));
  calmer.Say(Answers({"yes"}));
  for (int i = 0; i < 4; ++i) calmer.Say(Answers({"no"}));
  EXPECT_EQ(calmer.state().stage, "country");
}

TEST(Protocol, OnlyTwoCalmAnswersLowerTheLevelByOneStep) {
  Talk talk;
  talk.Say(Danger(RiskLevel::kModerate));
  talk.Say(Answers({"no"}));
  std::vector<std::string> checks;
  for (int i = 0; i < 40 && talk.state().level >= RiskLevel::kModerate; ++i) {
    const bool asked = talk.state().stage == "check";
    talk.Say(asked ? Answers({"safe"}) : TurnReading{});
    if (talk.state().stage == "check") checks.push_back("check");
  }
  EXPECT_EQ(talk.state().level, RiskLevel::kLow);
  EXPECT_EQ(checks.size(), 2U);
}

TEST(Protocol, FictionAfterStatedIntentLowersNothing) {
  Talk talk;
  talk.Say(Danger(RiskLevel::kHigh, "self", "intent"));
  for (int i = 0; i < 10; ++i) talk.Say({});  // "it's only for my novel" reads as nothing
  EXPECT_EQ(talk.state().level, RiskLevel::kHigh);
}

TEST(Protocol, NoIsDangerWhereItAskedIfTheyAreSafe) {
  Talk talk;
  talk.Say(Danger(RiskLevel::kModerate, "abuse", "abuse"));
  EXPECT_EQ(talk.state().stage, "open");
  talk.Say(Answers({"no"}));
  EXPECT_EQ(talk.state().level, RiskLevel::kHigh);
  EXPECT_EQ(talk.state().stage, "children");
}

TEST(Protocol, EveryTrackAndLanguageHasItsWordsAndNeverTheSameTwiceInARow) {
  for (const Language language : kAllLanguages) {
    for (const RiskTrack& track : RiskTracks()) {
      for (const RiskLevel level : {RiskLevel::kModerate, RiskLevel::kHigh, RiskLevel::kImminent}) {
        SCOPED_TRACE(std::string(track.name) + " " + std::string(RiskLevelName(level)));
        Talk talk(language);
        std::string last;
        for (int turn = 0; turn < 12; ++turn) {
          const ProtocolMove move =
              talk.Say(turn == 0 ? Danger(level, std::string(track.name)) : TurnReading{});
          if (move.reply.empty()) continue;
          EXPECT_NE(move.reply, last);
          EXPECT_THAT(move.reply, Not(HasSubstr("{")));
          last = move.reply;
        }
        EXPECT_GE(talk.state().level, level);
      }
    }
  }
}

TEST(Protocol, CardsShowTheLinesForTheDanger) {
  const Helplines& helplines = Shipped().helplines;
  ProtocolState state;
  state.track = "abuse";
  const HelplineCountry& country = *helplines.Find("jp");
  const RiskCard card = CardFor(state, Shipped().in(Language::kJapanese).texts, helplines, country,
                                Language::kJapanese, true);
  ASSERT_GE(card.lines.size(), 2U);
  EXPECT_EQ(card.lines[0].number, "119");
  EXPECT_THAT(card.text, HasSubstr("日本"));
  EXPECT_THAT(card.text, HasSubstr(helplines.checked_on()));
  for (const RiskCard::Line& line : card.lines) {
    EXPECT_TRUE(helplines.IsKnownNumber(DigitsOf(line.number))) << line.number;
  }
}

TEST(Protocol, AnythingElseReadsAsCalm) {
  for (const char* text :
       {"", "null", "[]", "{}", "{\"level\":7}", "x", R"({"level":"high","track":"moon"})"}) {
    EXPECT_EQ(ProtocolToJson(ProtocolFromJson(text)), ProtocolToJson({})) << text;
  }
}

}  // namespace
}  // namespace emostage
