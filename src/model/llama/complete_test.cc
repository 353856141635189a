#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "emostage/error.h"
#include "model/llama/testing.h"

namespace emostage {
namespace {

using testing::Question;
using testing::SmallOptions;
using testing::Talk;

// The random model says anything at all: quotes, control characters, halves of characters.
class RandomTextTest : public ::testing::Test {
 protected:
  static Ask Wild(uint64_t seed) {
    Ask ask = Question(Talk(1));
    ask.sampling.temperature = 2;
    ask.sampling.top_k = 1000;
    ask.sampling.top_p = 1;
    ask.sampling.seed = seed;
    return ask;
  }
  std::shared_ptr<Model> model_ = LoadLlamaModel(testing::TinyModel().string(), SmallOptions());
  std::unique_ptr<Context> context_ = model_->Open();
};

TEST_F(RandomTextTest, StreamedPiecesAreWholeCharactersAndAddUp) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    Ask ask = Wild(seed);
    ask.sampling.max_tokens = 40;
    std::string streamed;
    const Completion completion = context_
                                      ->complete(ask,
                                                 [&](std::string_view piece) {
                                                   EXPECT_TRUE(IsValidUtf8(piece));
                                                   streamed += piece;
                                                 })
                                      .get();
    EXPECT_TRUE(IsValidUtf8(completion.text));
    EXPECT_EQ(streamed, completion.text);
  }
}

TEST_F(RandomTextTest, StopStringsNeverShow) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    Ask ask = Wild(seed);
    ask.sampling.max_tokens = 40;
    const std::string whole = context_->complete(ask).get().text;
    if (CountCodepoints(whole) < 30) continue;
    const std::string rest = whole.substr(Utf8Prefix(whole, whole.size() / 2).size());
    ask.sampling.stop = {std::string(Utf8Prefix(rest, 12))};
    std::string streamed;
    const Completion cut =
        context_->complete(ask, [&](std::string_view piece) { streamed += piece; }).get();
    EXPECT_EQ(cut.finish, FinishReason::kStop);
    EXPECT_EQ(cut.text, whole.substr(0, whole.find(ask.sampling.stop[0])));
    EXPECT_EQ(streamed, cut.text);
  }
}

TEST_F(RandomTextTest, LengthIsBetweenLeastAndMost) {
  Ask ask = Wild(1);
  ask.sampling.max_tokens = 7;
  EXPECT_LE(context_->complete(ask).get().usage.output_tokens, 7);
  ask.sampling.min_tokens = 7;
  const Completion completion = context_->complete(ask).get();
  EXPECT_EQ(completion.usage.output_tokens, 7);
  EXPECT_EQ(completion.finish, FinishReason::kLength);
}

TEST_F(RandomTextTest, EqualSeedsGiveEqualTextAndDraftsDiffer) {
  Ask ask = Wild(5);
  EXPECT_EQ(model_->Open()->complete(ask).get().text, model_->Open()->complete(ask).get().text);
  const std::vector<Completion> drafts = context_->sample(ask, 5).get();
  std::set<std::string> texts;
  for (const Completion& draft : drafts) texts.insert(draft.text);
  EXPECT_EQ(texts.size(), 5U);
}

TEST_F(RandomTextTest, AnswersSatisfyTheirSchemaWhateverTheModelSays) {
  const std::string feeling =
      R"({"type": "object", "properties": {
            "emotion": {"enum": ["joy", "fear", "fearless", "grief"], "x-once": true},
            "intensity": {"type": "integer", "minimum": 1, "maximum": 5}},
          "required": ["emotion", "intensity"]})";
  Ask ask = Question(Talk(1));
  ask.schema = R"({"type": "object", "properties": {
      "feels": {"type": "array", "minItems": 2, "maxItems": 9, "items": )" +
               feeling + R"(},
      "lists": {"type": "array", "minItems": 2, "maxItems": 3, "items":
         {"type": "array", "minItems": 2, "maxItems": 5, "uniqueItems": true,
          "items": {"enum": ["a", "b", "c"]}}},
      "why": {"type": "string", "x-max-tokens": 10},
      "sure": {"type": "boolean"}}, "required": ["feels", "lists", "why", "sure"]})";
  for (uint64_t seed = 0; seed < 50; ++seed) {
    ask.sampling = Wild(seed).sampling;
    const Completion completion = context_->complete(ask).get();
    const Json answer = ParseJson(completion.text, "the answer");
    ASSERT_EQ(answer.size(), 4U);
    ASSERT_GE(answer["feels"].size(), 2U);
    ASSERT_LE(answer["feels"].size(), 4U);
    std::set<std::string> emotions;
    for (const Json& item : answer["feels"]) {
      emotions.insert(item["emotion"].get<std::string>());
      EXPECT_GE(item["intensity"].get<int>(), 1);
      EXPECT_LE(item["intensity"].get<int>(), 5);
    }
    EXPECT_EQ(emotions.size(), answer["feels"].size());
    ASSERT_GE(answer["lists"].size(), 2U);
    ASSERT_LE(answer["lists"].size(), 3U);
    for (const Json& list : answer["lists"]) {
      EXPECT_EQ(std::set<std::string>(list.begin(), list.end()).size(), list.size());
      EXPECT_GE(list.size(), 2U);
    }
    EXPECT_TRUE(answer["why"].is_string());
    EXPECT_TRUE(answer["sure"].is_boolean());
    for (const Pick& pick : completion.picks) {
      double sum = 0;
      for (const double p : pick.probabilities) sum += p;
      EXPECT_NEAR(sum, 1, 1e-9) << pick.field;
      EXPECT_LT(pick.chosen, pick.labels.size());
    }
    EXPECT_GT(completion.usage.forced_tokens, 0);
    EXPECT_LE(completion.usage.forced_tokens, completion.usage.output_tokens);
  }
}

TEST_F(RandomTextTest, CancelledDecodingKeepsWhatWasSaid) {
  Ask ask = Wild(2);
  ask.sampling.max_tokens = ask.sampling.min_tokens = 1500;
  std::stop_source stop;
  ask.stop = stop.get_token();
  int pieces = 0;
  const Completion completion = context_
                                    ->complete(ask,
                                               [&](std::string_view) {
                                                 if (++pieces == 3) stop.request_stop();
                                               })
                                    .get();
  EXPECT_EQ(completion.finish, FinishReason::kCancelled);
  EXPECT_FALSE(completion.text.empty());
  EXPECT_LT(completion.usage.output_tokens, 100);
}

TEST_F(RandomTextTest, CancelledBeforeReadingItReadsNothing) {
  Ask ask = Question(Talk(41));
  std::stop_source stop;
  ask.stop = stop.get_token();
  stop.request_stop();
  const Completion completion = context_->complete(ask).get();
  EXPECT_EQ(completion.finish, FinishReason::kCancelled);
  EXPECT_EQ(completion.text, "");
  EXPECT_THROW((void)context_->choose(ask, {"a", "b"}).get(), Error);
  ask.stop = {};
  EXPECT_NE(context_->complete(ask).get().finish, FinishReason::kCancelled);
}

TEST_F(RandomTextTest, EmbeddingsHaveUnitLengthAndRepeat) {
  const std::vector<float> vector = model_->embed("I could not sleep.");
  double norm = 0;
  for (const float value : vector) norm += static_cast<double>(value) * value;
  EXPECT_NEAR(norm, 1, 1e-4);
  EXPECT_EQ(model_->embed("I could not sleep."), vector);
  EXPECT_NE(model_->embed("Something else."), vector);
  EXPECT_THROW((void)model_->embed(""), Error);
}

}  // namespace
}  // namespace emostage
