// Many talks in one engine: parked and put back, given up and read again, refused when there are
// too many, and none in another's way.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
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

class LoadTest : public testing::ModelTest {};
EMOSTAGE_ON_BOTH_MODELS(LoadTest);

// A talk of its own for each client, of some hundred tokens.
std::vector<Message> TalkOf(int client, int turns = 7) {
  std::vector<Message> messages = Talk(turns);
  for (Message& message : messages) {
    message.text += " My name is Client" + std::to_string(client) + " and this is mine alone.";
  }
  return messages;
}

// One reply after another to growing talks, as text; each client's turns one after the other.
std::vector<std::string> Replies(Model& model, int clients, int turns) {
  std::vector<std::unique_ptr<Context>> contexts;
  std::vector<std::vector<Message>> talks;
  for (int client = 0; client < clients; ++client) {
    contexts.push_back(model.Open());
    talks.push_back(TalkOf(client));
  }
  std::vector<std::string> replies;
  for (int turn = 0; turn < turns; ++turn) {
    for (int client = 0; client < clients; ++client) {
      auto& talk = talks[static_cast<size_t>(client)];
      replies.push_back(contexts[static_cast<size_t>(client)]->complete(Question(talk)).get().text);
      talk.push_back({Speaker::kCounsellor, "I see."});
      talk.push_back({Speaker::kClient, "And then it began again."});
    }
  }
  return replies;
}

LlamaOptions Roomy() {
  LlamaOptions options = SmallOptions();
  options.cells = 16384;
  return options;
}

// Room in the cache for two talks or so.
LlamaOptions Narrow() {
  LlamaOptions options = SmallOptions();
  options.context_tokens = options.cells = 768;
  return options;
}

TEST_P(LoadTest, ParkedTalksGoOnAsIfTheyHadNeverLeft) {
  const std::shared_ptr<Model> narrow = Load(Narrow());
  const std::vector<std::string> got = Replies(*narrow, 5, 2);
  EXPECT_GT(narrow->cache_use().restored, 2U);
  EXPECT_EQ(narrow->cache_use().forgotten, 0U);
  EXPECT_EQ(got, Replies(*Load(Roomy()), 5, 2));
}

TEST_P(LoadTest, AParkedTalkIsNotReadAgain) {
  const std::shared_ptr<Model> narrow = Load(Narrow());
  const std::unique_ptr<Context> first = narrow->Open();
  const Usage fresh = first->complete(Question(TalkOf(0), "Reply.")).get().usage;
  std::vector<std::unique_ptr<Context>> others;
  for (int i = 1; i < 6; ++i) {
    others.push_back(narrow->Open());
    (void)others.back()->complete(Question(TalkOf(i), "Reply.")).get();
  }
  EXPECT_GT(narrow->cache_use().parked_contexts, 2);
  EXPECT_GT(narrow->cache_use().parked_bytes, 0U);
  const Usage again = first->complete(Question(TalkOf(0), "Reply.")).get().usage;
  EXPECT_LT(again.read_tokens(), 16);
  EXPECT_GT(fresh.read_tokens(), 100);
}

TEST_P(LoadTest, WhatTheBudgetCannotHoldIsReadAgainWithTheSameReply) {
  LlamaOptions options = Narrow();
  options.cache_bytes = 1;  // room for one question of the whole context, and for nothing parked
  const std::shared_ptr<Model> narrow = Load(options);
  const std::vector<std::string> got = Replies(*narrow, 4, 2);
  EXPECT_EQ(narrow->cache_use().parked_bytes, 0U);
  EXPECT_EQ(narrow->cache_use().restored, 0U);
  EXPECT_EQ(got, Replies(*Load(Roomy()), 4, 2));
}

TEST_P(LoadTest, ParkedBytesStayWithinTheBudget) {
  LlamaOptions options = Narrow();
  const uint64_t reserved = Load(options)->cache_use().reserved_bytes;
  const std::shared_ptr<Model> model = [&] {
    // The report comes with the first round.
    const std::shared_ptr<Model> probe = Load(options);
    (void)probe->Open()->complete(Question(Talk(1))).get();
    LlamaOptions tight = options;
    tight.cache_bytes = probe->cache_use().reserved_bytes * 3 / 2;
    return Load(tight);
  }();
  EXPECT_EQ(reserved, 0U);
  const std::vector<std::string> got = Replies(*model, 6, 2);
  const CacheUse use = model->cache_use();
  EXPECT_GT(use.forgotten, 0U);
  EXPECT_LE(use.reserved_bytes + use.parked_bytes, use.budget_bytes);
  EXPECT_EQ(got, Replies(*Load(Roomy()), 6, 2));
}

