// What comes of it when a real server dies, comes back, or wants a key.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "emostage/error.h"
#include "emostage/session.h"
#include "model/llama/testing.h"
#include "model/openai/llama_server.h"

namespace emostage::openai {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class OutageTest : public LlamaServerTest {};

TEST_F(OutageTest, TurnThatAKilledServerBrokeOffIsAnsweredWhenItIsBack) {
  LlamaServer server;
  SessionOptions options;
  options.method = "direct";
  options.language = Language::kEnglish;
  options.sampling.max_tokens = 200;
  options.sampling.temperature = 0;
  Session session(ConnectOpenAi(Options({&server})), options);
  ASSERT_FALSE(session.Respond("I could not sleep again.").reply.empty());
  const std::size_t turns = session.dialogue().turns.size();

  std::string heard;
  try {
    (void)session.Respond("I keep thinking about my exam.", [&](std::string_view words) {
      if (heard.empty()) server.Kill();  // in mid-answer: its first words have just come
      heard += words;
    });
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    EXPECT_THAT(error.what(), HasSubstr("broke off in mid-answer; nothing was kept"));
  }
  EXPECT_FALSE(heard.empty());
  EXPECT_EQ(session.dialogue().turns.size(), turns);

  // While it is away: a clear error, and still no lost turn.
  try {
    (void)session.Respond("I keep thinking about my exam.");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNetwork);
    EXPECT_THAT(error.what(), HasSubstr("cannot be reached"));
  }
  EXPECT_EQ(session.dialogue().turns.size(), turns);

  server.Start();
  EXPECT_FALSE(session.Respond("I keep thinking about my exam.").reply.empty());
  EXPECT_EQ(session.dialogue().turns.size(), turns + 2);
}

TEST_F(OutageTest, ServerThatComesBackWithinTheTriesIsWaitedFor) {
  LlamaServer server;
  OpenAiOptions options = Options({&server});
  options.retries = 12;
  options.backoff = std::chrono::milliseconds(500);
  const std::shared_ptr<Model> model = ConnectOpenAi(options);
  const std::unique_ptr<Context> context = model->Open();
  server.Kill();
  Future<Completion> reply = context->complete(testing::Question(testing::Talk(1)));
  reply.Start();
  server.Start();
  EXPECT_FALSE(reply.get().text.empty());
}

TEST_F(OutageTest, SessionGoesOnAtAnotherServer) {
  LlamaServer one;
  LlamaServer two;
  const std::shared_ptr<Model> model = ConnectOpenAi(Options({&one, &two}));
  const std::unique_ptr<Context> context = model->Open();
  ASSERT_FALSE(context->complete(testing::Question(testing::Talk(1))).get().text.empty());
  one.Kill();
  const Completion reply = context->complete(testing::Question(testing::Talk(3))).get();
  EXPECT_FALSE(reply.text.empty());
  EXPECT_LT(reply.usage.reused_tokens, reply.usage.prompt_tokens / 2);  // the other had read none
}

TEST_F(OutageTest, KeyIsWantedAndTaken) {
  LlamaServer server({"--api-key", "right-key"});
  OpenAiOptions options = Options({&server});
  options.api_key = "right-key";
  const std::shared_ptr<Model> model = ConnectOpenAi(options);
  EXPECT_FALSE(model->Open()->complete(testing::Question(testing::Talk(1))).get().text.empty());
  options.api_key = "wrong-key";
  try {
    // llama-server lists its models to anyone; the first question tells.
    const std::shared_ptr<Model> locked = ConnectOpenAi(options);
    (void)locked->Open()->complete(testing::Question(testing::Talk(1))).get();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("does not accept the key"));
    EXPECT_THAT(error.what(), Not(HasSubstr("wrong-key")));
  }
}

TEST_F(OutageTest, StoppedAnswerLeavesTheServerFree) {
  const std::shared_ptr<Model> model = Connect();
  const std::unique_ptr<Context> context = model->Open();
  std::stop_source stop;
  Ask ask = testing::Question(testing::Talk(1), "Write a long story.");
  ask.sampling.max_tokens = 2000;
  ask.sampling.min_tokens = 2000;
  ask.stop = stop.get_token();
  std::atomic<bool> begun = false;
  Future<Completion> story = context->complete(ask, [&begun](std::string_view) { begun = true; });
  story.Start();
  while (!begun) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  stop.request_stop();
  EXPECT_EQ(story.get().finish, FinishReason::kCancelled);
  // With one slot, this would wait for the story's end.
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(context->complete(testing::Question(testing::Talk(1))).get().text.empty());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace emostage::openai
