#include "model/llama/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace emostage {
namespace {

const std::vector<float> kLogits = {0.0F, 3.0F, 1.0F, 2.0F, 2.5F, -4.0F};

std::set<Token> Drawn(Sampling sampling, const std::vector<float>& logits = kLogits,
                      const std::function<bool(Token)>& allowed = {}) {
  sampling.temperature = 1.5;
  Sampler sampler(sampling);
  std::set<Token> drawn;
  for (int i = 0; i < 3000; ++i) drawn.insert(sampler.Draw(logits, allowed));
  return drawn;
}

TEST(SamplerTest, WithoutTemperatureTheLikeliestIsTaken) {
  EXPECT_EQ(Sampler(Sampling{}).Draw(kLogits), 1);
}

TEST(SamplerTest, TiesGoToTheSmallerToken) {
  EXPECT_EQ(Sampler(Sampling{}).Draw(std::vector<float>{1, 2, 2, 2}), 1);
  Sampling sampling;
  sampling.top_k = 2;
  sampling.top_p = 1;
  EXPECT_EQ(Drawn(sampling, {1, 2, 2, 2}), (std::set<Token>{1, 2}));
}

TEST(SamplerTest, OnlyTheTopKAreDrawn) {
  Sampling sampling;
  sampling.top_p = 1;
  sampling.top_k = 3;
  EXPECT_EQ(Drawn(sampling), (std::set<Token>{1, 3, 4}));
  sampling.top_k = 1000;
  EXPECT_EQ(Drawn(sampling).size(), kLogits.size());
}

TEST(SamplerTest, OnlyTheNucleusIsDrawn) {
  Sampling sampling;
  sampling.top_p = 1e-9;
  EXPECT_EQ(Drawn(sampling), (std::set<Token>{1}));
  sampling.top_p = 0.5;  // at temperature 1.5 the first token has 0.4, the first two 0.68
  EXPECT_EQ(Drawn(sampling), (std::set<Token>{1, 4}));
}

TEST(SamplerTest, FrequenciesFollowTheLogits) {
  Sampling sampling;
  sampling.temperature = 1;
  sampling.top_p = 1;
  Sampler sampler(sampling);
  int ones = 0;
  for (int i = 0; i < 20000; ++i) ones += sampler.Draw(std::vector<float>{0, std::log(3.0F)});
  EXPECT_NEAR(ones / 20000.0, 0.75, 0.02);
}

TEST(SamplerTest, EqualSeedsDrawEqually) {
  Sampling sampling;
  sampling.temperature = 1;
  sampling.seed = 7;
  Sampler a(sampling);
  Sampler b(sampling);
  sampling.seed = 8;
  Sampler c(sampling);
  int differ = 0;
  for (int i = 0; i < 100; ++i) {
    const Token token = a.Draw(kLogits);
    EXPECT_EQ(token, b.Draw(kLogits));
    differ += token != c.Draw(kLogits) ? 1 : 0;
  }
  EXPECT_GT(differ, 10);
}

TEST(SamplerTest, FilterIsObeyed) {
  const auto odd_only = [](Token token) { return token % 2 == 1; };
  EXPECT_EQ(Sampler(Sampling{}).Draw(kLogits, [](Token token) { return token != 1; }), 4);
  Sampling sampling;
  sampling.top_p = 1;
  EXPECT_EQ(Drawn(sampling, kLogits, odd_only), (std::set<Token>{1, 3, 5}));
  sampling.top_k = 2;
  EXPECT_EQ(Drawn(sampling, kLogits, odd_only), (std::set<Token>{1, 3}));
}

TEST(SamplerTest, WithEverythingRefusedTheLikeliestIsTaken) {
  EXPECT_EQ(Sampler(Sampling{}).Draw(kLogits, [](Token) { return false; }), 1);
}

TEST(SamplerTest, RepeatedTokensBecomeLessLikely) {
  Sampling sampling;
  sampling.repetition_penalty = 1.3;
  const std::vector<Token> recent = {1};
  EXPECT_EQ(Sampler(sampling).Draw(kLogits, {}, recent), 4);
  EXPECT_EQ(Sampler(Sampling{}).Draw(kLogits, {}, recent), 1);
}

TEST(SamplerTest, LogSumExpAndSoftMaxDoNotOverflow) {
  EXPECT_NEAR(LogSumExp(std::vector<float>{1000, 1000}), 1000 + std::log(2.0), 1e-9);
  EXPECT_NEAR(LogSumExp(std::vector<float>{-1000, -1000}), -1000 + std::log(2.0), 1e-9);
  std::vector<double> values = {-1e9, 1e9, 1e9};
  SoftMax(values);
  EXPECT_EQ(values, (std::vector<double>{0, 0.5, 0.5}));
}

}  // namespace
}  // namespace emostage
