// What the engine promises: questions share what they have in common, and sharing changes nothing.

#include "model/llama/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "emostage/error.h"
#include "model/llama/testing.h"

namespace emostage {
namespace {

using testing::Question;
using testing::SmallOptions;
using testing::Talk;

class EngineTest : public testing::ModelTest {};
EMOSTAGE_ON_BOTH_MODELS(EngineTest);

double Spread(const std::vector<float>& logits) {
  const auto [low, high] = std::ranges::minmax(logits);
  return static_cast<double>(high) - static_cast<double>(low);
}

size_t Best(const std::vector<float>& logits) {
  return static_cast<size_t>(std::ranges::max_element(logits) - logits.begin());
}

// The greatest difference, as a share of the spread.
double Difference(const std::vector<float>& a, const std::vector<float>& b) {
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    most = std::max(most, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return most / Spread(b);
}

// Reading in other pieces, or beside other questions, sums in another order: that much may differ.
// Other words make more than twice the difference, see OtherWordsGiveOtherLogits.
constexpr double kRounding = 0.05;

void ExpectSameAnswer(const std::vector<float>& got, const std::vector<float>& fresh) {
  ASSERT_EQ(got.size(), fresh.size());
  EXPECT_LE(Difference(got, fresh), kRounding);
  // The likeliest token may change places only with one that was as likely.
  EXPECT_GE(static_cast<double>(fresh[Best(got)]),
            static_cast<double>(fresh[Best(fresh)]) - 2 * kRounding * Spread(fresh));
  ::testing::Test::RecordProperty("difference", std::to_string(Difference(got, fresh)));
}

// A question cannot be read whole and be bit-equal to one read in pieces; so both sides read the
// system prompt, the dialogue and the cue, one after the other.
std::vector<float> Fresh(Model& model, const Ask& ask) {
  return QuestionLogits(*model.Open(), ask);
}

TEST_P(EngineTest, ForkedContextGivesSameLogitsAsFreshOne) {
  const std::shared_ptr<Model> model = Load();
  const std::shared_ptr<Model> other = Load();
  const std::unique_ptr<Context> context = model->Open();
  // A first turn that ends where the fresh context's trunk will, forked from often.
  for (const char* cue : {"Task 1: feelings", "Task 2: phase", "Task 3: needs"}) {
    (void)QuestionLogits(*context, Question(Talk(5), cue));
  }
  (void)context->choose(Question(Talk(5), "Task 4"), {" one", " two", " two and more"}).get();
  (void)context->complete(Question(Talk(5), "Task 5")).get();
  (void)context->sample(Question(Talk(5), "Task 6"), 3).get();
  const Ask ask = Question(Talk(5), "Reply now.");
  const std::vector<float> forked = QuestionLogits(*context, ask);
  const std::vector<float> fresh = Fresh(*other, ask);
  ExpectSameAnswer(forked, fresh);
  EXPECT_EQ(Best(forked), Best(fresh));
}

TEST_P(EngineTest, FreshContextsAreBitEqual) {
  const std::shared_ptr<Model> model = Load();
  const Ask ask = Question(Talk(3), "Reply now.");
  const std::vector<float> fresh = Fresh(*model, ask);
  const std::shared_ptr<Model> other = Load();
  EXPECT_EQ(Fresh(*other, ask), fresh);  // the root is read now, and stays
  const std::unique_ptr<Context> context = other->Open();
  ExpectSameAnswer(QuestionLogits(*context, ask), fresh);
}

TEST_P(EngineTest, EditedHistoryGivesSameLogitsAsFreshContext) {
  const std::shared_ptr<Model> model = Load();
  const std::unique_ptr<Context> context = model->Open();
  (void)context->complete(Question(Talk(5))).get();
  for (const size_t edited : {size_t{1}, size_t{0}}) {
    std::vector<Message> messages = Talk(5);
    messages[edited].text = "Something else was said here.";
    const Ask ask = Question(messages, "Reply now.");
    const std::vector<float> got = QuestionLogits(*context, ask);
    ExpectSameAnswer(got, Fresh(*Load(), ask));
  }
}

TEST_P(EngineTest, OtherWordsGiveOtherLogits) {
  const std::shared_ptr<Model> model = Load();
  std::vector<Message> messages = Talk(3);
  const std::vector<float> some = Fresh(*model, Question(messages, "Reply now."));
  messages[0].text = "It is raining.";
  EXPECT_GT(Difference(Fresh(*model, Question(messages, "Reply now.")), some), 0.1);
}

TEST_P(EngineTest, NextTurnReusesDialogueAndReply) {
  const std::shared_ptr<Model> model = Load();
  std::unique_ptr<Context> context;
  std::vector<Message> messages = Talk(3);
  Ask ask = Question(messages);
  ask.sampling.min_tokens = 8;
  ask.sampling.temperature = 1;
  Completion reply;
  // Random weights may write half a character, which is mended and then is not what was read.
  do {
    context = model->Open();
    reply = context->complete(ask).get();
    ASSERT_LT(++ask.sampling.seed, 50U);
  } while (reply.text.find("\uFFFD") != std::string::npos);
  messages.push_back({Speaker::kCounsellor, reply.text});
  messages.push_back({Speaker::kClient, "Yes, that is it."});
  ask.messages = messages;
  const Completion next = context->complete(ask).get();
  // All of the first question and of its reply; the reply's last token was drawn but never read.
  EXPECT_GE(next.usage.reused_tokens,
            reply.usage.prompt_tokens + reply.usage.output_tokens - 1 - 4);
  EXPECT_LE(next.usage.read_tokens(), model->CountTokens("Yes, that is it.") + 16);
}

TEST_P(EngineTest, AfterReadingAheadOnlyTheNewTurnAndTheCueAreRead) {
  const std::shared_ptr<Model> model = Load();
  const std::unique_ptr<Context> context = model->Open();
  std::vector<Message> messages = Talk(3);
  for (int turn = 0; turn < 2; ++turn) {
    (void)context->choose(Question(messages, "Task 2: phase"), {" one", " two"}).get();
    const Completion reply = context->complete(Question(messages, "Task 3: reply")).get();
    messages.push_back({Speaker::kCounsellor, reply.text.empty() ? "I see." : reply.text});
    context->ReadAhead(Question(messages).system, messages);
    EXPECT_GT(context->WaitReadAhead(), 0);
    EXPECT_EQ(context->WaitReadAhead(), 0);
    messages.push_back({Speaker::kClient, "And today I feel no better."});
    const Choice choice =
        context->choose(Question(messages, "Task 2: phase"), {" one", " two"}).get();
    // The turn, the cue, and the template's markup around them.
    EXPECT_LE(choice.usage.read_tokens(), model->CountTokens("And today I feel no better.") +
                                              model->CountTokens("\n\nTask 2: phase") + 14);
  }
}

TEST_P(EngineTest, EveryTokenOfALongTalkIsReadOnce) {
  const std::shared_ptr<Model> model = Load();
  const std::unique_ptr<Context> context = model->Open();
  int read = 0;
  int longest = 0;
  for (int turns = 1; turns <= 41; turns += 2) {
    Ask ask = Question(Talk(turns));
    ask.sampling.max_tokens = 1;
    const Completion answer = context->complete(ask).get();
    read += answer.usage.read_tokens();
    longest = answer.usage.prompt_tokens;
  }
  // Beside the dialogue, what a question ends with ("<end> <start> assistant") is read each turn.
  EXPECT_LE(read, longest + 21 * 8);
}

TEST_P(EngineTest, QuestionsAskedTogetherShareOneReadingOfTheDialogue) {
  const std::shared_ptr<Model> model = Load();
  const std::unique_ptr<Context> context = model->Open();
  Future<Choice> phase = context->choose(Question(Talk(9), "Task 2: phase"), {" one", " two"});
  Future<Completion> reply = context->complete(Question(Talk(9), "Task 3: reply"));
  const Usage first = phase.get().usage;
  EXPECT_TRUE(reply.valid());
  const Usage second = reply.get().usage;
  EXPECT_LE(std::min(first.read_tokens(), second.read_tokens()), 16);
  EXPECT_EQ(std::max(first.reused_tokens, second.reused_tokens),
            std::max(first.prompt_tokens, second.prompt_tokens) -
                std::min(first.read_tokens(), second.read_tokens()));
}

TEST_P(EngineTest, QuestionAboutAnEarlierPointKeepsTheDialogue) {
  const std::shared_ptr<Model> model = Load();
  const std::unique_ptr<Context> context = model->Open();
  (void)QuestionLogits(*context, Question(Talk(9), "Reply now."));
  const Ask earlier = Question(Talk(3), "What was felt then?");
  const std::vector<float> then = QuestionLogits(*context, earlier);
  Ask now = Question(Talk(9), "And now?");
  now.sampling.max_tokens = 1;
  EXPECT_LE(context->complete(now).get().usage.read_tokens(), 16);
  ExpectSameAnswer(then, Fresh(*Load(), earlier));
}

TEST_P(EngineTest, SecretOfOneContextNeverReachesAnother) {
  const Ask ask = Question({{Speaker::kClient, "What is the secret word?"}}, "Say it.");
  const std::shared_ptr<Model> clean = Load();
  (void)QuestionLogits(*clean->Open(), Question(Talk(1), "Reply."));
  const std::vector<float> expected = Fresh(*clean, ask);

  const std::shared_ptr<Model> model = Load();
  const std::unique_ptr<Context> other = model->Open();
  const std::vector<Message> secret = {{Speaker::kClient, "The secret word is xylophone."}};
  (void)QuestionLogits(*other, Question(secret, "Reply."));
  (void)other->complete(Question(secret, "Reply.")).get();
  const std::unique_ptr<Context> context = model->Open();
  ExpectSameAnswer(QuestionLogits(*context, ask), expected);
  // The same words in both: nothing but the system prompt may be found read already.
  const Usage usage = model->Open()->complete(Question(secret, "Reply.")).get().usage;
  EXPECT_LE(usage.reused_tokens, model->CountTokens(ask.system) + 8);
  // A place in the cache that the secret has left is empty.
  (void)model->Open()->complete(Question(secret)).get();
  ExpectSameAnswer(QuestionLogits(*model->Open(), ask), expected);
}

TEST_P(EngineTest, ContextsGiveWayToEachOtherAndComeBack) {
  LlamaOptions options = SmallOptions();
  options.context_tokens = 512;
  const std::shared_ptr<Model> model = Load(options);
  std::vector<std::unique_ptr<Context>> contexts;
  std::vector<std::vector<float>> before;
  const auto ask = [](size_t i) {
    std::vector<Message> messages = Talk(9);
    messages.front().text = "I am client number " + std::to_string(i) + ".";
    return Question(messages, "Reply now.");
  };
  for (size_t i = 0; i < 4; ++i) {  // about 200 tokens each, in room for 512
    contexts.push_back(model->Open());
    before.push_back(QuestionLogits(*contexts[i], ask(i)));
  }
  for (size_t i = 0; i < contexts.size(); ++i) {
    ExpectSameAnswer(QuestionLogits(*contexts[i], ask(i)), before[i]);
  }
}

TEST_P(EngineTest, ContextsOfSeveralThreadsAnswerAsOneAlone) {
  const std::shared_ptr<Model> model = Load();
  constexpr int kThreads = 3;
  const auto ask = [](int i) {
    return Question({{Speaker::kClient, "Client " + std::to_string(i) + " is here."}}, "Reply.");
  };
  std::vector<std::vector<float>> got(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 2; ++round) {
        const std::unique_ptr<Context> context = model->Open();
        (void)context->complete(ask(i)).get();
        got[static_cast<size_t>(i)] = QuestionLogits(*context, ask(i));
        (void)context->complete(ask(i));  // never waited for
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::shared_ptr<Model> alone = Load();
  for (int i = 0; i < kThreads; ++i) {
    ExpectSameAnswer(got[static_cast<size_t>(i)], Fresh(*alone, ask(i)));
  }
}

TEST_P(EngineTest, SharingCanBeSwitchedOffAndChangesNothing) {
  LlamaOptions options = SmallOptions();
  const Ask ask = Question(Talk(5), "Reply now.");
  const std::vector<float> shared = Fresh(*Load(options), ask);
  options.share = false;
  const std::shared_ptr<Model> model = Load(options);
  const std::unique_ptr<Context> context = model->Open();
  (void)context->complete(ask).get();
  EXPECT_EQ(context->complete(ask).get().usage.reused_tokens, 0);
  ExpectSameAnswer(QuestionLogits(*context, ask), shared);
}

TEST(EngineLifeTest, ModelIsOutlivedByItsContext) {
  std::shared_ptr<Model> model =
      LoadLlamaModel(testing::TinyModel().string(), testing::SmallOptions());
  const std::unique_ptr<Context> context = model->Open();
  model.reset();
  EXPECT_GT(context->complete(Question(Talk(1))).get().usage.prompt_tokens, 0);
}

TEST(EngineLifeTest, DestroyedContextCancelsItsQuestions) {
  const std::shared_ptr<Model> model =
      LoadLlamaModel(testing::TinyModel().string(), testing::SmallOptions());
  std::unique_ptr<Context> context = model->Open();
  Ask ask = Question(Talk(3));
  ask.sampling.max_tokens = ask.sampling.min_tokens = 1500;
  Future<Completion> started = context->complete(ask);
  started.Start();
  Future<Completion> unstarted = context->complete(ask);
  Future<Choice> choice = context->choose(ask, {"a", "b"});
  context.reset();
  EXPECT_EQ(started.get().finish, FinishReason::kCancelled);
  EXPECT_EQ(unstarted.get().finish, FinishReason::kCancelled);
  EXPECT_THROW((void)choice.get(), Error);
}

TEST(EngineLifeTest, MoreContextsThanSequencesAllGetAnAnswer) {
  LlamaOptions options = SmallOptions();
  options.cells = 8192;
  const std::shared_ptr<Model> model = LoadLlamaModel(testing::TinyModel().string(), options);
  std::vector<std::unique_ptr<Context>> contexts;
  std::vector<Future<Completion>> answers;
  for (int i = 0; i < 90; ++i) {
    contexts.push_back(model->Open());
    Ask ask = Question({{Speaker::kClient, "Client " + std::to_string(i)}}, "Reply.");
    ask.sampling.max_tokens = 3;
    answers.push_back(contexts.back()->complete(ask));
    answers.back().Start();
  }
  for (Future<Completion>& answer : answers) EXPECT_NO_THROW((void)answer.get());
}

TEST(EngineLifeTest, BatchIsNeverLargerThanTheContext) {
  LlamaOptions options = SmallOptions();
  options.context_tokens = 256;  // llama.cpp then reads at most 256 tokens at once
  const std::shared_ptr<Model> model = LoadLlamaModel(testing::TinyModel().string(), options);
  std::vector<std::unique_ptr<Context>> contexts;
  std::vector<Future<Completion>> answers;
  for (int i = 0; i < 4; ++i) {
    contexts.push_back(model->Open());
    Ask ask = Question(Talk(6 - 1), "Reply.");
    ask.sampling.max_tokens = 2;
    answers.push_back(contexts.back()->complete(ask));
    answers.back().Start();
  }
  int answered = 0;
  for (Future<Completion>& answer : answers) {
    try {
      (void)answer.get();
      ++answered;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBusy) << error.what();
    }
  }
  EXPECT_GE(answered, 1);
}

}  // namespace
}  // namespace emostage
