#include "safety/reply_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "knowledge/knowledge.h"

namespace emostage {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

const SafetyKnowledge& Shipped() {
  static const Knowledge knowledge = Knowledge::Load();
  return knowledge.safety();
}

std::string Rule(const std::string& reply, Language language = Language::kEnglish) {
  return BrokenRule(Shipped(), language, reply);
}

TEST(ReplyGuard, WhatAReplyMustNotSay) {
  EXPECT_EQ(Rule("It sounds like you have depression."), "diagnosis");
  EXPECT_EQ(Rule("I am a human, just like you."), "claims-human");
  EXPECT_EQ(Rule("You should take 20 mg of Prozac."), "medication");
  EXPECT_THAT(Rule("你得了抑郁症。", Language::kChinese), Not(IsEmpty()));
  EXPECT_THAT(Rule("あなたはうつ病です。", Language::kJapanese), Not(IsEmpty()));
}

TEST(ReplyGuard, NumbersThatLookLikeATelephoneNumber) {
  for (const char* reply :
       {"Call 0120-783-556.", "try 1 800 273 8255 now", "dial 988", "１１０番へ",
        "ring (555) 123-4567", "text 741741", "call 110 or 119"}) {
    EXPECT_EQ(Rule(reply), "number") << reply;
  }
  for (const char* reply : {"You slept 3 hours, from 2 to 5.", "Since 2019 it has been hard.",
                            "That was 12 years ago.", "Ten out of 10."}) {
    EXPECT_EQ(Rule(reply), "") << reply;
  }
}

TEST(ReplyGuard, WhatAListenerMaySay) {
  for (const char* reply : {"That sounds so heavy. What has been hardest this week?",
                            "You feel alone with it, and tired of explaining yourself.",
                            "I'm a program, not a therapist, but I'm listening.",
                            "It took courage to tell your sister. How did she answer?"}) {
    EXPECT_EQ(Rule(reply), "") << reply;
  }
  EXPECT_EQ(Rule("听起来你这阵子真的很累，身边有人知道吗？", Language::kChinese), "");
  EXPECT_EQ(Rule("それはつらかったですね。いつごろからですか。", Language::kJapanese), "");
}

TEST(ReplyGuard, LetsGoOfWhatIsClearAndNothingElse) {
  std::string read;
  int broken = 0;
  ReplyGuard guard(
      Shipped(), Language::kEnglish, [&](std::string_view s) { read += s; }, [&] { ++broken; });
  guard.Write("That sounds hard. ");
  EXPECT_EQ(read, "That sounds hard. ");  // a sentence that is over
  for (const char* piece : {"You ", "can ", "call ", "0120", "-783", "-556", " any time."}) {
    guard.Write(piece);
  }
  guard.Finish();
  EXPECT_EQ(guard.rule(), "number");
  EXPECT_EQ(broken, 1);
  EXPECT_EQ(read, "That sounds hard. ");
  EXPECT_EQ(guard.released(), read);
}

TEST(ReplyGuard, ACleanReplyComesWholeInOrder) {
  for (const auto& [language, text] :
       {std::pair(Language::kEnglish,
                  std::string("It sounds as if the whole week was one long wait "
                              "and nobody asked how you were doing")),
        std::pair(Language::kChinese, std::string("听起来你这阵子真的很累，一个人扛着这么多事情，"
                                                  "晚上也睡不好，身边有没有人知道呢"))}) {
    std::string read;
    ReplyGuard guard(Shipped(), language, [&](std::string_view s) { read += s; }, {});
    size_t most_held = 0;
    for (size_t at = 0; at < text.size();) {
      size_t end = at + 1;
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
      guard.Write(text.substr(at, end - at));
      at = end;
      most_held = std::max(most_held, at - read.size());
    }
    EXPECT_LT(read.size(), text.size());
    guard.Finish();
    EXPECT_EQ(read, text);
    EXPECT_LT(most_held, 120U) << "more is held back than a window";
  }
}

}  // namespace
}  // namespace emostage
