#include "method/one_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "emostage/error.h"
#include "method/methods_testing.h"

namespace emostage {
namespace {

using OneCallTest = testing::MethodsTest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Shipped;
using ::testing::SizeIs;
using testing::StepNames;
using testing::Talk;
using testing::TurnJson;

TEST_F(OneCallTest, FindsAllInOneAnswer) {
  for (const Language language : kAllLanguages) {
    for (const PhaseScheme& scheme : Shipped().schemes()) {
      Afresh();
      language_ = language;
      scheme_ = scheme.file.id;
      turn_ = TurnJson(language, scheme, 1, "Counsellor: I hear you.");
      Watch();
      std::vector<std::string> names;
      for (const Phase& phase : scheme.phases) names.push_back(phase.name.in(language));
      const std::vector<double> shares = testing::Shares(names.size(), {{0, 0.25}, {1, 0.75}});
      watched_->picks = {{"needs", {"a", "b"}, {0.9, 0.1}, 0}, {"phase", names, shares, 1}};
      const Answer answer = Play("one-call", Talk(2));
      EXPECT_EQ(answer.reply, "I hear you.");
      EXPECT_THAT(StepNames(answer), ElementsAre("turn"));
      EXPECT_THAT(watched_->events, ElementsAre("ask turn", "wait turn"));
      ASSERT_TRUE(answer.state);
      EXPECT_EQ(answer.state->situation, "lost a job");
      EXPECT_EQ(answer.state->thinks, "I am no use");
      ASSERT_THAT(answer.state->feels, SizeIs(2));
      EXPECT_EQ(answer.state->feels[0].emotion, Shipped().emotions()[0].id);
      EXPECT_EQ(answer.state->feels[0].intensity, 4);
      EXPECT_EQ(answer.state->feels[1].emotion, Shipped().emotions()[2].id);
      EXPECT_THAT(answer.state->needs, ElementsAre(Shipped().needs()[1].id));
      ASSERT_TRUE(answer.phase);
      EXPECT_EQ(answer.phase->label, scheme.phases[1].id);
      EXPECT_EQ(answer.phase->scheme, scheme.file.id);
      EXPECT_EQ(answer.phase->probabilities[0], std::pair(scheme.phases[0].id, 0.25));
      EXPECT_EQ(answer.phase->probabilities[1], std::pair(scheme.phases[1].id, 0.75));
      const OrderedJson output = OrderedJson::parse(answer.steps[0].output);
      EXPECT_EQ(output.at("picks")[1].at("field"), "phase");
      EXPECT_EQ(output.at("picks")[1].at("label"), names[1]);
      EXPECT_EQ(output.at("picks")[1].at("probability"), 0.75);
    }
  }
}

TEST_F(OneCallTest, SchemaOffersThePhasesOfTheScheme) {
  scheme_ = "hill";
  static_cast<void>(Play("one-call", Talk(1)));
  const OrderedJson schema = OrderedJson::parse(Scripted()->asked().back().schema);
  EXPECT_EQ(schema.at("properties").at("phase").at("enum"),
            OrderedJson::array({"exploration", "insight", "action"}));
  EXPECT_EQ(schema.at("properties").at("reply").at("x-max-tokens"), 60);
}

TEST_F(OneCallTest, SchemaBindsTheWholeNoteInItsOrder) {
  for (const Language language : kAllLanguages) {
    Afresh();
    language_ = language;
    static_cast<void>(Play("one-call", Talk(1)));
    const OrderedJson schema = OrderedJson::parse(Scripted()->asked().back().schema);
    std::vector<std::string> fields;
    for (const auto& [name, field] : schema.at("properties").items()) fields.push_back(name);
    EXPECT_THAT(fields, ElementsAre("situation", "thinks", "feels", "needs", "phase", "reply"));
    EXPECT_EQ(schema.at("required"), OrderedJson(fields));
    const OrderedJson& emotions =
        schema.at("properties").at("feels").at("items").at("properties").at("emotion").at("enum");
    EXPECT_THAT(emotions, SizeIs(Shipped().emotions().size()));
    EXPECT_EQ(emotions[0], Shipped().emotions()[0].name.in(language));
  }
}

TEST_F(OneCallTest, FixedLengthsHoldTheReplyAndTheNotes) {
  fixed_ = {.reply = 12, .note = 6};
  static_cast<void>(Play("one-call", Talk(1)));
  const OrderedJson fields = OrderedJson::parse(Scripted()->asked().back().schema).at("properties");
  EXPECT_EQ(fields.at("situation").at("x-max-tokens"), 6);
  EXPECT_EQ(fields.at("thinks").at("x-max-tokens"), 6);
  EXPECT_EQ(fields.at("reply").at("x-max-tokens"), 12);
}

TEST_F(OneCallTest, WithoutProbabilitiesItStillNamesThePhaseAndSaysSo) {
  turn_ = TurnJson(language_, Scheme(), 3, "I hear you.");
  const Answer answer = Play("one-call", Talk(1));
  ASSERT_TRUE(answer.phase);
  EXPECT_EQ(answer.phase->label, "problem-solving");
  EXPECT_THAT(answer.phase->probabilities, IsEmpty());
  EXPECT_THAT(OrderedJson::parse(answer.steps[0].output).at("fallback"), SizeIs(1));
}

TEST_F(OneCallTest, AnswerThatBreaksItsSchemaIsAModelError) {
  const OrderedJson good = OrderedJson::parse(TurnJson(language_, Scheme(), 1, "x"));
  std::vector<std::string> broken = {"no JSON", "[]", "{}", " ", R"({"situation":"x"})"};
  for (const char* field : {"situation", "thinks", "feels", "needs", "phase", "reply"}) {
    OrderedJson without = good;
    without.erase(field);
    broken.push_back(without.dump());
    OrderedJson number = good;
    number[field] = 7;
    broken.push_back(number.dump());
  }
  OrderedJson feelings = good;
  feelings["feels"][0]["intensity"] = "strong";
  broken.push_back(feelings.dump());
  for (const std::string& bad : broken) {
    Afresh();
    turn_ = bad;
    const auto error = Failure("one-call", Talk(1));
    ASSERT_TRUE(error) << bad;
    EXPECT_EQ(error->code(), ErrorCode::kModel) << bad;
  }
}

TEST_F(OneCallTest, UnknownLabelsAreLeftOut) {
  OrderedJson turn = OrderedJson::parse(TurnJson(language_, Scheme(), 1, "I hear you."));
  turn["feels"][0]["emotion"] = "flabbergasted";
  turn["needs"].push_back("a pony");
  turn["phase"] = "teatime";
  turn_ = turn.dump();
  const Answer answer = Play("one-call", Talk(1));
  ASSERT_THAT(answer.state->feels, SizeIs(1));
  EXPECT_EQ(answer.state->feels[0].emotion, Shipped().emotions()[2].id);
  EXPECT_THAT(answer.state->needs, ElementsAre(Shipped().needs()[1].id));
  EXPECT_FALSE(answer.phase);
  EXPECT_EQ(answer.reply, "I hear you.");
}

}  // namespace
}  // namespace emostage
