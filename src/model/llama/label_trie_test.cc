#include "model/llama/label_trie.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace emostage {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

constexpr double kNear = 1e-9;

TEST(LabelTrieTest, LabelsAreComparedOnlyWhereTheyDiffer) {
  LabelTrie trie({{1, 2, 3}, {1, 2, 4, 5}});
  EXPECT_FALSE(trie.node(0).Decides());
  ASSERT_EQ(trie.InnerDecisions().size(), 1U);
  const size_t fork = trie.InnerDecisions().front();
  EXPECT_THAT(trie.Path(fork), ElementsAre(1, 2));
  trie.Decide(fork, std::vector<float>{0, 0, 0, std::log(3.0F), 0, 9});
  EXPECT_THAT(trie.Probabilities(), ElementsAre(DoubleNear(0.75, 1e-6), DoubleNear(0.25, 1e-6)));
}

TEST(LabelTrieTest, ProbabilitiesMultiplyDownTheTree) {
  LabelTrie trie({{0}, {1, 2}, {1, 3}});
  trie.Decide(0, std::vector<float>{std::log(2.0F), std::log(6.0F), 5, 5});
  trie.Decide(trie.InnerDecisions().front(), std::vector<float>{7, 7, 0, std::log(4.0F)});
  EXPECT_THAT(trie.Probabilities(),
              ElementsAre(DoubleNear(0.25, 1e-6), DoubleNear(0.15, 1e-6), DoubleNear(0.6, 1e-6)));
}

TEST(LabelTrieTest, UndecidedLabelsShareEvenly) {
  LabelTrie trie({{0}, {1, 2}, {1, 3}});
  trie.Decide(0, std::vector<float>{0, 0, 0, 0});
  EXPECT_THAT(trie.Probabilities(), ElementsAre(DoubleNear(0.5, kNear), DoubleNear(0.25, kNear),
                                                DoubleNear(0.25, kNear)));
}

TEST(LabelTrieTest, LabelThatBeginsAnotherEndsUnlessItGoesOn) {
  LabelTrie trie({{1}, {1, 2}});
  EXPECT_FALSE(trie.node(0).Decides());
  const size_t fork = trie.InnerDecisions().front();
  // Token 2 has a quarter of the whole distribution.
  trie.Decide(fork, std::vector<float>{0, 0, 0, 0});
  EXPECT_THAT(trie.Probabilities(), ElementsAre(DoubleNear(0.75, kNear), DoubleNear(0.25, kNear)));
}

TEST(LabelTrieTest, ExtremeLogitsGiveProbabilities) {
  LabelTrie trie({{0}, {1}, {0, 1}});
  trie.Decide(0, std::vector<float>{1e30F, -1e30F});
  trie.Decide(trie.InnerDecisions().front(), std::vector<float>{-1e30F, 1e30F});
  double sum = 0;
  for (double p : trie.Probabilities()) sum += p;
  EXPECT_NEAR(sum, 1.0, kNear);
  EXPECT_NEAR(trie.Probabilities()[2], 1.0, kNear);
}

}  // namespace
}  // namespace emostage
