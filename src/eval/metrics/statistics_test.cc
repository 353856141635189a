#include "eval/metrics/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "emostage/error.h"
#include "eval/metrics/resampling.h"
#include "eval/metrics/testing.h"

namespace emostage {
namespace {

using Values = std::vector<double>;
using Dialogues = std::vector<Values>;

BootstrapOptions OptionsOf(const Json& one) {
  BootstrapOptions options;
  options.resamples = one.at("resamples").get<std::size_t>();
  options.seed = one.at("seed").get<std::uint64_t>();
  return options;
}

void ExpectInterval(const Interval& ours, const Json& theirs) {
  ExpectFigure(ours.low, theirs[0]);
  ExpectFigure(ours.high, theirs[1]);
}

TEST(SeededDraws, AreTheSameEverywhere) {
  const Json& reference = Reference().at("draws");
  SeededDraws draws(reference.at("seed").get<std::uint64_t>());
  for (const Json& next : reference.at("next")) {
    EXPECT_EQ(std::to_string(draws.Next()), next.get<std::string>());
  }
  for (const Json& below : reference.at("below_ten")) {
    EXPECT_EQ(draws.Below(10), below.get<std::size_t>());
  }
  EXPECT_EQ(draws.Below(1), 0U);
}

TEST(MeanDifference, AgreesWithNumpyOnTheSameDrawsAndWithScipyOnItsOwn) {
  for (const Json& one : Reference().at("differences")) {
    const auto dialogues = one.at("dialogues").get<Dialogues>();
    SCOPED_TRACE(dialogues.size());
    const auto ours = MeanDifference(dialogues, OptionsOf(one));
    ASSERT_EQ(ours.has_value(), one.contains("interval"));
    if (!ours) continue;
    EXPECT_EQ(ours->clusters, dialogues.size());
    ExpectFigure(ours->value, one.at("mean"));
    ExpectInterval(ours->interval, one.at("interval"));
    if (!one.contains("scipy_interval")) continue;
    BootstrapOptions many;
    many.resamples = 50000;
    const auto [low, high] = MeanDifference(dialogues, many)->interval;
    const double width = high - low;
    EXPECT_NEAR(low, one.at("scipy_interval")[0].get<double>(), 0.03 * width);
    EXPECT_NEAR(high, one.at("scipy_interval")[1].get<double>(), 0.03 * width);
  }
}

TEST(SignFlipTest, AgreesWithScipyAndWithACountOfAllFlips) {
  for (const Json& one : Reference().at("differences")) {
    const auto dialogues = one.at("dialogues").get<Dialogues>();
    SCOPED_TRACE(dialogues.size());
    const auto ours = SignFlipTest(dialogues, one.at("resamples").get<std::size_t>(),
                                   one.at("seed").get<std::uint64_t>());
    ASSERT_TRUE(ours);
    EXPECT_EQ(ours->exact, dialogues.size() <= 14);
    EXPECT_EQ(ours->dialogues, dialogues.size());
    if (ours->exact) {
      ExpectFigure(ours->p, one.at("sign_flip"));
      continue;
    }
    ExpectFigure(ours->p, one.at("sign_flip_own"));
    const double theirs = one.at("sign_flip").get<double>();
    EXPECT_NEAR(SignFlipTest(dialogues, 50000)->p, theirs, 0.01);
  }
}

TEST(SignFlipTest, IsNeverSurerThanItsDialoguesAllow) {
  EXPECT_EQ(SignFlipTest(Dialogues{{1, 2}})->p, 1);
  EXPECT_EQ(SignFlipTest(Dialogues(6, Values{0.1}))->p, 2.0 / 64);
  EXPECT_EQ(SignFlipTest(Dialogues(20, Values{1}), 99)->p, 0.01);
  EXPECT_EQ(SignFlipTest(Dialogues(8, Values{0}))->p, 1);
  EXPECT_EQ(SignFlipTest(Dialogues(15, Values{0}))->p, 1);
}

TEST(CohensDz, AgreesWithScipy) {
  for (const Json& one : Reference().at("differences")) {
    ExpectFigure(CohensDz(one.at("dialogue_means").get<Values>()), one.at("d_z"));
  }
}

TEST(CliffsDelta, AgreesWithScipy) {
  for (const Json& one : Reference().at("cliff")) {
    ExpectFigure(CliffsDelta(one.at("a").get<Values>(), one.at("b").get<Values>()),
                 one.at("delta"));
  }
}

TEST(Holm, AgreesWithStatsmodels) {
  for (const Json& one : Reference().at("holm")) {
    const Values ours = Holm(one.at("p").get<Values>());
    ASSERT_EQ(ours.size(), one.at("corrected").size());
    for (std::size_t i = 0; i < ours.size(); ++i) ExpectFigure(ours[i], one.at("corrected")[i]);
  }
  EXPECT_TRUE(Holm({}).empty());
}

TEST(LengthControlledDifference, AgreesWithScipyAndNumpy) {
  for (const Json& one : Reference().at("length")) {
    std::vector<std::vector<ReplyPair>> dialogues;
    for (const Json& dialogue : one.at("dialogues")) {
      dialogues.emplace_back();
      for (const Json& pair : dialogue) {
        dialogues.back().push_back(
            {pair[0].get<double>(), pair[1].get<double>(), pair[2].get<double>()});
      }
    }
    const auto ours = LengthControlledDifference(dialogues, OptionsOf(one));
    ASSERT_TRUE(ours);
    ExpectFigure(ours->at_equal_length.value, one.at("intercept"));
    ExpectFigure(ours->per_log_length, one.at("slope"));
    ExpectInterval(ours->at_equal_length.interval, one.at("interval"));
  }
}

TEST(LengthControlledDifference, ALeadThatIsLengthAloneVanishes) {
  std::vector<std::vector<ReplyPair>> dialogues;
  for (double length = 20; length < 40; ++length) {
    dialogues.push_back({{2 * std::log(length / 10), length, 10}, {2 * std::log(3), 30, 10}});
  }
  const auto ours = LengthControlledDifference(dialogues);
  ASSERT_TRUE(ours);
  EXPECT_GT(ours->mean_difference, 1);
  EXPECT_NEAR(ours->at_equal_length.value, 0, 1e-9);
  EXPECT_NEAR(ours->per_log_length, 2, 1e-9);
}

TEST(Statistics, TooFewForAFigureIsNoFigure) {
  EXPECT_FALSE(MeanDifference(Dialogues(5, Values{1, 2})));
  EXPECT_TRUE(MeanDifference(Dialogues(6, Values{1, 2})));
  Dialogues with_silent_ones(5, Values{1});
  with_silent_ones.resize(30);
  EXPECT_FALSE(MeanDifference(with_silent_ones));
  EXPECT_FALSE(SignFlipTest(Dialogues(3)));
  EXPECT_EQ(CohensDz(Values{1}), std::nullopt);
  EXPECT_EQ(CohensDz(Values(7, 0.1)), std::nullopt);
  EXPECT_EQ(CliffsDelta({}, Values{1}), std::nullopt);
  const std::vector<ReplyPair> twice_as_long = {{1, 20, 10}, {2, 40, 20}};
  EXPECT_FALSE(LengthControlledDifference(std::vector(9, twice_as_long)));
}

TEST(Bootstrap, AStatisticMayLackAValueSometimesButNotOften) {
  std::size_t asked = 0;
  const auto lacking_every = [&asked](std::size_t nth) {
    asked = 0;
    return [&asked, nth](std::span<const std::size_t>) -> std::optional<double> {
      if (asked++ % nth == nth - 1) return std::nullopt;
      return 1.0;
    };
  };
  EXPECT_TRUE(Bootstrap(10, lacking_every(50)));
  EXPECT_FALSE(Bootstrap(10, lacking_every(10)));
  EXPECT_FALSE(Bootstrap(10, lacking_every(1)));
  BootstrapOptions none;
  none.resamples = 0;
  EXPECT_FALSE(Bootstrap(10, lacking_every(50), none));
  BootstrapOptions no_level;
  no_level.level = 95;
  EXPECT_THROW(static_cast<void>(Bootstrap(10, lacking_every(50), no_level)), Error);
}

TEST(Bootstrap, TheSameSeedGivesTheSameInterval) {
  const Dialogues dialogues = {{1}, {2, 3}, {0}, {5}, {-1, 1}, {2}, {4}};
  BootstrapOptions options;
  const Interval first = MeanDifference(dialogues, options)->interval;
  const Interval again = MeanDifference(dialogues, options)->interval;
  EXPECT_EQ(first.low, again.low);
  EXPECT_EQ(first.high, again.high);
  options.level = 0.5;
  const Interval narrow = MeanDifference(dialogues, options)->interval;
  EXPECT_LT(first.low, narrow.low);
  EXPECT_GT(first.high, narrow.high);
}

}  // namespace
}  // namespace emostage
