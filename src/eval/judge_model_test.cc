// A judge on real models: nothing of what they think of a reply, only that what comes out is sound.

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "emostage/session.h"
#include "eval/judge.h"
#include "model/llama/testing.h"

namespace emostage {
namespace {

class JudgeOnModels : public testing::ModelTest {};
EMOSTAGE_ON_BOTH_MODELS(JudgeOnModels);

// The first words of the sample talk: the models are slow where many tests run.
Dialogue Short(Language language, const Knowledge& knowledge) {
  Dialogue dialogue = knowledge.demo(language);
  dialogue.turns.resize(1);
  return dialogue;
}

TEST_P(JudgeOnModels, DistributionsSumToOneAndRepeatedAsksAreEqual) {
  const auto knowledge = LoadKnowledge(EMOSTAGE_SOURCE_DIR "/data");
  const Judge judge(Load(), knowledge);
  for (const Language language : kAllLanguages) {
    // The starter's vocabulary cuts Chinese and Japanese into bytes: several times the work.
    if (!is_tiny() && language != Language::kEnglish) continue;
    SCOPED_TRACE(LanguageCode(language));
    JudgeItem item;
    item.id = "demo";
    item.language = language;
    item.history = Short(language, *knowledge);
    item.reply = knowledge->demo(language).turns[1].text;
    const std::vector<const Rubric*> rubrics = {&knowledge->rubric("epitome"),
                                                &knowledge->rubric("cpsycoun")};
    const std::vector<JudgeScore> once = judge.Score(item, rubrics);
    const std::vector<JudgeScore> again = judge.Score(item, rubrics);
    ASSERT_EQ(once.size(), 7U);
    for (size_t i = 0; i < once.size(); ++i) {
      const std::vector<double>& distribution = once[i].distribution;
      EXPECT_NEAR(std::accumulate(distribution.begin(), distribution.end(), 0.0), 1.0, 1e-9);
      EXPECT_GE(once[i].expectation, once[i].lowest);
      EXPECT_LE(once[i].expectation, once[i].highest());
      EXPECT_EQ(once[i].left_out, 0U);
      EXPECT_EQ(distribution, again[i].distribution);
    }
  }
}

TEST_P(JudgeOnModels, PairsSumToOneOverTheOrderOfTheReplies) {
  const auto knowledge = LoadKnowledge(EMOSTAGE_SOURCE_DIR "/data");
  const Judge judge(Load(), knowledge);
  JudgePair pair;
  pair.id = "demo";
  pair.history = Short(Language::kEnglish, *knowledge);
  pair.reply_a = knowledge->demo(Language::kEnglish).turns[1].text;
  pair.reply_b = knowledge->demo(Language::kEnglish).turns[3].text;
  JudgePair swapped = pair;
  std::swap(swapped.reply_a, swapped.reply_b);
  const auto scores = judge.Compare(pair, knowledge->rubric("erf"));
  const auto back = judge.Compare(swapped, knowledge->rubric("erf"));
  ASSERT_EQ(scores.size(), 3U);
  for (size_t i = 0; i < scores.size(); ++i) {
    EXPECT_GE(scores[i].probability(), 0);
    EXPECT_LE(scores[i].probability(), 1);
    // Which order is asked first changes what is read with what, and so the last digits.
    EXPECT_NEAR(scores[i].probability(), 1 - back[i].probability(), 0.02);
  }
}

}  // namespace
}  // namespace emostage
