#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/text.h"
#include "emostage/error.h"
#include "model/llama/testing.h"

namespace emostage {
namespace {

using testing::Question;
using testing::Talk;

class NextTest : public testing::ModelTest {};
EMOSTAGE_ON_BOTH_MODELS(NextTest);

constexpr double kNear = 1e-4;

// An answer written by always taking the first token that `next` tells.
struct Written {
  std::string bytes;
  std::vector<int32_t> tokens;
  int read_after_first = 0;
  bool ended = false;
};

Written WriteByNext(Context& context, Ask ask) {
  Written written;
  while (static_cast<int>(written.tokens.size()) < ask.sampling.max_tokens) {
    ask.answer_tokens = written.tokens;
    const NextTokens next = context.next(ask, 3).get();
    if (!written.tokens.empty()) written.read_after_first += next.usage.read_tokens();
    const NextToken& taken = next.likeliest.front();
    if (taken.end) {
      written.ended = true;
      break;
    }
    written.bytes += taken.piece;
    written.tokens.push_back(taken.id);
  }
  return written;
}

TEST_P(NextTest, TellsWhatScoreAndChooseTell) {
  const std::shared_ptr<Model> model = Load();
  const std::unique_ptr<Context> context = model->Open();
  const Ask ask = Question(Talk(3), "Pick a number.");
  const NextTokens next = context->next(ask, 200).get();
  ASSERT_EQ(next.likeliest.size(), 200U);
  double sum = 0;
  for (size_t i = 0; i < next.likeliest.size(); ++i) {
    sum += std::exp(next.likeliest[i].log_probability);
    if (i > 0) {
      EXPECT_LE(next.likeliest[i].log_probability, next.likeliest[i - 1].log_probability);
    }
  }
  EXPECT_LE(sum, 1 + kNear);
  EXPECT_GT(sum, 0);
  // Two of them that are one token as texts too.
  std::vector<NextToken> told;
  for (const NextToken& token : next.likeliest) {
    if (token.end || !IsValidUtf8(token.piece) || Trim(token.piece).empty()) continue;
    if (model->CountTokens(token.piece) == 1 && told.size() < 2) told.push_back(token);
  }
  ASSERT_EQ(told.size(), 2U);
  for (const NextToken& token : told) {
    const Score score = context->score(ask, token.piece).get();
    EXPECT_NEAR(score.total, token.log_probability, kNear) << token.piece;
    EXPECT_EQ(score.pieces, std::vector<std::string>{token.piece});
  }
  const Choice choice = context->choose(ask, {told[0].piece, told[1].piece}).get();
  EXPECT_NEAR(std::log(choice.probabilities[0] / choice.probabilities[1]),
              told[0].log_probability - told[1].log_probability, kNear);
}

TEST_P(NextTest, TakingTheLikeliestWritesWhatCompleteWrites) {
  const std::shared_ptr<Model> model = Load();
  struct Case {
    std::string said;
    std::string instruction;
    std::string prefix;
  };
  const std::vector<Case> cases = {
      {"I could not sleep again last night.", "Answer them.", ""},
      {"我昨晚又没睡着，妈妈每天都打电话来。", "请用中文回答。", "我觉得"},
      {"昨日もまた眠れませんでした。", "日本語で答えてください。", ""}};
  for (const auto& [said, instruction, prefix] : cases) {
    Ask ask = Question({{Speaker::kClient, said}}, instruction);
    ask.answer_prefix = prefix;
    const Completion completion = model->Open()->complete(ask).get();
    const std::unique_ptr<Context> context = model->Open();
    const Written written = WriteByNext(*context, ask);
    EXPECT_EQ(RepairUtf8(written.bytes.substr(0, CompleteUtf8Length(written.bytes))),
              completion.text);
    EXPECT_EQ(static_cast<int>(written.tokens.size()), completion.usage.output_tokens);
    EXPECT_EQ(written.ended, completion.finish == FinishReason::kEnd);
    // What was read stays read: a token a step.
    const int steps = static_cast<int>(written.tokens.size()) - (written.ended ? 0 : 1);
    EXPECT_EQ(written.read_after_first, steps);
  }
}

TEST_P(NextTest, QuestionsAskedTogetherReadATokenEach) {
  const std::shared_ptr<Model> model = Load();
  const std::unique_ptr<Context> context = model->Open();
  std::vector<int32_t> tokens;
  for (int step = 0; step < 12; ++step) {
    std::vector<Future<NextTokens>> asked;
    for (const char* cue : {"Speak of sorrow.", "Speak of pride.", "Speak of calm."}) {
      Ask ask = Question(Talk(3), cue);
      ask.answer_tokens = tokens;
      asked.push_back(context->next(std::move(ask), 1));
    }
    int32_t taken = 0;
    for (size_t world = 0; world < asked.size(); ++world) {
      const NextTokens next = asked[world].get();
      if (world == 0) taken = next.likeliest.front().id;
      if (step > 0) {
        EXPECT_EQ(next.usage.read_tokens(), 1);
      }
    }
    tokens.push_back(taken);
  }
}

TEST(NextLimitsTest, SenselessQuestionsAreRefused) {
  const std::shared_ptr<Model> model =
      LoadLlamaModel(testing::TinyModel().string(), testing::SmallOptions());
  const std::unique_ptr<Context> context = model->Open();
  Ask ask = Question(Talk(1));
  EXPECT_THROW((void)context->next(ask, 0), Error);
  EXPECT_THROW((void)context->next(ask, 1025), Error);
  ask.answer_tokens = {-1};
  EXPECT_THROW((void)context->next(ask, 1), Error);
  ask.answer_tokens = {1 << 30};
  EXPECT_THROW((void)context->next(ask, 1), Error);
  ask.answer_tokens.clear();
  std::stop_source stop;
  stop.request_stop();
  ask.stop = stop.get_token();
  try {
    (void)context->next(ask, 1).get();
    ADD_FAILURE() << "a stopped question was answered";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCancelled);
  }
}

}  // namespace
}  // namespace emostage
