#include "eval/metrics/label_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "emostage/error.h"
#include "eval/metrics/calibration.h"
#include "eval/metrics/correlation.h"
#include "eval/metrics/testing.h"

namespace emostage {
namespace {

using Labels = std::vector<std::size_t>;
using Sets = std::vector<Labels>;

Confusion ConfusionOf(const Json& one) {
  return {one.at("truth").get<Labels>(), one.at("chosen").get<Labels>(),
          one.at("labels").get<std::size_t>()};
}

TEST(LabelMetrics, AgreeWithScikitLearn) {
  for (const Json& one : Reference().at("labels")) {
    SCOPED_TRACE(one.at("name").get<std::string>());
    const Confusion confusion = ConfusionOf(one);
    const std::optional<LabelScores> ours = ScoreLabels(confusion);
    ASSERT_TRUE(ours);
    ExpectFigure(ours->accuracy, one.at("accuracy"));
    ExpectFigure(ours->macro_f1, one.at("macro_f1"));
    ExpectFigure(ours->weighted_f1, one.at("weighted_f1"));
    ASSERT_EQ(ours->labels.size(), confusion.labels());
    for (std::size_t i = 0; i < confusion.labels(); ++i) {
      ExpectFigure(ours->labels[i].precision, one.at("precision")[i]);
      ExpectFigure(ours->labels[i].recall, one.at("recall")[i]);
      ExpectFigure(ours->labels[i].f1, one.at("f1")[i]);
      EXPECT_EQ(ours->labels[i].times_true, one.at("support")[i].get<std::size_t>());
      for (std::size_t j = 0; j < confusion.labels(); ++j) {
        EXPECT_EQ(confusion.At(i, j), one.at("confusion")[i][j].get<std::size_t>());
      }
    }
    ExpectFigure(CohensKappa(confusion, KappaWeights::kNone), one.at("kappa"));
    ExpectFigure(CohensKappa(confusion, KappaWeights::kQuadratic), one.at("quadratic_kappa"));
  }
}

TEST(PreferenceBias, AgreesWithItsDefinitionWrittenTwice) {
  for (const Json& one : Reference().at("labels")) {
    SCOPED_TRACE(one.at("name").get<std::string>());
    const std::optional<StrategyPreference> ours = PreferenceBias(ConfusionOf(one));
    const Json& theirs = one.at("preferences");
    ASSERT_EQ(ours.has_value(), !theirs.is_null());
    if (!ours) continue;
    ExpectFigure(ours->bias, theirs.at("bias"));
    for (std::size_t i = 0; i < ours->preferences.size(); ++i) {
      ExpectFigure(ours->preferences[i], theirs.at("of")[i]);
    }
  }
}

TEST(PreferenceBias, IsNoneWhereErrorsAreEvenAndLargestWhereOneIsAlwaysChosen) {
  constexpr std::size_t kStrategies = 8;
  Confusion even(kStrategies);
  Confusion right(kStrategies);
  Confusion leaning(kStrategies);
  Confusion always(kStrategies);
  for (std::size_t i = 0; i < kStrategies; ++i) {
    right.Add(i, i, 10);
    always.Add(i, 2, 10);
    leaning.Add(i, 2, 6);
    for (std::size_t j = 0; j < kStrategies; ++j) {
      even.Add(i, j, 5);
      leaning.Add(i, j, 1);
    }
  }
  EXPECT_NEAR(PreferenceBias(even)->bias, 0, 1e-9);
  EXPECT_NEAR(PreferenceBias(right)->bias, 0, 1e-9);
  EXPECT_NEAR(PreferenceBias(always)->bias, std::sqrt(kStrategies - 1), 1e-3);
  EXPECT_GT(PreferenceBias(leaning)->bias, 0.5);
  EXPECT_LT(PreferenceBias(leaning)->bias, PreferenceBias(always)->bias);
  EXPECT_GT(*PreferenceBias(leaning)->preferences[2], 1);
  EXPECT_LT(*PreferenceBias(leaning)->preferences[0], 1);
}

TEST(LabelMetrics, NothingMeasuredIsNoFigure) {
  const Confusion empty(3);
  EXPECT_FALSE(ScoreLabels(empty));
  EXPECT_EQ(CohensKappa(empty, KappaWeights::kNone), std::nullopt);
  EXPECT_FALSE(PreferenceBias(empty));
  EXPECT_FALSE(ScoreMultiLabels(Sets{{}, {}}, Sets{{}, {}}, 3));
  EXPECT_FALSE(Calibrate(Labels{}, std::vector<std::vector<double>>{}));
  EXPECT_EQ(Pearson({}, {}), std::nullopt);
  EXPECT_EQ(Spearman({}, {}), std::nullopt);
  EXPECT_EQ(KendallTauB({}, {}), std::nullopt);
  EXPECT_EQ(KrippendorffAlpha({}, AlphaScale::kNominal), std::nullopt);
}

TEST(LabelMetrics, WhatDoesNotFitTogetherIsRefused) {
  EXPECT_THROW(Confusion(Labels{0}, Labels{0, 1}, 2), Error);
  EXPECT_THROW(Confusion(Labels{0}, Labels{2}, 2), Error);
  EXPECT_THROW(static_cast<void>(ScoreMultiLabels(Sets{{3}}, Sets{{0}}, 3)), Error);
  using Given = std::vector<std::vector<double>>;
  EXPECT_THROW(static_cast<void>(Calibrate(Labels{0}, Given{})), Error);
  EXPECT_THROW(static_cast<void>(Calibrate(Labels{2}, Given{{0.5, 0.5}})), Error);
  EXPECT_THROW(static_cast<void>(Calibrate(Labels{0}, Given{{std::nan(""), 0.5}})), Error);
  EXPECT_THROW(static_cast<void>(Pearson(std::vector<double>{1}, {})), Error);
}

TEST(ScoreMultiLabels, AgreesWithScikitLearn) {
  for (const Json& one : Reference().at("multi_label")) {
    const auto ours = ScoreMultiLabels(one.at("truth").get<Sets>(), one.at("chosen").get<Sets>(),
                                       one.at("labels").get<std::size_t>());
    ASSERT_TRUE(ours);
    ExpectFigure(ours->micro_f1, one.at("micro_f1"));
    ExpectFigure(ours->macro_f1, one.at("macro_f1"));
    for (std::size_t i = 0; i < ours->labels.size(); ++i) {
      ExpectFigure(ours->labels[i].f1, one.at("f1")[i]);
    }
  }
}

TEST(Calibrate, AgreesWithScikitLearn) {
  for (const Json& one : Reference().at("calibration")) {
    const auto ours = Calibrate(one.at("truth").get<Labels>(),
                                one.at("probabilities").get<std::vector<std::vector<double>>>());
    ASSERT_TRUE(ours);
    ExpectFigure(ours->ece, one.at("ece"));
    ExpectFigure(ours->brier, one.at("brier"));
    ExpectFigure(ours->log_likelihood, one.at("log_likelihood"));
    ASSERT_EQ(ours->bins.size(), 15U);
    std::size_t filled = 0;  // the reference leaves out means of empty bins
    for (std::size_t b = 0; b < 15; ++b) {
      EXPECT_EQ(ours->bins[b].items, one.at("bin_items")[b].get<std::size_t>());
      if (ours->bins[b].items == 0) continue;
      ExpectFigure(ours->bins[b].accuracy, one.at("bin_accuracy")[filled]);
      ExpectFigure(ours->bins[b].confidence, one.at("bin_confidence")[filled]);
      ++filled;
    }
    EXPECT_EQ(filled, one.at("bin_accuracy").size());
  }
}

TEST(Calibrate, SureAndWrongIsTheWorst) {
  const auto wrong = Calibrate(Labels{0, 0}, std::vector<std::vector<double>>{{0, 1}, {0, 1}});
  EXPECT_EQ(wrong->ece, 1);
  EXPECT_EQ(wrong->brier, 2);
  EXPECT_TRUE(std::isfinite(wrong->log_likelihood));
  const auto right = Calibrate(Labels{1, 1}, std::vector<std::vector<double>>{{0, 1}, {0, 1}});
  EXPECT_EQ(right->ece, 0);
  EXPECT_EQ(right->brier, 0);
  EXPECT_EQ(right->log_likelihood, 0);
  EXPECT_EQ(right->bins.back().items, 2U);
}

TEST(Correlation, AgreesWithScipy) {
  for (const Json& one : Reference().at("correlation")) {
    const auto x = one.at("x").get<std::vector<double>>();
    const auto y = one.at("y").get<std::vector<double>>();
    ExpectFigure(Pearson(x, y), one.at("pearson"));
    ExpectFigure(Spearman(x, y), one.at("spearman"));
    ExpectFigure(KendallTauB(x, y), one.at("kendall"));
  }
}

TEST(KrippendorffAlpha, AgreesWithThePackageOfThatName) {
  for (const Json& one : Reference().at("alpha")) {
    std::vector<std::vector<std::optional<double>>> ratings;
    for (const Json& rater : one.at("ratings")) {
      ratings.emplace_back();
      for (const Json& rating : rater) {
        ratings.back().push_back(rating.is_null() ? std::nullopt
                                                  : std::optional(rating.get<double>()));
      }
    }
    ExpectFigure(KrippendorffAlpha(ratings, AlphaScale::kNominal), one.at("nominal"));
    ExpectFigure(KrippendorffAlpha(ratings, AlphaScale::kOrdinal), one.at("ordinal"));
    ExpectFigure(KrippendorffAlpha(ratings, AlphaScale::kInterval), one.at("interval"));
  }
}

}  // namespace
}  // namespace emostage
