#include "method/strategy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "method/methods_testing.h"

namespace emostage {
namespace {

using StrategyTest = testing::MethodsTest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::StepNames;
using testing::StepOf;
using testing::Talk;

constexpr char kFeelings[] = "put into words what the client feels";
constexpr char kAsk[] = "ask for something that helps the client tell or sort out their trouble";

TEST_F(StrategyTest, WeighsThenReplies) {
  shares_["strategy"] = {{2, 1.0}};
  EXPECT_THAT(StepNames(Play("strategy", Talk(1))),
              ElementsAre("strategy leaning", "strategy", "reply"));
  EXPECT_THAT(StepNames(Play("strategy", Talk(2))), ElementsAre("strategy", "reply"));
}

// The catalogue's check: where one strategy is all, the reply is told that one and nothing else;
// where two share it, both, with their shares.
TEST_F(StrategyTest, OneStrategyOrAMixture) {
  shares_["strategy"] = {{2, 1.0}};
  static_cast<void>(Play("strategy", Talk(2)));
  EXPECT_EQ(ReplyCue(), "[Task reply] Do this: " + std::string(kFeelings) + ".");
  shares_["strategy"] = {{0, 0.4}, {2, 0.6}};
  static_cast<void>(Play("strategy", Talk(2)));
  EXPECT_EQ(ReplyCue(),
            "[Task reply] Do this: " + std::string(kFeelings) + " (60 %); " + kAsk + " (40 %).");
  shares_["strategy"] = {{0, 0.3}, {2, 0.7}};  // less than half as likely
  static_cast<void>(Play("strategy", Talk(2)));
  EXPECT_EQ(ReplyCue(), "[Task reply] Do this: " + std::string(kFeelings) + ".");
}

TEST_F(StrategyTest, NoMoreThanThreeInOneReply) {
  shares_["strategy"] = {{0, 0.25}, {1, 0.25}, {2, 0.25}, {4, 0.25}};
  static_cast<void>(Play("strategy", Talk(2)));
  EXPECT_EQ(std::ranges::count(ReplyCue(), '%'), 3);
}

TEST_F(StrategyTest, ModelsLeaningIsDividedOutAndBothAreInTheTrace) {
  leaning_ = {0.65, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05};
  shares_["strategy"] = {{0, 0.6}, {2, 0.4}};
  const Answer answer = Play("strategy", Talk(1));
  EXPECT_THAT(ReplyCue(), HasSubstr(kFeelings));
  const OrderedJson output = OrderedJson::parse(StepOf(answer, "strategy").output);
  EXPECT_NEAR(output.at("probabilities").at("Question").get<double>(), 0.6, 1e-9);
  EXPECT_LT(output.at("corrected").at("Question").get<double>(), 0.2);
  EXPECT_GT(output.at("corrected").at("Reflection of Feelings").get<double>(), 0.6);
  EXPECT_EQ(output.at("corrected").size(), 8U);
}

TEST_F(StrategyTest, ModelWithoutProbabilitiesIsNotAskedForALeaning) {
  Scripted()->mutable_info().capabilities.log_probabilities = false;
  shares_["strategy"] = {{2, 1.0}};
  EXPECT_THAT(StepNames(Play("strategy", Talk(1))), ElementsAre("strategy", "reply"));
  EXPECT_THAT(ReplyCue(), HasSubstr(kFeelings));
}

TEST_F(StrategyTest, ProgramDisclosesNothingOfItsOwn) {
  shares_["strategy"] = {{3, 0.9}, {2, 0.1}};
  const Answer answer = Play("strategy", Talk(2));
  EXPECT_EQ(ReplyCue(), "[Task reply] Do this: " + std::string(kFeelings) + ".");
  EXPECT_THAT(StepOf(answer, "strategy").output, HasSubstr("nothing of its own to disclose"));
}

TEST_F(StrategyTest, SpeaksEveryLanguage) {
  shares_["strategy"] = {{0, 0.4}, {2, 0.6}};
  language_ = Language::kChinese;
  static_cast<void>(Play("strategy", Talk(2)));
  EXPECT_EQ(ReplyCue(),
            "[任务 回复] 要做的事：把来访者的感受说出来（60%）；"
            "提出问题，帮来访者把困扰说出来或理清楚（40%）。");
  Afresh();
  language_ = Language::kJapanese;
  static_cast<void>(Play("strategy", Talk(2)));
  EXPECT_THAT(ReplyCue(), HasSubstr("[タスク 返答] すること：相談者が感じていることを"));
}

}  // namespace
}  // namespace emostage
