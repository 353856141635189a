#include "method/pragmatic_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "emostage/error.h"
#include "model/scripted/scripted_model.h"

namespace emostage {
namespace {

using ::testing::SizeIs;

constexpr const char* kWords[] = {"", " that", " hard", " exam", " prize", "{", " So.", "."};
constexpr int32_t kEnd = 0;

// What each world says at each step: ids of kWords and their probabilities, likeliest first.
using Steps = std::vector<std::vector<std::pair<int32_t, double>>>;

class PragmaticDecoderTest : public ::testing::Test {
 protected:
  PragmaticText Decode(const PragmaticWeights& weights) {
    ScriptedModel::Script script;
    script.next = [this](const Ask& ask) {
      const Steps& steps = worlds_.at(ask.instruction);
      const size_t step = std::min(ask.answer_tokens.size(), steps.size() - 1);
      std::vector<NextToken> told;
      for (const auto& [id, probability] : steps[step]) {
        told.push_back({.id = id,
                        .piece = kWords[id],
                        .log_probability = std::log(probability),
                        .end = id == kEnd});
      }
      return told;
    };
    model_ = ScriptedModel::Create(script);
    std::vector<Ask> worlds;
    for (const char* name : {"true", "other", "third"}) {
      if (!worlds_.contains(name)) continue;
      worlds.emplace_back();
      worlds.back().instruction = name;
      worlds.back().sampling = sampling_;
      worlds.back().stop = stop_.get_token();
    }
    return DecodePragmatically(*model_->Open(), worlds, weights);
  }

