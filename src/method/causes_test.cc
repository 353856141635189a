#include "method/causes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "method/methods_testing.h"

namespace emostage {
namespace {

using CausesTest = testing::MethodsTest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::StepNames;
using testing::StepOf;
using testing::Talk;

TEST_F(CausesTest, ClientsSideThenTheListenersThenTheReply) {
  Watch();
  shares_["feels"] = {{0, 1.0}};
  shares_["own_feels"] = {{1, 1.0}};
  lines_["cause"] = "\"lost a job.\"";
  lines_["wants"] = "\"to sleep\"";
  lines_["intent"] = "\"let them be heard\"";
  const Answer answer = Play("causes", Talk(2));
  EXPECT_THAT(StepNames(answer),
              ElementsAre("cause", "wants", "feels", "intent", "own_feels", "reply"));
  // Lines of one side are asked side by side.
  EXPECT_THAT(watched_->events,
              ElementsAre("ask cause", "ask wants", "ask feels", "wait cause", "wait wants",
                          "wait feels", "ask intent", "ask own_feels", "wait intent",
                          "wait own_feels", "ask reply", "wait reply"));
}

TEST_F(CausesTest, ReplyIsToldBothSides) {
  shares_["feels"] = {{0, 1.0}};
  shares_["own_feels"] = {{1, 1.0}};
  lines_["cause"] = "\"lost a job.\"";
  lines_["wants"] = "\"to sleep\"";
  lines_["intent"] = "\"let them be heard\"";
  static_cast<void>(Play("causes", Talk(2)));
  const std::string client = " Cause: lost a job. Wants: to sleep. Feels: sadness.";
  EXPECT_EQ(Asked("cause").instruction, "[Task client]");
  EXPECT_EQ(Asked("intent").instruction, "[Task listener]" + client);
  EXPECT_EQ(ReplyCue(),
            "[Task reply]" + client + " Intent: let them be heard. Left with: sympathy.");
}

// The catalogue's check: another intent changes the reply's act. A scripted model can show that the
// intent alone reaches the reply anew, and that the client's side is asked without it.
TEST_F(CausesTest, AnotherIntentChangesNothingElseInTheReplysCue) {
  lines_["intent"] = "\"console\"";
  static_cast<void>(Play("causes", Talk(2)));
  std::string expected = ReplyCue();
  expected.replace(expected.find("console"), 7, "ask");
  Afresh();
  lines_["intent"] = "\"ask\"";
  static_cast<void>(Play("causes", Talk(2)));
  EXPECT_EQ(ReplyCue(), expected);
}

TEST_F(CausesTest, EmptyLinesAreToldAsUnknown) {
  lines_["cause"] = lines_["wants"] = lines_["intent"] = "";
  const Answer answer = Play("causes", Talk(2));
  EXPECT_THAT(ReplyCue(), HasSubstr("Cause: not clear yet. Wants: not clear yet."));
  EXPECT_THAT(StepOf(answer, "intent").output, HasSubstr("nothing that could be read"));
}

TEST_F(CausesTest, SpeaksEveryLanguage) {
  shares_["feels"] = {{0, 1.0}};
  shares_["own_feels"] = {{0, 1.0}};
  language_ = Language::kChinese;
  static_cast<void>(Play("causes", Talk(2)));
  EXPECT_THAT(ReplyCue(), HasSubstr("感到：悲伤。"));
  EXPECT_THAT(ReplyCue(), HasSubstr("心里：牵挂。"));
  Afresh();
  language_ = Language::kJapanese;
  static_cast<void>(Play("causes", Talk(2)));
  EXPECT_THAT(ReplyCue(), HasSubstr("聴いた心：気がかり。"));
}

}  // namespace
}  // namespace emostage
