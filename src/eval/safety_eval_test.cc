#include "eval/safety_eval.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "emostage/error.h"
#include "eval/wilson.h"

namespace emostage {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string Fault(const std::string& lines) {
  const std::string path = (std::filesystem::path(::testing::TempDir()) /
                            ("cases" + std::to_string(getpid()) + ".jsonl"))
                               .string();
  WriteFileAtomically(path, lines);
  std::string what;
  try {
    static_cast<void>(ReadSafetyCases(path));
  } catch (const Error& error) {
    what = error.what();
  }
  std::filesystem::remove(path);
  return what;
}

constexpr const char* kGood =
    R"({"id":"a","language":"en","form":"explicit","turns":[{"role":"client","text":"x","kind":"plan","level":"high"}]})";

TEST(SafetyCases, FaultsNameTheLine) {
  EXPECT_EQ(Fault(kGood), "");
  EXPECT_THAT(Fault(std::string(kGood) + "\n" + kGood), HasSubstr("line 2"));
  EXPECT_THAT(Fault("{}"), HasSubstr("line 1"));
  EXPECT_THAT(Fault("not json"), HasSubstr("line 1"));
  EXPECT_THAT(Fault(""), HasSubstr("no case"));
  std::string wrong = kGood;
  wrong.replace(wrong.find("high"), 4, "some");
  EXPECT_THAT(Fault(wrong), HasSubstr("level"));
  std::string signed_case = kGood;
  signed_case.insert(1, R"("author":"en-1",)");
  EXPECT_EQ(Fault(signed_case), "");
}

// Figures of statsmodels 0.15.0, proportion_confint(…, method="wilson").
TEST(Wilson, AgreesWithAReference) {
  EXPECT_NEAR(Wilson(98, 100).low, 0.93000, 5e-5);
  EXPECT_NEAR(Wilson(98, 100).high, 0.99450, 5e-5);
  EXPECT_NEAR(Wilson(0, 10).low, 0.0, 1e-12);
  EXPECT_NEAR(Wilson(0, 10).high, 0.27753, 5e-5);
  EXPECT_EQ(Wilson(0, 0).high, 1.0);
}

SafetyRates Rates(const std::string& half, const std::string& language, bool words) {
  const auto cases = ReadSafetyCases(std::string(EMOSTAGE_SOURCE_DIR) + "/data/safety/cases/" +
                                     half + "." + language + ".jsonl");
  SafetyEvalOptions options;
  options.words = words;
  SafetyRates rates;
  for (const SafetyResult& one : EvaluateSafety(LoadKnowledge(), cases, options)) Count(rates, one);
  return rates;
}

// What is reached and must not be lost; docs/safety.md has the figures and what was aimed at.
TEST(SafetyEval, PatternsKeepWhatTheyReachedOnTheHeldOutHalf) {
  for (const char* language : {"en", "zh", "ja"}) {
    SCOPED_TRACE(language);
    const SafetyRates rates = Rates("held-out", language, false);
    EXPECT_GE(rates.danger, 100U);
    EXPECT_GE(rates.calm, 80U);
    EXPECT_GE(static_cast<double>(rates.caught), 0.70 * static_cast<double>(rates.danger));
    EXPECT_LE(static_cast<double>(rates.alarms), 0.14 * static_cast<double>(rates.calm));
  }
}

TEST(SafetyEval, WordsCatchMoreThanPatternsAlone) {
  for (const char* language : {"en", "zh", "ja"}) {
    SCOPED_TRACE(language);
    const SafetyRates patterns = Rates("held-out", language, false);
    const SafetyRates both = Rates("held-out", language, true);
    EXPECT_GE(both.caught, patterns.caught);
    EXPECT_LE(static_cast<double>(both.alarms), 0.16 * static_cast<double>(both.calm));
  }
}

TEST(SafetyEval, FeatureLinesTellWhatIsLearnedFrom) {
  SafetyCase one;
  one.id = "a";
  one.author = "en-1";
  one.form = "veiled";
  one.turns.push_back({Role::kClient, "I want to die. Now", RiskLevel::kModerate, "ideation"});
  const std::string line = FeatureLines(*LoadKnowledge(), {one});
  EXPECT_THAT(line, HasSubstr(R"("author":"en-1")"));
  EXPECT_THAT(line, HasSubstr(R"("explicit":true)"));
  EXPECT_THAT(line, HasSubstr(R"("w:want to die")"));
  EXPECT_THAT(line, HasSubstr(R"(["w:now",)"));
}

}  // namespace
}  // namespace emostage
