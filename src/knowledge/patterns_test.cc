#include "knowledge/patterns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "emostage/error.h"
#include "knowledge/text_units.h"

namespace emostage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kConcepts = R"(
[concepts]
i = ["i", "i'd"]
want = ["want to", "wanna", "想"]
die = ["die", "be dead", "suicid*", "死"]
)";

// The matched units of each hit of one rule with these matches.
std::vector<std::string> Found(const std::string& matches, const std::string& text,
                               size_t most_units = 0) {
  const TomlDocument file("t.toml", "t", std::string(kConcepts) + "[rule]\nmatch = " + matches);
  PatternSet patterns(file.root());
  static_cast<void>(patterns.Add(file.root().Table("rule"), "match", most_units));
  const std::vector<std::string> units = ReadUnits(text);
  std::vector<std::string> found;
  for (const PatternSet::Hit& hit : patterns.Find(units)) {
    std::string words;
    for (size_t i = hit.begin; i < hit.end; ++i) words += (words.empty() ? "" : " ") + units[i];
    found.push_back(words);
  }
  return found;
}

std::string Fault(const std::string& matches, size_t most_units = 0) {
  try {
    static_cast<void>(Found(matches, "x", most_units));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Patterns, ConceptsFollowOneAnother) {
  EXPECT_THAT(Found(R"(["<i> <want> <die>"])", "I want to die"), ElementsAre("i want to die"));
  EXPECT_THAT(Found(R"(["<i> <want> <die>"])", "I really want to die"), IsEmpty());
  EXPECT_THAT(Found(R"(["<want><die>"])", "我想死"), ElementsAre("想 死"));
}

TEST(Patterns, GapsAreLimitedAndEndWithTheSentence) {
  EXPECT_THAT(Found(R"(["<i> ~2 <want> ~1 <die>"])", "I just really want to maybe die"),
              ElementsAre("i just really want to maybe die"));
  EXPECT_THAT(Found(R"(["<i> ~2 <die>"])", "I a b c die"), IsEmpty());
  EXPECT_THAT(Found(R"(["<i> ~5 <die>"])", "So do I. The plants die"), IsEmpty());
}

TEST(Patterns, BeginningsOfWordsAndLiterals) {
  EXPECT_THAT(Found(R"(["feel <die>"])", "I feel suicidal"), ElementsAre("feel suicidal"));
  EXPECT_THAT(Found(R"(["feel <die>"])", "I feel suici"), IsEmpty());
}

TEST(Patterns, SentenceBordersAreItems) {
  EXPECT_THAT(Found(R"(["^ <die> $"])", "Well. Die! Now"), ElementsAre("die"));
  EXPECT_THAT(Found(R"(["^ <die> $"])", "I die"), IsEmpty());
}

TEST(Patterns, FaultsNameTheLineAndTheRemedy) {
  EXPECT_THAT(Fault(R"(["<nobody> die"])"), HasSubstr("t.toml line"));
  EXPECT_THAT(Fault(R"(["<nobody> die"])"), HasSubstr("<nobody>"));
  EXPECT_THAT(Fault(R"(["<die> ~3"])"), HasSubstr("ends with a gap"));
  EXPECT_THAT(Fault(R"(["<die> ~99 x"])"), HasSubstr("no gap"));
  EXPECT_THAT(Fault(R"(["^ $"])"), HasSubstr("matches everything"));
  EXPECT_THAT(Fault(R"(["<i> ~9 <want> ~9 <die>"])", 12), HasSubstr("held back"));
  EXPECT_THAT(Fault(R"(["<i"])"), HasSubstr("no concept"));
}

// What made a naive search take minutes: every way of choosing the gaps.
TEST(Patterns, ATextMadeToBeSlowIsNot) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "i want to ";
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_THAT(Found(R"(["<i> ~40 <want> ~40 <i> ~40 <want> ~40 <i> ~40 <want> ~40 <die>"])", text),
              IsEmpty());
  // Minutes against milliseconds, whatever the machine.
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(30));
}

}  // namespace
}  // namespace emostage
