// The readers on the data sets they are for. The sets are not part of the project; where they are
// absent the tests are skipped.
#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "dialogue/readers.h"
#include "emostage/dialogue.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;

const fs::path kData = fs::path(EMOSTAGE_SOURCE_DIR) / "../shared/data";

struct DataSet {
  const char* name;
  const char* path;
  DialogueFormat format;
  Language language;
  std::size_t dialogues;
  double least_alternation;  // share of turns that answer the other side
};

std::ostream& operator<<(std::ostream& out, const DataSet& set) { return out << set.name; }

class RealDataTest : public ::testing::TestWithParam<DataSet> {
 protected:
  void SetUp() override {
    const fs::path path = kData / GetParam().path;
    if (!fs::exists(path)) GTEST_SKIP() << "no data set at " << path;
    dialogues_ = ReadDialogueFile(path, GetParam().format);
    recognised_ = ReadDialogueFile(path);
  }

  std::vector<Dialogue> dialogues_;
  std::vector<Dialogue> recognised_;
};

TEST_P(RealDataTest, AllDialoguesAreReadAndTheFormatIsRecognised) {
  EXPECT_EQ(dialogues_.size(), GetParam().dialogues);
  ASSERT_EQ(recognised_.size(), dialogues_.size());
  for (std::size_t i = 0; i < dialogues_.size(); ++i) {
    EXPECT_EQ(DialogueToJson(recognised_[i]), DialogueToJson(dialogues_[i]));
  }
}

TEST_P(RealDataTest, BothSidesSpeakInTurn) {
  std::size_t two_sided = 0;  // the sets have a few where only one side speaks
  std::size_t answers = 0;
  std::size_t turns = 0;
  for (const Dialogue& dialogue : dialogues_) {
    std::size_t client_turns = 0;
    std::optional<Role> previous;
    for (const Turn& turn : dialogue.turns) {
      EXPECT_FALSE(turn.text.empty());
      EXPECT_EQ(Trim(RepairUtf8(turn.text)), turn.text);
      if (turn.role == Role::kClient) ++client_turns;
      if (previous) {
        ++turns;
        if (*previous != turn.role) ++answers;
      }
      previous = turn.role;
    }
    if (client_turns > 0 && client_turns < dialogue.turns.size()) ++two_sided;
  }
  EXPECT_GE(static_cast<double>(two_sided), 0.99 * static_cast<double>(dialogues_.size()));
  ASSERT_GT(turns, 0U);
  EXPECT_GE(static_cast<double>(answers) / static_cast<double>(turns),
            GetParam().least_alternation);
}

TEST_P(RealDataTest, LanguageIsDetected) {
  std::size_t right = 0;
  for (const Dialogue& dialogue : dialogues_) {
    if (DetectLanguage(dialogue) == GetParam().language) ++right;
  }
  EXPECT_GE(static_cast<double>(right), 0.99 * static_cast<double>(dialogues_.size()));
}

TEST_P(RealDataTest, LanguageIsDetectedFromTheFirstClientTurns) {
  constexpr std::size_t kTurns = 4;
  std::size_t right = 0;
  for (Dialogue dialogue : dialogues_) {
    if (dialogue.turns.size() > kTurns) dialogue.turns.resize(kTurns);
    if (DetectLanguage(dialogue) == GetParam().language) ++right;
  }
  EXPECT_GE(static_cast<double>(right), 0.99 * static_cast<double>(dialogues_.size()));
}

TEST_P(RealDataTest, WrittenDialoguesAreReadBackUnchanged) {
  for (const Dialogue& dialogue : dialogues_) {
    const std::string json = DialogueToJson(dialogue);
    EXPECT_EQ(DialogueToJson(ParseDialogue(json)), json);
  }
}

INSTANTIATE_TEST_SUITE_P(
    DataSets, RealDataTest,
    ::testing::Values(DataSet{"Esconv", "esconv/reconstructed_dev.jsonl", DialogueFormat::kEsconv,
                              Language::kEnglish, 211, 0.7},
                      DataSet{"Smile", "smile/smile_400.jsonl", DialogueFormat::kSmile,
                              Language::kChinese, 400, 0.95},
                      DataSet{"Cpsycoun", "cpsycoun/CPsyCounD", DialogueFormat::kCpsycoun,
                              Language::kChinese, 300, 0.95},
                      DataSet{"KokoroEn10", "kokorochat/en10.json", DialogueFormat::kKokoroChat,
                              Language::kEnglish, 1, 0.4}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

TEST(RealDataKokoroChatTest, ThreeSessionsInEachLanguage) {
  const fs::path directory = kData / "kokorochat";
  if (!fs::exists(directory)) GTEST_SKIP() << "no data set at " << directory;
  for (const Language language : {Language::kEnglish, Language::kChinese, Language::kJapanese}) {
    for (const char* const number : {"10", "100", "1000"}) {
      const std::string name = std::string(LanguageCode(language)) + number;
      const auto dialogues = ReadDialogueFile(directory / (name + ".json"));
      ASSERT_EQ(dialogues.size(), 1U) << name;
      EXPECT_EQ(dialogues[0].id, name);
      EXPECT_GT(dialogues[0].turns.size(), 50U) << name;
      EXPECT_EQ(DetectLanguage(dialogues[0]), language) << name;
    }
  }
  EXPECT_EQ(ReadDialogueFile(directory).size(), 9U);
}

TEST(RealDataEsconvTest, SupportersTurnsCarryStrategies) {
  const fs::path path = kData / "esconv/reconstructed_dev.jsonl";
  if (!fs::exists(path)) GTEST_SKIP() << "no data set at " << path;
  for (const Dialogue& dialogue : ReadDialogueFile(path)) {
    for (const Turn& turn : dialogue.turns) {
      EXPECT_EQ(turn.strategy.empty(), turn.role == Role::kClient) << turn.text;
    }
  }
}

}  // namespace
}  // namespace emostage
