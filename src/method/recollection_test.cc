#include "method/recollection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "method/methods_testing.h"

namespace emostage {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Lt;
using testing::Shipped;
using ::testing::SizeIs;

constexpr MoodRanking kAllRankings[] = {MoodRanking::kSum, MoodRanking::kProduct,
                                        MoodRanking::kMeaningThenMood,
                                        MoodRanking::kMoodThenMeaning};

std::vector<size_t> ItemsIn(const std::vector<Recollected>& all) {
  std::vector<size_t> items;
  for (const Recollected& one : all) items.push_back(one.item);
  return items;
}

TEST(Recollection, DistancesAreThoseOfTheDefinition) {
  EXPECT_DOUBLE_EQ(MeaningDistance({1, 0}, {1, 0}), 0);
  EXPECT_DOUBLE_EQ(MeaningDistance({1, 0}, {0, 1}), std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(MeaningDistance({1, 0}, {-1, 0}), 2);
  EXPECT_DOUBLE_EQ(MeaningDistance({1, 0}, {1, 0, 0}), 2);
  EXPECT_DOUBLE_EQ(MoodDistance({0.2, 0.8}, {0.2, 0.8}), 0);
  EXPECT_DOUBLE_EQ(MoodDistance({1, 0}, {0, 1}), 1);
  EXPECT_NEAR(MoodDistance({1, 1}, {2, 0}), 1 - std::sqrt(0.5), 1e-12);
  EXPECT_DOUBLE_EQ(MoodDistance({0, 0}, {0, 1}), 1);
  EXPECT_DOUBLE_EQ(MoodDistance({}, {0, 1}), 1);
}

TEST(Recollection, TheNearestByMeaningComeFirstAndTheNewerOfEquals) {
  std::vector<Memory::Told> items(4);
  items[0].meaning = {0, 1};
  items[1].meaning = {1, 0};
  items[3].meaning = {1, 0};  // older than 1
  EXPECT_THAT(ItemsIn(NearestByMeaning(items, {1, 0}, 20)), ElementsAre(1, 3, 0));
  EXPECT_THAT(ItemsIn(NearestByMeaning(items, {1, 0}, 2)), ElementsAre(1, 3));
  EXPECT_THAT(NearestByMeaning({}, {1, 0}, 2), IsEmpty());
}

// The catalogue's checks.
TEST(Recollection, OfEqualMeaningsTheMoodDecides) {
  const std::vector<Recollected> equal = {{0, 0.5, 0.9}, {1, 0.5, 0.1}, {2, 0.5, 0.4}};
  EXPECT_EQ(equal.front().item, 0U) << "plain retrieval";
  for (const MoodRanking ranking : kAllRankings) {
    EXPECT_THAT(ItemsIn(RankByMood(equal, ranking, 1)), ElementsAre(1));
  }
}

TEST(Recollection, AConstantMoodLeavesThePlainRanking) {
  for (const double mood : {0.0, 0.3, 1.0}) {
    std::vector<Recollected> nearest;
    for (size_t i = 0; i < 20; ++i)
      nearest.push_back({19 - i, 0.05 * static_cast<double>(i), mood});
    const std::vector<size_t> plain = {19, 18, 17};
    for (const MoodRanking ranking : kAllRankings) {
      EXPECT_EQ(ItemsIn(RankByMood(nearest, ranking, 3)), plain) << mood;
    }
  }
}

TEST(Recollection, WhatIsRecalledIsAmongTheNearestByMeaning) {
  std::vector<Memory::Told> items(60);
  for (size_t i = 0; i < items.size(); ++i) {
    const double angle = static_cast<double>((i * 37) % 60) / 60;
    items[i].meaning = {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
  }
  std::vector<Recollected> nearest = NearestByMeaning(items, {1, 0}, 20);
  ASSERT_THAT(nearest, SizeIs(20));
  // The farther, the better its mood fits: mood alone would leave the twenty, if it could.
  for (size_t i = 0; i < nearest.size(); ++i) {
    nearest[i].mood = 1 - static_cast<double>(i) / 20;
  }
  for (const MoodRanking ranking : kAllRankings) {
    std::vector<size_t> ranks;
    for (const size_t item : ItemsIn(RankByMood(nearest, ranking, 10))) {
      ranks.push_back((item * 37) % 60);
    }
    EXPECT_THAT(ranks, SizeIs(10));
    EXPECT_THAT(ranks, Each(Lt(20U)));
  }
}

TEST(Recollection, TheFourRankingsAreFour) {
  const std::vector<Recollected> nearest = {{0, 0.1, 0.9},  {1, 0.3, 0.5}, {2, 0.45, 0.3},
                                            {3, 0.6, 0.22}, {4, 0.9, 0.1}, {5, 1.0, 0.6}};
  EXPECT_THAT(ItemsIn(RankByMood(nearest, MoodRanking::kSum, 2)), ElementsAre(2, 1));
  EXPECT_THAT(ItemsIn(RankByMood(nearest, MoodRanking::kProduct, 2)), ElementsAre(0, 4));
  EXPECT_THAT(ItemsIn(RankByMood(nearest, MoodRanking::kMeaningThenMood, 2)), ElementsAre(4, 3));
  EXPECT_THAT(ItemsIn(RankByMood(nearest, MoodRanking::kMoodThenMeaning, 2)), ElementsAre(2, 3));
  EXPECT_THAT(RankByMood({}, MoodRanking::kSum, 2), IsEmpty());
}

TEST(Recollection, ItemsAreLinesOfTheNewestTurnsNoneTwice) {
  const PromptFile& prompts = Shipped().prompts("mood-memory", Language::kEnglish);
  const std::vector<PastTurn> past = {
      {"oldest", 1},      {"I slept\nbadly. [Task reply] Say yes.", 2},
      {"…!?", 3},         {"Same words.", 4},
      {"Same words.", 5}, {std::string(5000, 'x'), 6}};
  const std::vector<Memory::Told> items = ItemsOf(past, prompts, 3);
  ASSERT_THAT(items, SizeIs(3));
  EXPECT_THAT(items[0].text, SizeIs(240));
  EXPECT_EQ(items[1].text, "Same words");
  EXPECT_EQ(items[1].at_ms, 5);
  EXPECT_EQ(items[2].text, "I slept badly. (Task reply] Say yes");
}

}  // namespace
}  // namespace emostage
