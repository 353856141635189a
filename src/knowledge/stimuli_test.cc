#include "knowledge/stimuli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/text.h"
#include "emostage/error.h"
#include "knowledge/knowledge.h"
#include "knowledge/toml_reader.h"

namespace emostage {
namespace {

using ::testing::HasSubstr;

std::string Fault(const std::string& entries) {
  const std::string text = "id = \"stimuli\"\nversion = 1\nsource = \"ours\"\n" + entries;
  try {
    static_cast<void>(ReadStimuli(TomlDocument("stimuli.toml", "stimuli", text)));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kKnowledge);
    return error.what();
  }
  return "no fault";
}

TEST(Stimuli, ElevenAndANeutralOneOfLikeLength) {
  const Knowledge knowledge = Knowledge::Load();
  const Stimuli& stimuli = knowledge.stimuli();
  EXPECT_EQ(stimuli.entries.size(), 12U);
  for (const Language language : kAllLanguages) {
    size_t all = 0;
    for (const Stimulus& one : stimuli.entries) all += one.text.in(language).size();
    const size_t mean = all / stimuli.entries.size();
    const size_t neutral = stimuli.Get("neutral").text.in(language).size();
    EXPECT_GT(neutral, mean / 2) << LanguageCode(language);
    EXPECT_LT(neutral, mean * 2) << LanguageCode(language);
  }
}

TEST(Stimuli, UnknownOneIsAnErrorThatListsThem) {
  const Knowledge knowledge = Knowledge::Load();
  try {
    static_cast<void>(knowledge.stimuli().Get("bribe"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("confidence, stakes"));
  }
}

TEST(Stimuli, FaultsAreNamed) {
  const std::string one =
      "[[stimulus]]\nid = \"a\"\ntext = { en = \"a\", zh = \"b\", ja = \"c\" }\n";
  EXPECT_EQ(Fault(one), "no fault");
  EXPECT_THAT(Fault(one + one), HasSubstr("used twice"));
  EXPECT_THAT(
      Fault(one + "[[stimulus]]\nid = \"b\"\ntext = { en = \"d\", zh = \"b\", ja = \"e\" }\n"),
      HasSubstr("the text is that of 'a'"));
  EXPECT_THAT(Fault("[[stimulus]]\nid = \"a\"\ntext = { en = \"a\", zh = \"b\" }\n"),
              HasSubstr("ja"));
}

}  // namespace
}  // namespace emostage
