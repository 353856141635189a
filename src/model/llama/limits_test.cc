#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "emostage/error.h"
#include "model/llama/testing.h"

namespace emostage {
namespace {

using testing::Question;
using testing::Talk;

std::shared_ptr<Model> Small(int context_tokens) {
  LlamaOptions options = testing::SmallOptions();
  options.context_tokens = context_tokens;
  return LoadLlamaModel(testing::TinyModel().string(), options);
}

TEST(LimitsTest, DialogueLongerThanTheContextIsAnInputError) {
  const std::shared_ptr<Model> model = Small(256);
  const std::unique_ptr<Context> context = model->Open();
  try {
    (void)context->complete(Question(Talk(41)));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInput);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("--context"));
  }
  context->ReadAhead("", Talk(41));  // nor is it read ahead
  EXPECT_EQ(context->WaitReadAhead(), 0);
  EXPECT_NO_THROW((void)context->complete(Question(Talk(1))).get());
}

TEST(LimitsTest, AnswerEndsWhereTheContextDoes) {
  const std::shared_ptr<Model> model = Small(256);
  Ask ask = Question(Talk(3));
  ask.sampling.max_tokens = ask.sampling.min_tokens = 5000;
  const Completion completion = model->Open()->complete(ask).get();
  EXPECT_EQ(completion.finish, FinishReason::kLength);
  EXPECT_EQ(completion.usage.prompt_tokens + completion.usage.output_tokens, 256);
}

TEST(LimitsTest, SenselessQuestionsAreRefused) {
  const std::shared_ptr<Model> model = Small(256);
  const std::unique_ptr<Context> context = model->Open();
  EXPECT_THROW((void)context->complete(Question({})), Error);
  EXPECT_THROW((void)context->complete(Question(Talk(2))), Error);
  Ask ask = Question(Talk(1));
  EXPECT_THROW((void)context->sample(ask, 0), Error);
  EXPECT_THROW((void)context->sample(ask, 33), Error);
  ask.sampling.top_p = 0;
  EXPECT_THROW((void)context->complete(ask), Error);
  ask.sampling = {};
  ask.schema = "{";
  EXPECT_THROW((void)context->complete(ask), Error);
}

}  // namespace
}  // namespace emostage
