#include "method/self_other.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "method/methods_testing.h"

namespace emostage {
namespace {

using SelfOtherTest = testing::MethodsTest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using testing::StepNames;
using testing::Talk;

TEST_F(SelfOtherTest, KeepsTheViewsApartThenWeighsThem) {
  shares_["feels"] = {{0, 1.0}};
  shares_["weight"] = {{0, 0.7}, {1, 0.3}};
  lines_["client_view"] = "\"I am no use\"";
  lines_["own_view"] = "\"they try hard\"";
  const Answer answer = Play("self-other", Talk(2));
  EXPECT_THAT(StepNames(answer),
              ElementsAre("client_view", "feels", "own_view", "weight leaning", "weight", "reply"));
  EXPECT_EQ(ReplyCue(),
            "[Task reply] Client feels: sadness. Client sees it so (70 %): I am no use. "
            "I see it so (30 %): they try hard.");
}

// The catalogue's check: editing one speaker's turns leaves the other's record unchanged. As all
// that a record is made from is its question, it is enough that the question stays the same.
TEST_F(SelfOtherTest, NeitherSideReadsTheOther) {
  const Dialogue talk = Talk(3);
  Dialogue other_counsellor = talk;
  Dialogue other_client = talk;
  for (Turn& turn : other_counsellor.turns) {
    if (turn.role == Role::kCounsellor) turn.text = "zebra";
  }
  for (Turn& turn : other_client.turns) {
    if (turn.role == Role::kClient) turn.text = "zebra";
  }
  const auto texts = [&](const Dialogue& dialogue, const std::string& question) {
    Afresh();
    static_cast<void>(Play("self-other", dialogue));
    std::vector<std::string> all;
    for (const Message& message : Asked(question).messages) all.push_back(message.text);
    return all;
  };
  for (const char* question : {"client_view", "feels"}) {
    EXPECT_EQ(texts(talk, question), texts(other_counsellor, question));
    EXPECT_NE(texts(talk, question), texts(other_client, question));
  }
  EXPECT_EQ(texts(talk, "own_view"), texts(other_client, "own_view"));
  EXPECT_NE(texts(talk, "own_view"), texts(other_counsellor, "own_view"));
  EXPECT_THAT(texts(talk, "client_view"),
              ElementsAre("client 0 word word word\nclient 1 word word word\n"
                          "client 2 word word word"));
  EXPECT_THAT(texts(talk, "own_view"),
              ElementsAre("(What you have said so far:)\nanswer 1\nanswer 2"));
  EXPECT_THAT(texts(talk, "weight"), SizeIs(5)) << "who has what to give is seen in the whole";
}

// The catalogue's check: all weight on one side and all on the other give different replies. A
// scripted model can show what each reply is told.
TEST_F(SelfOtherTest, SideWithNearlyAllTheWeightSpeaksAlone) {
  lines_["client_view"] = "\"I am no use\"";
  lines_["own_view"] = "\"they try hard\"";
  shares_["weight"] = {{0, 1.0}};
  static_cast<void>(Play("self-other", Talk(2)));
  EXPECT_THAT(ReplyCue(), HasSubstr("I am no use"));
  EXPECT_THAT(ReplyCue(), Not(HasSubstr("they try hard")));
  EXPECT_THAT(ReplyCue(), Not(HasSubstr("%")));
  shares_["weight"] = {{1, 1.0}};
  static_cast<void>(Play("self-other", Talk(2)));
  EXPECT_EQ(ReplyCue(), "[Task reply] I see it so: they try hard.");
}

TEST_F(SelfOtherTest, ListenerWhoHasSaidNothingHasNoView) {
  shares_["weight"] = {{1, 1.0}};
  const Answer answer = Play("self-other", Talk(1));
  EXPECT_THAT(StepNames(answer),
              ElementsAre("client_view", "feels", "weight leaning", "weight", "reply"));
  EXPECT_THAT(ReplyCue(), HasSubstr("Client sees it so: word of client_view."));
}

// A summary tells of both, so it belongs to neither side.
TEST_F(SelfOtherTest, SummaryOfAFoldedTalkIsNoSidesWords) {
  Scripted()->mutable_info().context_tokens = 2000;
  reply_ = "zebra";
  const Answer answer = Play("self-other", Talk(80, 40));
  ASSERT_EQ(answer.steps.at(0).name, "fold");
  EXPECT_THAT(memory_.fold.summary, Not(IsEmpty()));
  EXPECT_THAT(Asked("client_view").messages[0].text, Not(HasSubstr("zebra")));
  EXPECT_THAT(Asked("own_view").messages[0].text, Not(HasSubstr("zebra")));
}

TEST_F(SelfOtherTest, SpeaksEveryLanguage) {
  shares_["feels"] = {{0, 1.0}};
  shares_["weight"] = {{0, 0.5}, {1, 0.5}};
  language_ = Language::kChinese;
  static_cast<void>(Play("self-other", Talk(2)));
  EXPECT_THAT(ReplyCue(), HasSubstr("来访者感到：悲伤。来访者这样看（50%）："));
  Afresh();
  language_ = Language::kJapanese;
  static_cast<void>(Play("self-other", Talk(2)));
  EXPECT_THAT(ReplyCue(), HasSubstr("聴き手の見方（50%）："));
}

}  // namespace
}  // namespace emostage
