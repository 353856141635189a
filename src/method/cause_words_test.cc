#include "method/cause_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace emostage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Tokens = std::vector<std::pair<std::string, double>>;

// A text in tokens, with the log-likelihood of each where the feeling is told; where another one
// is, it is -3.
std::vector<Score> Scores(const Tokens& tokens, size_t others = 2) {
  std::vector<Score> scores(others + 1);
  for (const auto& [piece, told] : tokens) {
    for (size_t i = 0; i < scores.size(); ++i) {
      scores[i].pieces.push_back(piece);
      scores[i].token_log_likelihoods.push_back(i == 0 ? told : -3.0);
    }
  }
  return scores;
}

std::vector<std::string> Words(const Tokens& tokens, const std::vector<std::string>& stop = {},
                               size_t most = 5) {
  std::vector<std::string> words;
  for (const CauseWord& word : CauseWords(Scores(tokens), stop, most)) words.push_back(word.text);
  return words;
}

TEST(CauseWordsTest, WordsThatTheFeelingMakesLikelierAreCauses) {
  EXPECT_THAT(Words({{" I", -3}, {" failed", -1}, {" my", -3}, {" exam", -0.5}, {" today", -4}}),
              ElementsAre("failed", "exam"));
}

TEST(CauseWordsTest, ProbabilityIsTheShareOfTheFirstInTheMeanOfAWordsTokens) {
  const std::vector<CauseWord> causes = CauseWords(Scores({{" ex", -3}, {"ams", -1}}), {}, 5);
  ASSERT_EQ(causes.size(), 1U);
  EXPECT_EQ(causes[0].text, "exams");
  // Means of -2 against -3 and -3.
  EXPECT_NEAR(causes[0].probability, std::exp(-2) / (std::exp(-2) + 2 * std::exp(-3)), 1e-12);
}

TEST(CauseWordsTest, StopWordsAndLettersAloneAreLeftOut) {
  EXPECT_THAT(Words({{" My", -0.1}, {" x", -0.1}, {" exam", -1}, {",", -0.1}, {" don't", -0.1}},
                    {"my", "don't"}),
              ElementsAre("exam"));
  // The apostrophe of a typographer, in a token of its own.
  EXPECT_THAT(Words({{"mother", -1}, {"’", -1}, {"s", -1}, {" voice", -1}}),
              ElementsAre("mother’s", "voice"));
}

TEST(CauseWordsTest, AtMostSoManyAndTheStrongestOfThemInTheOrderOfTheText) {
  EXPECT_THAT(Words({{"one", -1}, {" two", -2}, {" three", -1.5}, {" four", -0.5}}, {}, 3),
              ElementsAre("one", "three", "four"));
  EXPECT_THAT(Words({{"exam", -2}, {" Exam", -1}}), ElementsAre("Exam"));
}

TEST(CauseWordsTest, ChineseWordsAreTokensInWholeCharacters) {
  // The last character comes in three tokens of a byte each.
  EXPECT_THAT(Words({{"我", -3},
                     {"考试", -1},
                     {"不", -1},
                     {"及格", -1},
                     {"，", -1},
                     {"\xE5", -2},
                     {"\xA6", -1},
                     {"\x88", -1}},
                    {"不"}),
              ElementsAre("考试", "及格", "妈"));
  EXPECT_THAT(Words({{"考", -1}, {"试", -1}, {"前", -4}, {"怕", -1}}), ElementsAre("考试", "怕"));
}

TEST(CauseWordsTest, JapaneseWordsPartWhereTheScriptDoes) {
  EXPECT_THAT(Words({{"母が", -1}, {"テスト", -1}, {"の", -1}, {"つらい", -1}}),
              ElementsAre("母", "テスト", "つらい"));
}

TEST(CauseWordsTest, WithoutPiecesThereAreNone) {
  std::vector<Score> scores = Scores({{"exam", -1}});
  for (Score& score : scores) score.pieces.clear();
  EXPECT_THAT(CauseWords(scores, {}, 5), IsEmpty());
  EXPECT_THAT(CauseWords({}, {}, 5), IsEmpty());
  EXPECT_THAT(Words({{"exam", -3}}), IsEmpty());  // no likelier than with any other feeling
}

}  // namespace
}  // namespace emostage
