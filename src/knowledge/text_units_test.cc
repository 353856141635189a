#include "knowledge/text_units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace emostage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kEnd(kSentenceEnd);

TEST(TextUnits, WordsAndSentences) {
  EXPECT_THAT(ReadUnits("I can't, really. Help me!"),
              ElementsAre("i", "can't", "really", kEnd, "help", "me", kEnd));
  EXPECT_THAT(ReadUnits("...!?"), IsEmpty());
  EXPECT_THAT(ReadUnits(""), IsEmpty());
}

TEST(TextUnits, ChineseAndJapaneseByCharacter) {
  EXPECT_THAT(ReadUnits("想 死。真的"), ElementsAre("想", "死", kEnd, "真", "的"));
  EXPECT_THAT(ReadUnits("もう無理ー"), ElementsAre("も", "う", "無", "理", "ー"));
  EXPECT_THAT(ReadUnits("自・殺"), ElementsAre("自", "殺"));
}

TEST(TextUnits, WhatHidesAWordIsUndone) {
  EXPECT_THAT(ReadUnits("Ｋｉｌｌ"), ElementsAre("kill"));
  EXPECT_THAT(ReadUnits("su1c1de"), ElementsAre("suicide"));
  EXPECT_THAT(ReadUnits("d!e"), ElementsAre("die"));
  EXPECT_THAT(ReadUnits("k i l l me"), ElementsAre("kill", "me"));
  EXPECT_THAT(ReadUnits("diiiie"), ElementsAre("die"));
  EXPECT_THAT(ReadUnits("ki\u200Bll"), ElementsAre("kill"));
  EXPECT_THAT(ReadUnits("don’t"), ElementsAre("don't"));
  EXPECT_THAT(ReadUnits("ｼﾆﾀｲ"), ElementsAre("シ", "ニ", "タ", "イ"));
}

TEST(TextUnits, WhatHidesNothingStays) {
  EXPECT_THAT(ReadUnits("20mg at 3am, 2 of 10"), ElementsAre("20mg", "at", "3am", "2", "of", "10"));
  EXPECT_THAT(ReadUnits("I saw a good book"), ElementsAre("i", "saw", "a", "good", "book"));
  EXPECT_THAT(ReadUnits("🔪 ok"), ElementsAre("🔪", "ok"));
}

TEST(TextUnits, AnyBytesAreTaken) {
  std::string bytes;
  for (int c = 1; c < 256; ++c) bytes += static_cast<char>(c);
  EXPECT_NO_THROW(static_cast<void>(ReadUnits(bytes)));
  EXPECT_THAT(ReadUnits("\xff\xfe die"), ElementsAre("die"));
}

TEST(TextUnits, PhrasesKeepTheirStar) {
  EXPECT_THAT(ReadPhrase("end it* all"), ElementsAre("end", "it*", "all"));
  EXPECT_THAT(ReadPhrase("不想 活"), ElementsAre("不", "想", "活"));
}

}  // namespace
}  // namespace emostage
