// Each kind of fault that the vocabulary, phase and sample files can have, and what it says.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "emostage/error.h"
#include "knowledge/knowledge.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// A copy of data/ in which files are then broken.
class Faults : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(::testing::TempDir()) / (std::string("emostage_faults_") + test->name());
    fs::remove_all(folder_);
    fs::copy(fs::path(EMOSTAGE_SOURCE_DIR) / "data", folder_, fs::copy_options::recursive);
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string Text(const std::string& path) const { return ReadFile(folder_ / path); }

  // The message of loading with the first `from` in the file replaced, the folder's name cut off
  // and "LINE" in place of the line, which must be that of the replaced text plus `line_offset`.
  std::string Fault(const std::string& path, const std::string& from, const std::string& to,
                    int line_offset = 0) {
    const std::string text = Text(path);
    const std::size_t place = text.find(from);
    EXPECT_NE(place, std::string::npos) << from << " is not in " << path;
    if (place == std::string::npos) return "";
    std::string broken = text;
    broken.replace(place, from.size(), to);
    WriteFileAtomically(folder_ / path, broken);
    std::string message = LoadFault();
    WriteFileAtomically(folder_ / path, text);
    const auto newlines = std::count(text.begin(), text.begin() + static_cast<long>(place), '\n');
    const std::string line = " line " + std::to_string(newlines + 1 + line_offset) + ":";
    const std::size_t number = message.find(line);
    EXPECT_NE(number, std::string::npos) << message << " does not name" << line;
    if (number != std::string::npos) message.replace(number, line.size(), " LINE:");
    return message;
  }

  [[nodiscard]] std::string LoadFault() const {
    try {
      (void)Knowledge::Load(folder_);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kKnowledge);
      std::string message = error.what();
      const std::string prefix = folder_.string() + "/";
      while (message.find(prefix) != std::string::npos) {
        message.erase(message.find(prefix), prefix.size());
      }
      return message;
    }
    return "no fault";
  }

  fs::path folder_;
};

TEST_F(Faults, UnbrokenCopyLoads) { EXPECT_EQ(LoadFault(), "no fault"); }

TEST_F(Faults, NotToml) {
  WriteFileAtomically(folder_ / "needs.toml", "id = \"needs\"\nversion = = 1\n");
  EXPECT_THAT(LoadFault(), HasSubstr("needs.toml line 2, column 11: not valid TOML: "));
}

TEST_F(Faults, NotUtf8) {
  WriteFileAtomically(folder_ / "needs.toml", "id = \"\xff\xfe\"\n");
  EXPECT_THAT(LoadFault(), HasSubstr("needs.toml line 1"));
}

TEST_F(Faults, MissingFile) {
  fs::remove(folder_ / "emotions.toml");
  EXPECT_THAT(LoadFault(), HasSubstr("emotions.toml"));
}

TEST_F(Faults, MissingLanguageOfPrompts) {
  fs::remove(folder_ / "prompts/direct.ja.toml");
  EXPECT_EQ(LoadFault(),
            "prompts/direct.ja.toml is missing; each method has prompts in en, zh and ja");
}

TEST_F(Faults, PromptsThatLackALineOfTheNotes) {
  const std::string text = Text("prompts/emostage.en.toml");
  for (const char* line : {"thinks", "situation", "feels", "strength", "needs", "phase"}) {
    const std::string key = std::string(line) + " = \"";
    const std::size_t begin = text.find("\n" + key, text.find("[prefix]"));
    ASSERT_NE(begin, std::string::npos) << line;
    std::string without = text;
    without.erase(begin, text.find('\n', begin + 1) - begin);
    WriteFileAtomically(folder_ / "prompts/emostage.en.toml", without);
    EXPECT_THAT(LoadFault(), HasSubstr("[prefix]: '" + std::string(line) + "' is missing"));
  }
}

TEST_F(Faults, NoPromptsAtAll) {
  fs::remove_all(folder_ / "prompts");
  EXPECT_EQ(LoadFault(), "there are no prompt files in prompts");
}

TEST_F(Faults, IdUnlikeTheFileName) {
  EXPECT_EQ(Fault("needs.toml", "id = \"needs\"", "id = \"kneads\""),
            "needs.toml LINE: id is 'kneads' but the file is called 'needs.toml'; make them the "
            "same");
}

TEST_F(Faults, VersionMustCount) {
  EXPECT_EQ(Fault("needs.toml", "version = 1", "version = 0"),
            "needs.toml LINE: 'version' must be a whole number from 1 on");
}

TEST_F(Faults, UnknownKey) {
  EXPECT_EQ(Fault("emotions.toml", "valence = \"negative\"", "valense = \"negative\""),
            "emotions.toml LINE: emotion 'sadness': unknown key 'valense'; the keys here are id, "
            "name, valence, goemotions");
}

TEST_F(Faults, UnknownValence) {
  EXPECT_EQ(Fault("emotions.toml", "valence = \"negative\"", "valence = \"bad\""),
            "emotions.toml LINE: emotion 'sadness': valence is 'bad'; it must be \"negative\", "
            "\"neutral\" or \"positive\"");
}