TEST_P(LoadTest, ManyAtTheSameTimeAllGetTheirAnswer) {
  LlamaOptions options = SmallOptions();
  options.sessions = 8;
  const std::shared_ptr<Model> model = Load(options);
  const int kClients = is_tiny() ? 40 : 10;
  std::atomic<int> answered = 0;
  std::vector<std::jthread> threads;
  for (int client = 0; client < kClients; ++client) {
    threads.emplace_back([&, client] {
      const std::unique_ptr<Context> context = model->Open();
      std::vector<Message> talk = TalkOf(client, 3);
      for (int turn = 0; turn < 2; ++turn) {
        Future<Choice> one = context->choose(Question(talk, "A"), {" yes", " no", " yes and no"});
        Future<Choice> two = context->choose(Question(talk, "B"), {" calm", " sad"});
        Future<Completion> three = context->complete(Question(talk, "C"));
        if (one.get().probabilities.size() + two.get().probabilities.size() == 5 &&
            !three.get().text.empty()) {
          ++answered;
        }
        talk.push_back({Speaker::kCounsellor, "I see."});
        talk.push_back({Speaker::kClient, "And then it began again."});
      }
    });
  }
  threads.clear();
  EXPECT_EQ(answered, 2 * kClients);
}

template <typename T>
std::optional<Error> FailureOf(Future<T>& future) {
  try {
    (void)future.get();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

TEST_P(LoadTest, TooManyQuestionsOfOneContextAreRefusedWithATimeToComeBack) {
  const std::shared_ptr<Model> model = Load();
  const std::unique_ptr<Context> context = model->Open();
  std::vector<Future<Choice>> futures;
  for (int i = 0; i < 80; ++i) {
    futures.push_back(context->choose(Question(Talk(3), "Q" + std::to_string(i)), {" a", " b"}));
  }
  int refused = 0;
  for (Future<Choice>& future : futures) {
    const std::optional<Error> failure = FailureOf(future);
    if (!failure) continue;
    ++refused;
    EXPECT_EQ(failure->code(), ErrorCode::kBusy);
    EXPECT_GE(failure->retry_after_s(), 1);
    EXPECT_THAT(failure->what(), ::testing::HasSubstr("try again in about"));
  }
  EXPECT_EQ(refused, 80 - 64);
  EXPECT_FALSE(context->complete(Question(Talk(3))).get().text.empty());
  EXPECT_EQ(model->cache_use().open_questions, 0);
}

TEST_P(LoadTest, ADeadlineEndsAnAnswerAndTheNextOneWorks) {
  const std::shared_ptr<Model> model = Load();
  const std::unique_ptr<Context> context = model->Open();
  Ask ask = Question(Talk(3));
  ask.sampling.max_tokens = ask.sampling.min_tokens = 1500;
  ask.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
  Future<Completion> late = context->complete(ask);
  const std::optional<Error> failure = FailureOf(late);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code(), ErrorCode::kBusy);
  EXPECT_FALSE(context->complete(Question(Talk(3))).get().text.empty());
}

TEST_P(LoadTest, ALongReadLetsAnothersWordsThrough) {
  const std::shared_ptr<Model> model = Load(Roomy());
  const std::unique_ptr<Context> talker = model->Open();
  const std::unique_ptr<Context> reader = model->Open();
  Ask words = Question(Talk(3));
  words.sampling.max_tokens = words.sampling.min_tokens = 200;
  std::atomic<int> said = 0;
  Future<Completion> stream = talker->complete(words, [&](std::string_view) { ++said; });
  stream.Start();
  while (said == 0) std::this_thread::yield();
  const int before = said;
  (void)reader->choose(Question(TalkOf(1, is_tiny() ? 41 : 21), "Reply."), {" a", " b"}).get();
  EXPECT_GE(said - before, 3);  // of what a thousand tokens take in one go, none
  (void)stream.get();
}

}  // namespace
}  // namespace emostage
