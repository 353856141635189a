#include "method/phase_question.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "emostage/error.h"
#include "method/methods_testing.h"

namespace emostage {
namespace {

using PhaseQuestionTest = testing::MethodsTest;
using ::testing::Contains;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using testing::StepNames;
using testing::Talk;
using testing::WithNotes;

TEST_F(PhaseQuestionTest, PhasesOfEarlierTurnsAreAskedOnceASession) {
  const Answer first = Play("emostage", Talk(4));
  EXPECT_THAT(
      StepNames(first),
      ElementsAreArray(WithNotes({"phase leaning", "phase", "phase of an earlier turn",
                                  "phase of an earlier turn", "phase of an earlier turn"})));
  EXPECT_THAT(StepNames(Play("emostage", Talk(5))), ElementsAreArray(WithNotes({"phase"})));
  // The same turn again, say with another seed: nothing new to find out about the phase.
  EXPECT_THAT(StepNames(Play("emostage", Talk(5))), ElementsAreArray(WithNotes({})));
}

TEST_F(PhaseQuestionTest, EarlierTurnIsAskedWithWhatWasSaidUpToIt) {
  const std::vector<Ask> asked = AskedBy("emostage-without-perspective", Talk(3));
  ASSERT_THAT(asked, SizeIs(5));  // leaning, three turns, reply
  EXPECT_THAT(asked[0].messages, SizeIs(1));
  EXPECT_EQ(asked[0].messages[0].text, OpeningWord());
  EXPECT_THAT(asked[1].messages, SizeIs(5)) << "the newest first";
  EXPECT_THAT(asked[2].messages, SizeIs(3));
  EXPECT_THAT(asked[3].messages, SizeIs(1));
  EXPECT_EQ(asked[3].messages[0].text, Talk(1).turns[0].text);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(asked[i].instruction, Prompts().Cue("notes"));
    EXPECT_EQ(asked[i].answer_prefix, Prompts().Prefix("phase"));
  }
}

TEST_F(PhaseQuestionTest, EditedTurnIsAskedAnewAndSoAreThoseAfterIt) {
  static_cast<void>(Play("emostage", Talk(4)));
  Dialogue edited = Talk(4);
  edited.turns[4].text += "!";  // the third client turn
  EXPECT_THAT(StepNames(Play("emostage", edited)),
              ElementsAreArray(WithNotes({"phase", "phase of an earlier turn"})));
}

TEST_F(PhaseQuestionTest, LooksBackEightTurnsAtMost) {
  const Answer answer = Play("emostage-without-perspective", Talk(30));
  EXPECT_EQ(std::ranges::count(StepNames(answer), "phase of an earlier turn"), 7);
}

TEST_F(PhaseQuestionTest, BeliefIsTheSameTurnByTurnAndAllAtOnce) {
  std::optional<PhaseBelief> grown;
  for (int turns = 1; turns <= 12; ++turns) grown = Play("emostage", Talk(turns)).phase;
  Afresh();
  const PhaseBelief fresh = *Play("emostage", Talk(12)).phase;
  for (size_t p = 0; p < fresh.probabilities.size(); ++p) {
    EXPECT_DOUBLE_EQ(grown->probabilities[p].second, fresh.probabilities[p].second);
  }
}

TEST_F(PhaseQuestionTest, OtherSchemeOrLanguageIsAskedForItself) {
  static_cast<void>(Play("emostage", Talk(2)));
  const std::vector<std::string> anew =
      WithNotes({"phase leaning", "phase", "phase of an earlier turn"});
  scheme_ = "hill";
  EXPECT_THAT(StepNames(Play("emostage", Talk(2))), ElementsAreArray(anew));
  language_ = Language::kJapanese;
  EXPECT_THAT(StepNames(Play("emostage", Talk(2))), ElementsAreArray(anew));
  // Back again, the leaning is known; the readings made room for the other ones.
  language_ = Language::kEnglish;
  EXPECT_THAT(StepNames(Play("emostage", Talk(2))),
              ElementsAreArray(WithNotes({"phase", "phase of an earlier turn"})));
}

TEST_F(PhaseQuestionTest, ReadingsOfFoldedTurnsUnderAnotherSchemeAreNotUsed) {
  Scripted()->mutable_info().context_tokens = 2048;
  size_t turns = 0;
  // Until a turn within the look-back, asked about before, is folded away.
  while (turns < 9 || memory_.fold.turns < 2 * (turns - 8) + 2) {
    ASSERT_LT(++turns, 40U);
    static_cast<void>(Play("emostage", Talk(static_cast<int>(turns), 140)));
  }
  scheme_ = "hill";  // three phases where there were five
  const Answer answer = Play("emostage", Talk(static_cast<int>(turns), 140));
  EXPECT_EQ(answer.phase->scheme, "hill");
  EXPECT_EQ(answer.phase->label, "action");
}

TEST_F(PhaseQuestionTest, PhaseThatCouldNotBeAskedIsAskedAgain) {
  bool fails = true;
  before_answer_ = [&](const std::string& name) {
    if (fails && name == "phase") throw Error(ErrorCode::kModel, "out of breath");
  };
  static_cast<void>(Failure("emostage", Talk(1)));
  fails = false;
  EXPECT_THAT(StepNames(Play("emostage", Talk(1))), ElementsAreArray(WithNotes({"phase"})));
}

TEST_F(PhaseQuestionTest, PhaseStepTellsTheReadingByName) {
  language_ = Language::kChinese;
  const Answer answer = Play("emostage-without-perspective", Talk(1));
  const OrderedJson output = OrderedJson::parse(answer.steps[1].output);
  EXPECT_EQ(output.at("label"), "深入探索");
  EXPECT_THAT(output.at("probabilities"), SizeIs(5));
  EXPECT_GT(output.at("probabilities").at("深入探索"), 0.9);
}

// A leaning: what the model says before a word was said.

TEST_F(PhaseQuestionTest, LeaningIsAskedOnceForAllSessionsOfAModel) {
  EXPECT_THAT(StepNames(Play("emostage", Talk(1))),
              ElementsAreArray(WithNotes({"phase leaning", "phase"})));
  OpenSession();
  EXPECT_THAT(StepNames(Play("emostage", Talk(1))), ElementsAreArray(WithNotes({"phase"})));
  OpenSession();
  EXPECT_THAT(StepNames(Play("emostage", Talk(2))),
              ElementsAreArray(WithNotes({"phase", "phase of an earlier turn"})));
}

TEST_F(PhaseQuestionTest, LeaningServesAllMethodsThatAskTheSame) {
  static_cast<void>(Play("emostage", Talk(1)));
  for (const char* method : {"emostage-labels", "emostage-without-perspective"}) {
    OpenSession();
    EXPECT_THAT(StepNames(Play(method, Talk(1))), Not(Contains("phase leaning"))) << method;
  }
}

TEST_F(PhaseQuestionTest, LeaningOfAnotherModelIsAskedAnew) {
  const auto asks_for_it = [&](const std::string& id) {
    OpenSession();
    Scripted()->mutable_info().id = id;
    const std::vector<std::string> steps = StepNames(Play("emostage", Talk(1)));
    return std::ranges::count(steps, "phase leaning") > 0;
  };
  EXPECT_TRUE(asks_for_it("one"));
  EXPECT_FALSE(asks_for_it("one"));
  EXPECT_TRUE(asks_for_it("another"));
  EXPECT_FALSE(asks_for_it("another"));
  EXPECT_FALSE(asks_for_it("one")) << "both are kept";
}

TEST_F(PhaseQuestionTest, LeaningOfSessionsThatShareNothingIsAskedByEach) {
  static_cast<void>(Play("emostage", Talk(1)));
  OpenSession();
  leanings_ = std::make_unique<Leanings>();
  EXPECT_THAT(StepNames(Play("emostage", Talk(1))), Contains("phase leaning"));
}

TEST_F(PhaseQuestionTest, LeaningIsAskedWithoutAWordOfTheClients) {
  Dialogue dialogue = Talk(3);
  for (Turn& turn : dialogue.turns) turn.text += " zebra4711";
  for (const Ask& ask : AskedBy("emostage", dialogue)) {
    if (testing::NameOf(ask, language_) != "phase leaning") continue;
    ASSERT_THAT(ask.messages, SizeIs(1));
    EXPECT_THAT(ask.messages[0].text, Not(HasSubstr("zebra4711")));
  }
}

TEST_F(PhaseQuestionTest, KeptLeaningIsDividedOutLikeAFreshOne) {
  phase_shares_ = {0.2, 0.2, 0.2, 0.2, 0.2};
  const PhaseBelief without = *Play("emostage", Talk(1)).phase;
  Afresh();
  leaning_ = {0.6, 0.1, 0.1, 0.1, 0.1};
  const PhaseBelief fresh = *Play("emostage", Talk(1)).phase;
  OpenSession();
  const PhaseBelief kept = *Play("emostage", Talk(1)).phase;
  EXPECT_LT(fresh.probabilities[0].second, without.probabilities[0].second);
  for (size_t p = 0; p < fresh.probabilities.size(); ++p) {
    EXPECT_DOUBLE_EQ(fresh.probabilities[p].second, kept.probabilities[p].second);
  }
}

TEST_F(PhaseQuestionTest, LeaningThatCouldNotBeAskedIsAskedAgain) {
  bool fails = true;
  before_answer_ = [&](const std::string& name) {
    if (fails && name == "phase leaning") throw Error(ErrorCode::kModel, "out of breath");
  };
  static_cast<void>(Failure("emostage", Talk(1)));
  fails = false;
  EXPECT_THAT(StepNames(Play("emostage", Talk(1))),
              ElementsAreArray(WithNotes({"phase leaning", "phase"})));
}

}  // namespace
}  // namespace emostage
