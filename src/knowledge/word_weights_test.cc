#include "knowledge/word_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "emostage/error.h"
#include "knowledge/text_units.h"
#include "knowledge/word_features.h"

namespace emostage {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

constexpr const char* kGood = R"(version = 1
language = "en"
source = "a test"
take_over = 0.8
calm = 0.2
columns = ["danger", "self", "others", "abuse", "psychosis", "eating", "medical", "third"]
weights = '''
zUUUUUUU w:letting go
UzUUUUUU w:me
UUzUUUUU w:him
0UUUUUUU p:not idiom
'''

[bias]
danger = 0.0
self = 0.0
others = 0.0
abuse = 0.0
psychosis = 0.0
eating = 0.0
medical = 0.0
third = 0.0

[step]
danger = 0.1
self = 0.1
others = 0.1
abuse = 0.1
psychosis = 0.1
eating = 0.1
medical = 0.1
third = 0.1
)";

WordWeights Load(const std::string& text) {
  const TomlDocument document("weights.en.toml", "weights.en", text);
  return WordWeights(document);
}

// The message of loading with `from` replaced.
std::string Fault(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  if (place == std::string::npos) return "";
  text.replace(place, from.size(), to);
  try {
    static_cast<void>(Load(text));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kKnowledge);
    return error.what();
  }
  return "no fault";
}

std::vector<std::string> Features(Language language, const std::string& text) {
  const std::vector<std::string> units = ReadUnits(text);
  std::vector<std::string> features;
  for (const Units sentence : SentencesOf(units)) {
    ForEachFeature(language, sentence, [&](std::string_view one) { features.emplace_back(one); });
  }
  return features;
}

TEST(WordWeights, FaultsNameTheLine) {
  EXPECT_THAT(Fault("UzUUUUUU w:me", "UzUUUUU w:me"),
              HasSubstr("weights.en.toml line 9: the line is too short"));
  EXPECT_THAT(Fault("UzUUUUUU w:me", "U{UUUUUU w:me"), HasSubstr("line 9: '{' is no weight"));
  EXPECT_THAT(Fault("w:him", "w:me"), HasSubstr("line 10: the feature 'w:me' stands here twice"));
  EXPECT_THAT(Fault("\"others\", \"abuse\"", "\"abuse\", \"others\""),
              HasSubstr("line 6: the columns are"));
  EXPECT_THAT(Fault("eating = 0.0", "moon = 0.0"), HasSubstr("there is no track 'moon'"));
  EXPECT_THAT(Fault("eating = 0.0", ""), HasSubstr("'eating' is missing"));
  EXPECT_THAT(Fault("medical = 0.1", "medical = nan"), HasSubstr("medical is not a number"));
  EXPECT_THAT(Fault("0.8", "1.8"), HasSubstr("line 4: take_over is a probability"));
  EXPECT_THAT(Fault("calm = 0.2", "calm = 0.9"), HasSubstr("line 5: calm is above take_over"));
  EXPECT_THAT(Fault("\"en\"", "\"ja\""), HasSubstr("line 2: language is 'ja'"));
  EXPECT_THAT(Fault("calm", "clam"), HasSubstr("unknown key 'clam'"));
}

TEST(WordWeights, SumsWhatItKnowsAndTellsWhatWeighed) {
  const WordWeights weights = Load(kGood);
  EXPECT_EQ(weights.size(), 4U);
  EXPECT_DOUBLE_EQ(weights.Read(ReadUnits("a bird"), {}).danger, 0.5);
  const WordWeights::Reading reading = weights.Read(ReadUnits("letting go"), {});
  EXPECT_NEAR(reading.danger, 0.97587, 1e-5);  // logistic of 37 * 0.1
  EXPECT_EQ(reading.words, "letting go");
  EXPECT_EQ(weights.Read(ReadUnits("letting go of me"), {}).track, "self");
  EXPECT_EQ(weights.Read(ReadUnits("letting go of him"), {}).track, "others");
  EXPECT_NEAR(weights.Read(ReadUnits("letting go"), {"p:not idiom"}).danger, 0.5, 1e-9);
  EXPECT_EQ(weights.Read({}, {}).danger, 0);
}

TEST(WordWeights, OneSentenceDoesNotDrownInALongStory) {
  const WordWeights weights = Load(kGood);
  std::string story;
  for (int i = 0; i < 20; ++i) story += "It was him. Then me. ";
  EXPECT_NEAR(weights.Read(ReadUnits(story + "Letting go."), {}).danger,
              weights.Read(ReadUnits("letting go"), {}).danger, 1e-9);
}

TEST(WordFeatures, AreEqualWhereTheReadingIs) {
  EXPECT_EQ(Features(Language::kEnglish, "I'll k1ll it, and GO"),
            Features(Language::kEnglish, "i’ll kill it and go!"));
  EXPECT_EQ(Features(Language::kJapanese, "もう、つらい。"),
            Features(Language::kJapanese, "もうつらい"));
  EXPECT_EQ(Features(Language::kEnglish, "at 3 or 17"), Features(Language::kEnglish, "at 4 or 9"));
}

TEST(WordFeatures, AreRunsWithinASentence) {
  EXPECT_THAT(Features(Language::kChinese, "好累"), ElementsAre("w:好", "w:好累", "w:累"));
  const std::vector<std::string> english = Features(Language::kEnglish, "let go. tired");
  EXPECT_THAT(english, Contains("w:let go"));
  EXPECT_THAT(english, Contains("c:_tir"));
  EXPECT_THAT(english, Not(Contains("w:go tired")));
}

TEST(WordFeatures, WindowsAreTheWholeEachSentenceAndEachTwo) {
  EXPECT_THAT(ReadingWindows(0), ElementsAre());
  EXPECT_THAT(ReadingWindows(1), ElementsAre(Pair(0, 1)));
  EXPECT_THAT(ReadingWindows(2), ElementsAre(Pair(0, 2), Pair(0, 1), Pair(1, 2)));
  EXPECT_THAT(ReadingWindows(3),
              ElementsAre(Pair(0, 3), Pair(0, 1), Pair(0, 2), Pair(1, 2), Pair(1, 3), Pair(2, 3)));
}

}  // namespace
}  // namespace emostage