  std::map<std::string, Steps> worlds_ = {
      {"true", {{{1, 0.6}, {3, 0.4}}, {{2, 0.8}, {0, 0.2}}, {{0, 0.9}, {1, 0.1}}}},
      {"other", {{{1, 0.7}, {4, 0.2}, {3, 0.1}}, {{2, 0.6}, {4, 0.3}, {0, 0.1}}, {{0, 1.0}}}}};
  Sampling sampling_;
  std::stop_source stop_;
  std::shared_ptr<ScriptedModel> model_;
};

TEST_F(PragmaticDecoderTest, AtAlphaZeroTheLikeliestTokenIsTaken) {
  const PragmaticText said = Decode({.alpha = 0, .beta = 0.9});
  EXPECT_EQ(said.text, " that hard");
  EXPECT_EQ(said.finish, FinishReason::kEnd);
  EXPECT_EQ(said.turned, 0);
  EXPECT_EQ(said.usage.output_tokens, 2);
}

TEST_F(PragmaticDecoderTest, FirstStepIsTheFormula) {
  worlds_["third"] = {{{1, 0.5}, {3, 0.3}}};
  sampling_.max_tokens = 1;
  const PragmaticText said = Decode({.alpha = 2, .beta = 0.5});
  const auto belief = [](double a, double b, double c) {
    return std::sqrt(a) / (std::sqrt(a) + std::sqrt(b) + std::sqrt(c));
  };
  // S1 by hand, for the two candidates.
  const double that = 0.6 * std::pow(belief(0.6, 0.7, 0.5), 2);
  const double exam = 0.4 * std::pow(belief(0.4, 0.1, 0.3), 2);
  ASSERT_GT(exam, that);
  EXPECT_EQ(said.text, " exam");
  ASSERT_THAT(said.listener, SizeIs(3));
  EXPECT_NEAR(said.listener[0], belief(0.4, 0.1, 0.3), 1e-12);
  EXPECT_NEAR(said.listener[1], belief(0.1, 0.4, 0.3), 1e-12);
  EXPECT_EQ(said.finish, FinishReason::kLength);
}

TEST_F(PragmaticDecoderTest, WithAlphaTheCauseIsNamedAndTheListenerIsSurer) {
  const PragmaticText plain = Decode({.alpha = 0, .beta = 0.9});
  const PragmaticText focused = Decode({.alpha = 6, .beta = 0.9});
  EXPECT_EQ(plain.text.find("exam"), std::string::npos);
  EXPECT_EQ(focused.text, " exam hard");
  EXPECT_EQ(focused.turned, 1);
  EXPECT_GT(focused.listener[0], plain.listener[0]);
  // Never less sure for a greater alpha.
  double before = 0;
  for (const double alpha : {0.0, 0.5, 1.0, 2.0, 4.0, 8.0}) {
    const PragmaticText said = Decode({.alpha = alpha, .beta = 0.9});
    EXPECT_GE(said.listener[0], before - 1e-12) << alpha;
    before = said.listener[0];
  }
}

TEST_F(PragmaticDecoderTest, WhatIsHeardIsRememberedInThePrior) {
  sampling_.max_tokens = 1;
  const std::vector<double> first = Decode({.alpha = 0, .beta = 1}).listener;
  sampling_.max_tokens = 2;
  const std::vector<double> second = Decode({.alpha = 0, .beta = 1}).listener;
  EXPECT_NEAR(first[0], 0.6 / (0.6 + 0.7), 1e-12);
  EXPECT_NEAR(second[0], 0.6 * 0.8 / (0.6 * 0.8 + 0.7 * 0.6), 1e-12);
}

TEST_F(PragmaticDecoderTest, WordThatAWorldDoesNotListIsAsLikelyAsItsLast) {
  worlds_["true"] = {{{3, 0.5}}};
  worlds_["other"] = {{{1, 0.8}, {2, 0.1}}};
  sampling_.max_tokens = 1;
  EXPECT_NEAR(Decode({.alpha = 1, .beta = 1}).listener[0], 0.5 / (0.5 + 0.1), 1e-12);
}

TEST_F(PragmaticDecoderTest, EndsAsAReplyDoes) {
  worlds_ = {{"true", {{{5, 0.6}, {0, 0.3}, {1, 0.1}}, {{0, 0.9}, {2, 0.1}}, {{0, 1.0}}}}};
  sampling_.prose = true;
  sampling_.min_tokens = 2;
  EXPECT_EQ(Decode({}).text, " that hard");  // no brace, and no end before two tokens
  EXPECT_EQ(Decode({}).listener, std::vector<double>{1.0});
  sampling_.min_tokens = 0;
  sampling_.prose = false;
  worlds_ = {{"true", {{{1, 1.0}}, {{2, 1.0}}, {{3, 1.0}}, {{0, 1.0}}}}};
  sampling_.stop = {"hard ex"};
  const PragmaticText stopped = Decode({});
  EXPECT_EQ(stopped.text, " that ");
  EXPECT_EQ(stopped.finish, FinishReason::kStop);
}

TEST_F(PragmaticDecoderTest, SentenceSaidTwiceEndsTheText) {
  worlds_ = {{"true", {{{6, 1.0}}, {{7, 1.0}}, {{7, 1.0}}, {{2, 1.0}}, {{6, 1.0}}}}};
  sampling_.max_tokens = 9;
  const PragmaticText twice = Decode({});
  EXPECT_EQ(twice.text, " So... hard So.");
  EXPECT_EQ(twice.finish, FinishReason::kStop);
  EXPECT_EQ(twice.usage.output_tokens, 6);
}

TEST_F(PragmaticDecoderTest, WorldsAreAskedTogetherWithTheSameTokens) {
  static_cast<void>(Decode({}));
  const std::vector<Ask> asked = model_->asked();
  ASSERT_EQ(asked.size() % 2, 0U);
  for (size_t i = 0; i < asked.size(); i += 2) {
    EXPECT_EQ(asked[i].instruction, "true");
    EXPECT_EQ(asked[i + 1].instruction, "other");
    EXPECT_EQ(asked[i].answer_tokens, asked[i + 1].answer_tokens);
    EXPECT_THAT(asked[i].answer_tokens, SizeIs(i / 2));
  }
}

TEST_F(PragmaticDecoderTest, StopsBetweenTwoTokens) {
  stop_.request_stop();
  try {
    static_cast<void>(Decode({}));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCancelled);
  }
  EXPECT_LE(model_->asked().size(), 2U);
}

}  // namespace
}  // namespace emostage
