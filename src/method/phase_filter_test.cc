#include "method/phase_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "emostage/error.h"
#include "knowledge/knowledge.h"

namespace emostage {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Knowledge& Shipped() {
  static const Knowledge knowledge = Knowledge::Load(EMOSTAGE_SOURCE_DIR "/data");
  return knowledge;
}

constexpr double kExact = 1e-12;

// Two phases, numbers easy to work with by hand.
PhaseScheme TwoPhases() {
  PhaseScheme scheme;
  scheme.file.id = "two";
  scheme.phases.resize(2);
  scheme.phases[0].id = "first";
  scheme.phases[1].id = "second";
  scheme.initial = {0.75, 0.25};
  scheme.transition = {{0.5, 0.5}, {0.25, 0.75}};
  return scheme;
}

TEST(PhaseFilter, FirstBeliefIsInitialTimesReading) {
  const PhaseScheme scheme = TwoPhases();
  PhaseFilter filter(scheme, {});
  filter.Update({0.2, 0.8});
  // 0.75·0.2 : 0.25·0.8 = 0.15 : 0.20
  EXPECT_THAT(filter.belief(),
              ElementsAre(DoubleNear(3.0 / 7, kExact), DoubleNear(4.0 / 7, kExact)));
  EXPECT_EQ(filter.best(), 1U);
}

TEST(PhaseFilter, SecondBeliefGoesThroughTransitions) {
  const PhaseScheme scheme = TwoPhases();
  PhaseFilter filter(scheme, {});
  filter.Update({0.2, 0.8});
  filter.Update({0.6, 0.4});
  // Predicted: 3/7·0.5 + 4/7·0.25 = 5/14 and 9/14; times 0.6 and 0.4: 3.0 : 3.6.
  EXPECT_THAT(filter.belief(),
              ElementsAre(DoubleNear(5.0 / 11, kExact), DoubleNear(6.0 / 11, kExact)));
}

TEST(PhaseFilter, ReadingIsDividedByLeaning) {
  const PhaseScheme scheme = TwoPhases();
  PhaseFilter filter(scheme, {0.8, 0.2});
  filter.Update({0.8, 0.2});
  // The model says what it says of nothing at all: no evidence, so the prior stands.
  EXPECT_THAT(filter.belief(), ElementsAre(DoubleNear(0.75, kExact), DoubleNear(0.25, kExact)));
  PhaseFilter leaning(scheme, {0.8, 0.2});
  leaning.Update({0.5, 0.5});
  // 0.75·0.5/0.8 : 0.25·0.5/0.2 = 0.46875 : 0.625
  EXPECT_THAT(leaning.belief(),
              ElementsAre(DoubleNear(3.0 / 7, kExact), DoubleNear(4.0 / 7, kExact)));
}

TEST(PhaseFilter, EmptyLeaningIsUniform) {
  const PhaseScheme scheme = TwoPhases();
  PhaseFilter none(scheme, {});
  PhaseFilter uniform(scheme, {0.5, 0.5});
  none.Update({0.3, 0.7});
  uniform.Update({0.3, 0.7});
  EXPECT_NEAR(none.belief()[0], uniform.belief()[0], kExact);
}

TEST(PhaseFilter, ReadingNearZeroIsFloored) {
  const PhaseScheme scheme = TwoPhases();
  PhaseFilter filter(scheme, {});
  filter.Update({0.0, 1.0});
  // 0.75·0.01 : 0.25·1
  EXPECT_NEAR(filter.belief()[0], 0.0075 / 0.2575, kExact);
}

TEST(PhaseFilter, LeaningNearZeroMakesNothingCertain) {
  const PhaseScheme scheme = TwoPhases();
  PhaseFilter filter(scheme, {1.0, 0.0});
  filter.Update({0.5, 0.5});
  // The leaning counts as 1 : 0.01, so evidence 0.5/1 : 0.5/0.01.
  EXPECT_NEAR(filter.belief()[0], 0.75 / (0.75 + 0.25 * 100), kExact);
}

TEST(PhaseFilter, GoesBackWhenTheTalkDoes) {
  for (const PhaseScheme& scheme : Shipped().schemes()) {
    const size_t last = scheme.phases.size() - 1;
    PhaseFilter filter(scheme, {});
    std::vector<double> late(last + 1, 0.05);
    late[last] = 0.9;
    std::vector<double> early(last + 1, 0.05);
    early[0] = 0.9;
    for (int turn = 0; turn < 5; ++turn) filter.Update(late);
    ASSERT_EQ(filter.best(), last) << scheme.file.id;
    for (int turn = 0; turn < 3; ++turn) filter.Update(early);
    EXPECT_EQ(filter.best(), 0U) << scheme.file.id;
  }
}

TEST(PhaseFilter, NoPhaseEverReachesZero) {
  for (const PhaseScheme& scheme : Shipped().schemes()) {
    std::vector<double> sure(scheme.phases.size(), 0.0);
    sure[1] = 1.0;
    std::vector<double> leaning(scheme.phases.size(), 0.0);
    leaning[0] = 1.0;
    PhaseFilter filter(scheme, leaning);
    for (int turn = 0; turn < 500; ++turn) {
      filter.Update(sure);
      for (double p : filter.belief()) ASSERT_GT(p, 1e-7) << scheme.file.id << " turn " << turn;
      const double sum = std::accumulate(filter.belief().begin(), filter.belief().end(), 0.0);
      ASSERT_NEAR(sum, 1.0, 1e-9);
    }
  }
}

TEST(PhaseFilter, RefusesSizesThatAreNotTheSchemes) {
  const PhaseScheme scheme = TwoPhases();
  PhaseFilter filter(scheme, {});
  EXPECT_THROW(filter.Update({1.0}), Error);
  EXPECT_THROW(filter.Update({0.3, 0.3, 0.4}), Error);
  EXPECT_THAT(filter.belief(), IsEmpty()) << "a refused reading leaves the belief alone";
  EXPECT_THROW(PhaseFilter(scheme, {1.0}), Error);
  EXPECT_THROW(PhaseFilter(scheme, {0.3, 0.3, 0.4}), Error);
}

TEST(PhaseFilter, BeliefNamesPhasesInTheSchemesOrder) {
  const PhaseScheme scheme = TwoPhases();
  PhaseFilter filter(scheme, {});
  EXPECT_THAT(filter.Belief().label, IsEmpty());
  filter.Update({0.9, 0.1});
  const PhaseBelief belief = filter.Belief();
  EXPECT_EQ(belief.scheme, "two");
  EXPECT_EQ(belief.label, "first");
  ASSERT_EQ(belief.probabilities.size(), 2U);
  EXPECT_EQ(belief.probabilities[0].first, "first");
  EXPECT_EQ(belief.probabilities[1].first, "second");
  EXPECT_NEAR(belief.probabilities[0].second, 27.0 / 28, kExact);
}

}  // namespace
}  // namespace emostage
