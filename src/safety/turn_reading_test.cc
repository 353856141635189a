#include "safety/turn_reading.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "base/file.h"
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

// data/ with English weights by which "quiet water" is danger to somebody else and all else is
// none.
class Weighed : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    namespace fs = std::filesystem;
    const fs::path folder =
        fs::path(::testing::TempDir()) / ("emostage_weights_" + std::to_string(getpid()));
    fs::remove_all(folder);
    fs::copy(fs::path(EMOSTAGE_SOURCE_DIR) / "data", folder, fs::copy_options::recursive);
    std::string columns;
    for (const char* column :
         {"danger", "self", "others", "abuse", "psychosis", "eating", "medical", "third"}) {
      columns += std::string(column) + " = " + (column == std::string("danger") ? "-5\n" : "0.1\n");
    }
    std::string steps = columns;
    steps.replace(steps.find("-5"), 2, "0.3");
    WriteFileAtomically(folder / "safety/weights.en.toml",
                        "version = 1\nlanguage = \"en\"\nsource = \"a test\"\n"
                        "take_over = 0.8\ncalm = 0.2\n"
                        "columns = [\"danger\", \"self\", \"others\", \"abuse\", \"psychosis\", "
                        "\"eating\", \"medical\", \"third\"]\n"
                        "weights = '''\nzUUUUUUz w:quiet water\n'''\n[bias]\n" +
                            columns + "[step]\n" + steps);
    knowledge_ = new Knowledge(Knowledge::Load(folder));
    static_cast<void>(knowledge_->safety());
    fs::remove_all(folder);
  }
  static void TearDownTestSuite() { delete std::exchange(knowledge_, nullptr); }
  static TurnReading Read(const std::string& text, bool weigh_words = true) {
    return ReadTurn(knowledge_->safety(), Language::kEnglish, text, "", weigh_words);
  }

 private:
  inline static Knowledge* knowledge_ = nullptr;
};

TEST_F(Weighed, WordsRaiseToModerateWithTheirTrack) {
  const TurnReading turn = Read("quiet water");
  EXPECT_EQ(turn.level, RiskLevel::kModerate);
  EXPECT_EQ(turn.track, "third");
  ASSERT_EQ(turn.evidence.size(), 1U);
  EXPECT_EQ(turn.evidence[0].source, "words");
  EXPECT_EQ(turn.evidence[0].words, "1.00 quiet water");
  EXPECT_EQ(Read("Nothing new today. Quiet water. We had soup.").level, RiskLevel::kModerate);
  EXPECT_EQ(Read("quiet water", false).level, RiskLevel::kNone);
}

TEST_F(Weighed, WordsLowerOnlyAModerateThatIsNotSaidOutright) {
  const std::string mild = "the voices in my head tell me things";
  ASSERT_EQ(Read(mild, false).level, RiskLevel::kModerate);
  const TurnReading lowered = Read(mild);
  EXPECT_EQ(lowered.level, RiskLevel::kLow);
  EXPECT_TRUE(lowered.kinds.empty());
  EXPECT_TRUE(lowered.track.empty());
  EXPECT_EQ(lowered.evidence.back().source, "words");
  for (const char* text : {"I want to kill myself", "I want to die. I took all the pills",
                           "I don't want to live anymore"}) {
    EXPECT_EQ(Read(text).level, Read(text, false).level) << text;
    EXPECT_GE(Read(text).level, RiskLevel::kModerate) << text;
  }
}

TEST(TurnReading, WordsNeverLowerWhatIsSaidOutrightOrGraver) {
  for (const char* text : {"I want to kill myself", "I want to die. I took all the pills",
                           "I don't want to live anymore"}) {
    EXPECT_EQ(Read(text).level, ReadTurn(Shipped(), Language::kEnglish, text, "", false).level);
  }
}

TEST(TurnReading, FeaturesAreOfTheLanguageItIsWrittenInAndSimplified) {
  const TurnFeatures traditional = FeaturesOf(Shipped(), Language::kJapanese, "我想自殺嗎？", "");
  EXPECT_EQ(traditional.language, Language::kJapanese) << "a talk in Japanese may lack kana";
  EXPECT_EQ(FeaturesOf(Shipped(), Language::kChinese, "我想自殺", "").sentences,
            FeaturesOf(Shipped(), Language::kChinese, "我想自杀", "").sentences);
  EXPECT_EQ(FeaturesOf(Shipped(), Language::kChinese, "I am so tired", "").language,
            Language::kEnglish);
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
