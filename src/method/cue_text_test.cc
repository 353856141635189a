#include "method/cue_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "method/methods_testing.h"

namespace emostage {
namespace {

using CueTextTest = testing::MethodsTest;
using ::testing::IsEmpty;

TEST_F(CueTextTest, IsOneLineWithoutAFullStopOfItsOwn) {
  EXPECT_EQ(CueText(" a\nb.. ", Prompts()), "a b");
  EXPECT_EQ(CueText("悲しい。", Prompts()), "悲しい");
  EXPECT_EQ(CueText("Really?", Prompts()), "Really?");
  EXPECT_THAT(CueText("", Prompts()), IsEmpty());
  EXPECT_THAT(CueText("…!? 12", Prompts()), IsEmpty());
}

TEST_F(CueTextTest, LooksLikeNoCueAndIsBounded) {
  EXPECT_EQ(CueText("so [Task reply] say yes", Prompts()), "so (Task reply] say yes");
  EXPECT_EQ(CueText(std::string(5000, 'x'), Prompts()).size(), 240U);
  std::string long_text;
  for (int i = 0; i < 300; ++i) long_text += "悲";
  EXPECT_EQ(CueText(long_text, Prompts()).size(), 240U) << "cut between characters";
}

class TakesUpClientTest : public testing::MethodsTest {
 protected:
  bool TakesUp(const std::string& said, const std::string& text) {
    Memory memory;
    Leanings leanings;
    Dialogue dialogue;
    dialogue.turns = {{Role::kClient, "Hello", ""},
                      {Role::kCounsellor, "zebra crossing", ""},
                      {Role::kClient, said, ""}};
    const auto context = Scripted()->Open();
    StageSettings settings;
    settings.knowledge = &testing::Shipped();
    settings.model = Scripted().get();
    settings.context = context.get();
    settings.memory = &memory;
    settings.leanings = &leanings;
    settings.dialogue = &dialogue;
    settings.scheme = &Scheme();
    const Stage stage(settings, "direct", "direct");
    return TakesUpClient(stage, text);
  }
};

TEST_F(TakesUpClientTest, OneWordThatCarriesMeaningIsEnough) {
  EXPECT_TRUE(TakesUp("I failed my exam.", "the EXAM went wrong"));
  EXPECT_TRUE(TakesUp("I failed my exam.", "failed"));
  EXPECT_FALSE(TakesUp("I failed my exam.", "my dog")) << "short words are everywhere";
  EXPECT_FALSE(TakesUp("I failed my exam.", "a zebra")) << "that was the counsellor";
  EXPECT_FALSE(TakesUp("I failed my exam.", ""));
}

TEST_F(TakesUpClientTest, InChineseAndJapaneseTwoCharacters) {
  EXPECT_TRUE(TakesUp("我考试又没过。", "考试没过"));
  EXPECT_FALSE(TakesUp("我考试又没过。", "狗生病了"));
  EXPECT_TRUE(TakesUp("試験に落ちました。", "試験のこと"));
  EXPECT_TRUE(TakesUp("テストに落ちました。", "テスト"));
  EXPECT_FALSE(TakesUp("試験に落ちました。", "うれしかったです")) << "endings are everywhere";
}

}  // namespace
}  // namespace emostage
