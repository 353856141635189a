#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "emostage/error.h"
#include "model/llama/testing.h"

namespace emostage {
namespace {

using testing::Question;
using testing::Talk;

class ChooseTest : public testing::ModelTest {};
EMOSTAGE_ON_BOTH_MODELS(ChooseTest);

// Reading several labels beside one another rounds otherwise than reading them alone.
constexpr double kNear = 0.03;

TEST_P(ChooseTest, LabelsOfOneTokenHaveTheirRenormalisedLikelihood) {
  const std::shared_ptr<Model> model = Load();
  const std::unique_ptr<Context> context = model->Open();
  const std::vector<std::string> labels = {" one", " two", " three"};
  const Ask ask = Question(Talk(3), "Pick a number.");
  std::vector<double> expected;
  for (const std::string& label : labels) {
    ASSERT_EQ(model->CountTokens(label), 1);
    expected.push_back(std::exp(context->score(ask, label).get().total));
  }
  const double sum = std::accumulate(expected.begin(), expected.end(), 0.0);
  const Choice choice = context->choose(ask, labels).get();
  for (size_t i = 0; i < labels.size(); ++i) {
    EXPECT_NEAR(choice.probabilities[i], expected[i] / sum, kNear);
  }
}

TEST_P(ChooseTest, LongerLabelsAreComparedWhereTheyPart) {
  const std::shared_ptr<Model> model = Load();
  const std::unique_ptr<Context> context = model->Open();
  const Ask ask = Question(Talk(3), "Pick a number.");
  // The first two part after " one".
  const std::vector<std::string> labels = {" one two", " one three", " five six"};
  std::vector<Score> scores;
  for (const std::string& label : labels) {
    ASSERT_EQ(model->CountTokens(label), 2);
    scores.push_back(context->score(ask, label).get());
  }
  const auto p = [&](size_t label, size_t token) {
    return std::exp(scores[label].token_log_likelihoods[token]);
  };
  const double one = p(0, 0) / (p(0, 0) + p(2, 0));
  const Choice choice = context->choose(ask, labels).get();
  EXPECT_NEAR(choice.probabilities[0], one * p(0, 1) / (p(0, 1) + p(1, 1)), kNear);
  EXPECT_NEAR(choice.probabilities[1], one * p(1, 1) / (p(0, 1) + p(1, 1)), kNear);
  EXPECT_NEAR(choice.probabilities[2], 1 - one, kNear);
}

TEST_P(ChooseTest, LabelThatBeginsAnotherEndsUnlessTheOtherGoesOn) {
  const std::shared_ptr<Model> model = Load();
  const std::unique_ptr<Context> context = model->Open();
  const Ask ask = Question(Talk(3), "Pick a number.");
  const double on = std::exp(context->score(ask, " one two").get().token_log_likelihoods.at(1));
  const Choice choice = context->choose(ask, {" one", " one two"}).get();
  EXPECT_NEAR(choice.probabilities[0], 1 - on, kNear);
  EXPECT_NEAR(choice.probabilities[1], on, kNear);
}

TEST_P(ChooseTest, MeanLikelihoodIsTheScoreByLength) {
  const std::shared_ptr<Model> model = Load();
  const std::unique_ptr<Context> context = model->Open();
  const Ask ask = Question(Talk(3), "Pick a number.");
  const std::vector<std::string> labels = {" one", " twenty two", " three or four"};
  std::vector<double> expected;
  for (const std::string& label : labels) {
    const Score score = context->score(ask, label).get();
    EXPECT_EQ(static_cast<int>(score.token_log_likelihoods.size()), model->CountTokens(label));
    expected.push_back(
        std::exp(score.total / static_cast<double>(score.token_log_likelihoods.size())));
  }
  const double sum = std::accumulate(expected.begin(), expected.end(), 0.0);
  const Choice choice = context->choose(ask, labels, Scoring::kMeanLogLikelihood).get();
  for (size_t i = 0; i < labels.size(); ++i) {
    EXPECT_NEAR(choice.probabilities[i], expected[i] / sum, kNear);
  }
}

TEST(ChooseLimitsTest, ManyLabelsAreReadInWaves) {
  const std::shared_ptr<Model> model =
      LoadLlamaModel(testing::TinyModel().string(), testing::SmallOptions());
  const std::unique_ptr<Context> context = model->Open();
  std::vector<std::string> labels;
  for (int i = 0; i < 100; ++i) labels.push_back(" number " + std::to_string(1000 + i));
  for (const Scoring scoring : {Scoring::kFirstDifference, Scoring::kMeanLogLikelihood}) {
    const Choice choice = context->choose(Question(Talk(1)), labels, scoring).get();
    EXPECT_NEAR(std::accumulate(choice.probabilities.begin(), choice.probabilities.end(), 0.0), 1,
                1e-9);
    const Choice few = context->choose(Question(Talk(1)), {labels[0], labels[99]}, scoring).get();
    EXPECT_NEAR(few.probabilities[0] / few.probabilities[1],
                choice.probabilities[0] / choice.probabilities[99],
                scoring == Scoring::kMeanLogLikelihood ? 0.05 : 1e9);
  }
}

TEST(ChooseLimitsTest, SenselessLabelsAreRefused) {
  const std::shared_ptr<Model> model =
      LoadLlamaModel(testing::TinyModel().string(), testing::SmallOptions());
  const std::unique_ptr<Context> context = model->Open();
  const Ask ask = Question(Talk(1));
  EXPECT_THROW((void)context->choose(ask, {"a"}), Error);
  EXPECT_THROW((void)context->choose(ask, {"a", ""}), Error);
  EXPECT_THROW((void)context->choose(ask, {"a", "b", "a"}), Error);
  EXPECT_THROW((void)context->choose(ask, std::vector<std::string>(257, "a")), Error);
  EXPECT_THROW((void)context->score(ask, ""), Error);
  Future<Choice> good = context->choose(ask, {"a", "b"});
  while (!good.WaitFor(std::chrono::milliseconds(20))) {
  }
  EXPECT_NO_THROW((void)good.get());
}

}  // namespace
}  // namespace emostage
