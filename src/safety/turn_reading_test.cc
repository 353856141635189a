#include "safety/turn_reading.h"

#include <gtest/gtest.h>

#include <string>

#include "knowledge/knowledge.h"

namespace emostage {
namespace {

const SafetyKnowledge& Shipped() {
  static const Knowledge knowledge = Knowledge::Load();
  return knowledge.safety();
}

TurnReading Read(const std::string& text, Language language = Language::kEnglish,
                 const std::string& before = "") {
  return ReadTurn(Shipped(), language, text, before);
}

TEST(TurnReading, DangerInThreeLanguages) {
  EXPECT_GE(Read("I want to kill myself").level, RiskLevel::kModerate);
  EXPECT_GE(Read("我不想活了", Language::kChinese).level, RiskLevel::kModerate);
  EXPECT_GE(Read("もう死にたいです", Language::kJapanese).level, RiskLevel::kModerate);
}

TEST(TurnReading, InWhateverWayItIsTyped) {
  EXPECT_GE(Read("i want to k1ll myself").level, RiskLevel::kModerate);
  EXPECT_GE(Read("Ｉ ｗａｎｔ ｔｏ ｄｉｅ").level, RiskLevel::kModerate);
  EXPECT_GE(Read("我想自殺", Language::kChinese).level, RiskLevel::kModerate) << "traditional";
  EXPECT_GE(Read("我 想 自 杀", Language::kChinese).level, RiskLevel::kModerate);
}

TEST(TurnReading, TheLanguageOfTheTalkDoesNotBlindIt) {
  EXPECT_GE(Read("I want to kill myself", Language::kJapanese).level, RiskLevel::kModerate);
  EXPECT_GE(Read("我不想活了", Language::kEnglish).level, RiskLevel::kModerate);
  EXPECT_GE(Read("もう死にたい", Language::kEnglish).level, RiskLevel::kModerate);
}

TEST(TurnReading, IdiomsAndOrdinaryTroublesAreNotDanger) {
  for (const char* text : {"I was dying of laughter", "my phone died again", "deadline tomorrow",
                           "I failed the exam and cried all day"}) {
    EXPECT_LT(Read(text).level, RiskLevel::kModerate) << text;
  }
  EXPECT_LT(Read("笑死我了", Language::kChinese).level, RiskLevel::kModerate);
  EXPECT_LT(Read("死ぬほど好き", Language::kJapanese).level, RiskLevel::kModerate);
}

TEST(TurnReading, AYesCountsAfterADirectQuestion) {
  const std::string asked = "Are you thinking of killing yourself?";
  EXPECT_LT(Read("yes", Language::kEnglish, "Did you sleep well?").level, RiskLevel::kModerate);
  EXPECT_GE(Read("yes", Language::kEnglish, asked).level, RiskLevel::kModerate);
  EXPECT_TRUE(Read("yes").answers.contains("yes"));
}

TEST(TurnReading, EvidenceNamesTheRuleAndTheGravestComesFirst) {
  const TurnReading turn = Read("I want to die. I took all the pills");
  ASSERT_FALSE(turn.evidence.empty());
  EXPECT_EQ(turn.evidence.front().source, "patterns");
  EXPECT_EQ(turn.evidence.front().level, RiskLevelName(turn.level));
  EXPECT_FALSE(turn.evidence.front().rule.empty());
}

TEST(TurnReading, TheModelCanRaiseNeverLower) {
  TurnReading turn = Read("I want to kill myself");
  const RiskLevel before = turn.level;
  AddModelReading(turn, RiskLevel::kNone, "-3.00");
  EXPECT_EQ(turn.level, before);
  TurnReading calm = Read("nothing matters");
  AddModelReading(calm, RiskLevel::kHigh, "5.00");
  EXPECT_EQ(calm.level, RiskLevel::kHigh);
}

TEST(TurnReading, AskingWhetherItIsHuman) {
  EXPECT_TRUE(Read("are you a real person?").answers.contains("asks-if-human"));
  EXPECT_TRUE(Read("你是真人吗", Language::kChinese).answers.contains("asks-if-human"));
  EXPECT_TRUE(Read("あなたは人間ですか", Language::kJapanese).answers.contains("asks-if-human"));
}

}  // namespace
}  // namespace emostage
