#include "method/escot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "method/methods_testing.h"

namespace emostage {
namespace {

using EscotTest = testing::MethodsTest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::StepNames;
using testing::StepOf;
using testing::Talk;

TEST_F(EscotTest, EveryLinkReadsThoseBeforeItAndTheReplyReadsAll) {
  shares_["emotion"] = {{0, 0.8}, {4, 0.2}};
  shares_["strategy"] = {{2, 0.7}, {0, 0.3}};
  lines_["stimulus"] = "\"client word.\"";
  lines_["appraisal"] = "\"I am no use.\"";
  lines_["reason"] = "\"they feel unheard\"";
  const Answer answer = Play("escot", Talk(2));
  EXPECT_THAT(StepNames(answer), ElementsAre("emotion", "stimulus", "appraisal", "strategy leaning",
                                             "strategy", "reason", "reply"));
  EXPECT_EQ(Asked("emotion").instruction, "[Task chain]");
  EXPECT_EQ(Asked("stimulus").instruction, "[Task chain] Emotion: sadness.");
  EXPECT_EQ(Asked("appraisal").instruction,
            "[Task chain] Emotion: sadness. Stimulus: client word.");
  const std::string chain = "Emotion: sadness. Stimulus: client word. Appraisal: I am no use.";
  EXPECT_EQ(Asked("strategy").instruction, "[Task chain] " + chain);
  const std::string act = " Strategy: put into words what the client feels.";
  EXPECT_EQ(Asked("reason").instruction, "[Task chain] " + chain + act);
  EXPECT_EQ(ReplyCue(), "[Task reply] " + chain + act + " Reason: they feel unheard.");
}

// The catalogue's check: nearly every stimulus shares a word with the client. One that does not is
// not passed on, so here all of those that reach the reply do.
TEST_F(EscotTest, StimulusThatIsNotTheClientsIsLeftOut) {
  lines_["stimulus"] = "\"a zebra crossed\"";
  const Answer answer = Play("escot", Talk(2));
  EXPECT_THAT(ReplyCue(), HasSubstr("Stimulus: not clear yet."));
  EXPECT_THAT(ReplyCue(), Not(HasSubstr("zebra")));
  EXPECT_THAT(StepOf(answer, "stimulus").output, HasSubstr("no word of it is the client's"));
}

// The catalogue's check asks whether another strategy is read back from the reply. A scripted model
// writes no reply of its own: what is shown is that the strategy alone reaches the reply anew.
TEST_F(EscotTest, AnotherStrategyChangesNothingElseInTheReplysCue) {
  shares_["strategy"] = {{2, 1.0}};
  static_cast<void>(Play("escot", Talk(2)));
  const std::string feelings = ReplyCue();
  Afresh();
  shares_["strategy"] = {{0, 1.0}};
  static_cast<void>(Play("escot", Talk(2)));
  std::string expected = feelings;
  const std::string from = "put into words what the client feels";
  expected.replace(expected.find(from), from.size(),
                   "ask for something that helps the client tell or sort out their trouble");
  EXPECT_EQ(ReplyCue(), expected);
}

// A leaning outlives the session: what it was asked with must hold no word of the talk.
TEST_F(EscotTest, LeaningIsAskedWithoutTheChain) {
  lines_["stimulus"] = "\"client zebra\"";
  static_cast<void>(Play("escot", Talk(1)));
  int leanings = 0;
  for (const Ask& ask : Scripted()->asked()) {
    if (ask.messages[0].text != OpeningWord()) continue;
    ++leanings;
    EXPECT_EQ(ask.instruction, "[Task chain]");
  }
  EXPECT_EQ(leanings, 1);
}

TEST_F(EscotTest, EmptyLinesAreToldAsUnknown) {
  lines_["stimulus"] = lines_["appraisal"] = lines_["reason"] = "\"\"";
  const Answer answer = Play("escot", Talk(2));
  EXPECT_THAT(ReplyCue(), HasSubstr("Stimulus: not clear yet. Appraisal: not clear yet."));
  EXPECT_THAT(StepOf(answer, "reason").output, HasSubstr("nothing that could be read"));
}

TEST_F(EscotTest, SpeaksEveryLanguage) {
  shares_["emotion"] = {{0, 1.0}};
  shares_["strategy"] = {{2, 1.0}};
  language_ = Language::kChinese;
  static_cast<void>(Play("escot", Talk(2)));
  EXPECT_THAT(ReplyCue(), HasSubstr("情绪：悲伤。"));
  EXPECT_THAT(ReplyCue(), HasSubstr("策略：把来访者的感受说出来。"));
  Afresh();
  language_ = Language::kJapanese;
  static_cast<void>(Play("escot", Talk(2)));
  EXPECT_THAT(ReplyCue(), HasSubstr("感情：悲しみ。"));
  EXPECT_THAT(ReplyCue(), HasSubstr("方略：相談者が感じていることを言葉にして返す。"));
}

}  // namespace
}  // namespace emostage