TEST_F(Faults, MissingTranslation) {
  EXPECT_EQ(Fault("emotions.toml", ", ja = \"悲しみ\"", ""),
            "emotions.toml LINE: emotion 'sadness' 'name': 'ja' is missing");
  EXPECT_EQ(Fault("emotions.toml", "zh = \"悲伤\"", "zh = \"\""),
            "emotions.toml LINE: emotion 'sadness' 'name': 'zh' is empty");
  EXPECT_EQ(Fault("needs.toml", "definition.zh", "definition.fr"),
            "needs.toml LINE: need 'emotional' 'definition': unknown key 'fr'; the keys here are "
            "en, zh, ja");
}

TEST_F(Faults, TextOfTwoLines) {
  EXPECT_EQ(Fault("needs.toml", "definition.en = \"", "definition.en = \"a\\n"),
            "needs.toml LINE: need 'emotional' 'definition': 'en' must be one line");
}

TEST_F(Faults, FragmentWithAFullStop) {
  EXPECT_EQ(Fault("needs.toml", "被理解、被关心", "被理解、被关心。"),
            "needs.toml LINE: need 'emotional' 'definition': 'zh' ends with a full stop; leave it "
            "out: the prompts put these words into sentences");
}

TEST_F(Faults, IdThatIsNotPlain) {
  EXPECT_EQ(Fault("needs.toml", "id = \"esteem\"", "id = \"Esteem!\""),
            "needs.toml LINE: [[need]]: 'id' is 'Esteem!'; an id holds lower-case letters and "
            "digits, words joined by '-'");
}

TEST_F(Faults, IdOrNameUsedTwice) {
  EXPECT_EQ(Fault("needs.toml", "id = \"esteem\"", "id = \"emotional\""),
            "needs.toml LINE: need 'emotional': the id 'emotional' is used twice");
  EXPECT_EQ(Fault("needs.toml", "ja = \"励まし\"", "ja = \"慰め\""),
            "needs.toml LINE: need 'esteem': the name '慰め' is used twice");
}

TEST_F(Faults, OutsideLabelUsedTwice) {
  EXPECT_EQ(Fault("emotions.toml", "[\"grief\"]", "[\"grief\", \"sadness\"]"),
            "emotions.toml LINE: emotion 'grief': the label 'sadness' already belongs to "
            "'sadness'");
  EXPECT_THAT(Fault("strategies.toml", "[\"Information\"]", "[\"Questions\"]"),
              HasSubstr("the label 'Questions' already belongs to 'question'"));
}

TEST_F(Faults, RowThatDoesNotSumToOne) {
  EXPECT_EQ(Fault("phases/hill.toml", "[transition.insight]\nexploration = 0.15",
                  "[transition.insight]\nexploration = 0.05"),
            "phases/hill.toml LINE: transition row 'insight' sums to 0.9; it must sum to 1");
  EXPECT_EQ(
      Fault("phases/hill.toml", "[initial]\nexploration = 0.92", "[initial]\nexploration = 0.93"),
      "phases/hill.toml LINE: [initial] sums to 1.01; it must sum to 1");
}

TEST_F(Faults, ProbabilityOutOfRange) {
  EXPECT_EQ(Fault("phases/hill.toml", "insight = 0.13", "insight = 0"),
            "phases/hill.toml LINE: transition row 'exploration': 'insight' is 0; a probability "
            "here lies above 0 and is at most 1");
  EXPECT_THAT(Fault("phases/hill.toml", "insight = 0.13", "insight = nan"),
              HasSubstr("'insight' is nan"));
  EXPECT_EQ(Fault("phases/hill.toml", "insight = 0.13", "insight = \"much\""),
            "phases/hill.toml LINE: transition row 'exploration': 'insight' must be a number");
}

TEST_F(Faults, RowWithAMissingOrUnknownPhase) {
  EXPECT_EQ(Fault("phases/hill.toml", "[transition.insight]\nexploration = 0.15\n",
                  "[transition.insight]\n"),
            "phases/hill.toml LINE: transition row 'insight': 'exploration' is missing");
  EXPECT_EQ(Fault("phases/hill.toml", "insight = 0.13", "outsight = 0.13"),
            "phases/hill.toml LINE: transition row 'exploration': there is no phase 'outsight' in "
            "this file");
  EXPECT_EQ(Fault("phases/hill.toml", "[transition.insight]", "[transition.outsight]"),
            "phases/hill.toml LINE: [transition]: there is no phase 'outsight' in this file");
}

TEST_F(Faults, PhaseThatMapsToNoPhaseOfTheFive) {
  EXPECT_EQ(
      Fault("phases/hill.toml", "five_phase = \"problem-solving\"", "five_phase = \"solving\""),
      "phases/hill.toml LINE: [[phase]]: five_phase is 'solving'; it must be one of rapport, "
      "problem-identification, exploration, problem-solving, wrap-up");
}

TEST_F(Faults, SampleDialogueThatIsNotOne) {
  WriteFileAtomically(folder_ / "demo/en.json", "[{\"role\": \"client\", ");
  EXPECT_THAT(LoadFault(), HasSubstr("demo/en.json: "));
  WriteFileAtomically(
      folder_ / "demo/en.json",
      R"([{"role": "client", "text": "Hi"}, {"role": "counsellor", "text": "Hi"}])");
  EXPECT_EQ(LoadFault(), "demo/en.json: a sample dialogue must end with the client");
}

}  // namespace
}  // namespace emostage
