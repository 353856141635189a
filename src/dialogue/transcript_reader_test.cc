#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dialogue/readers.h"
#include "dialogue/testing.h"

namespace emostage {
namespace {

using ::testing::HasSubstr;

TEST(CpsycounFormatTest, ReadsBothKindsOfColon) {
  EXPECT_EQ(ShowOne("来访者：我睡不着。\n\n心理咨询师: 从什么时候开始？\n咨询师 ：嗯。\n"),
            "client: 我睡不着。 | counsellor: 从什么时候开始？ | counsellor: 嗯。 | ");
}

TEST(CpsycounFormatTest, TurnMaySpanParagraphs) {
  EXPECT_EQ(ShowOne("\uFEFF来访者：\r\n第一段。\r\n\r\n妈妈：别哭。\r\n\r\n心理咨询师：好。"),
            "client: 第一段。\n\n妈妈：别哭。 | counsellor: 好。 | ");
}

TEST(CpsycounFormatTest, TitleBelongsToNobody) {
  EXPECT_EQ(ShowOne("个案一\n\n来访者：你好", DialogueFormat::kCpsycoun), "client: 你好 | ");
}

TEST(CpsycounFormatTest, LabelInsideALineIsProse) {
  EXPECT_EQ(ShowOne("来访者：我对她说，心理咨询师：都是这样的。"),
            "client: 我对她说，心理咨询师：都是这样的。 | ");
}

TEST(CpsycounFormatTest, TextWithoutTurnsIsAFault) {
  EXPECT_THAT(ReadingFault("没有人说话", DialogueFormat::kCpsycoun), HasSubstr("has no turns"));
  EXPECT_THAT(ReadingFault("来访者：\n心理咨询师： \n"), HasSubstr("has no turns"));
}

}  // namespace
}  // namespace emostage
