// Many talks in one engine: parked and put back, given up and read again, refused when there are
// too many, and none in another's way.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.h"
#include "emostage/error.h"
#include "model/llama/testing.h"

namespace emostage {
namespace {

using testing::Question;
using testing::SmallOptions;
using testing::Talk;

LlamaOptions Roomy() {
  LlamaOptions options = SmallOptions();
  options.cells = 16384;
  return options;
}

// The real model reads some 200 tokens a second, so it gets fewer and shorter talks, and who waits
// is parked at once.
class LoadTest : public testing::ModelTest {
 protected:
  // A talk of its own for each client; with no number of turns, of one to three hundred tokens.
  [[nodiscard]] std::vector<Message> TalkOf(int client, int turns = 0) const {
    std::vector<Message> messages = Talk(turns > 0 ? turns : is_tiny() ? 7 : 3);
    for (Message& message : messages) {
      message.text += " My name is Client" + std::to_string(client) + " and this is mine alone.";
    }
    return messages;
  }

  [[nodiscard]] int Clients(int of_tiny) const { return is_tiny() ? of_tiny : 3; }

  // Room in the cache for two talks or so.
  [[nodiscard]] LlamaOptions Narrow() const {
    LlamaOptions options = SmallOptions();
    options.context_tokens = options.cells = is_tiny() ? 768 : 512;
    if (!is_tiny()) options.rest = std::chrono::milliseconds(0);
    return options;
  }

  // One reply after another to growing talks, as text; each client's turns one after the other.
  [[nodiscard]] std::vector<std::string> Replies(Model& model, int clients, int turns) const {
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
        replies.push_back(
            contexts[static_cast<size_t>(client)]->complete(Question(talk)).get().text);
        talk.push_back({Speaker::kCounsellor, "I see."});
        talk.push_back({Speaker::kClient, "And then it began again."});
      }
    }
    return replies;
  }
};
EMOSTAGE_ON_BOTH_MODELS(LoadTest);

// Where who is put where matters, and not what is said: the random model alone, which is fast.
class PlacesTest : public LoadTest {};
INSTANTIATE_TEST_SUITE_P(Models, PlacesTest, ::testing::Values("tiny"),
                         [](const auto&) { return std::string("tiny"); });

TEST_P(LoadTest, ParkedTalksGoOnAsIfTheyHadNeverLeft) {
  const std::shared_ptr<Model> narrow = Load(Narrow());
  const std::vector<std::string> got = Replies(*narrow, Clients(5), 2);
  EXPECT_GT(narrow->cache_use().restored, 2U);
  EXPECT_EQ(narrow->cache_use().forgotten, 0U);
  EXPECT_EQ(got, Replies(*Load(Roomy()), Clients(5), 2));
}

TEST_P(LoadTest, AParkedTalkIsNotReadAgain) {
  const std::shared_ptr<Model> narrow = Load(Narrow());
  const std::unique_ptr<Context> first = narrow->Open();
  const Usage fresh = first->complete(Question(TalkOf(0), "Reply.")).get().usage;
  std::vector<std::unique_ptr<Context>> others;
  for (int i = 1; i < Clients(5) + 1; ++i) {
    others.push_back(narrow->Open());
    (void)others.back()->complete(Question(TalkOf(i), "Reply.")).get();
  }
  EXPECT_GT(narrow->cache_use().parked_contexts, 2);
  EXPECT_GT(narrow->cache_use().parked_bytes, 0U);
  const Usage again = first->complete(Question(TalkOf(0), "Reply.")).get().usage;
  EXPECT_LT(again.read_tokens(), 16);
  EXPECT_GT(fresh.read_tokens(), 100);
}

// The case in which making room might take the very talk that room is made for: the cache is full
// of other talks' cells, and outside of it there is room for little more than that one.
TEST_P(PlacesTest, ATalkIsPutBackIntoACacheFullOfOthers) {
  LlamaOptions options = Narrow();
  options.rest = std::chrono::hours(1);  // none leaves the cache but for want of room
  const auto ask = [this](Model& model, Context& context, int client, bool more) {
    std::vector<Message> talk = TalkOf(client);
    if (more) {
      talk.push_back({Speaker::kCounsellor, "I see."});
      talk.push_back({Speaker::kClient, "And then it began again."});
    }
    const Completion answer = context.complete(Question(talk, "Reply.")).get();
    EXPECT_TRUE(SurveyCache(model).sound);
    return answer;
  };
  struct Talks {
    std::shared_ptr<Model> model;
    std::vector<std::unique_ptr<Context>> contexts;
  };
  // Opens talks until the first has had to leave the cache.
  const auto fill = [&](const LlamaOptions& with) {
    Talks talks;
    talks.model = Load(with);
    do {
      const int client = static_cast<int>(talks.contexts.size());
      talks.contexts.push_back(talks.model->Open());
      (void)ask(*talks.model, *talks.contexts.back(), client, false);
    } while (SurveyCache(*talks.model).talks[0].parked_cells == 0 && talks.contexts.size() < 9);
    return talks;
  };
  {
    const Talks probe = fill(options);
    const CacheUse use = probe.model->cache_use();
    options.cache_bytes =
        use.reserved_bytes + SurveyCache(*probe.model).talks[0].parked_state.size() * 3 / 2;
  }
  const Talks talks = fill(options);
  const CacheSurvey full = SurveyCache(*talks.model);
  size_t taken = full.system_prompt_cells;
  for (const HeldTalk& talk : full.talks) taken += talk.cells;
  ASSERT_GT(full.talks[0].parked_cells, 0U);
  ASSERT_GT(taken + full.talks[0].parked_cells, full.cells);
  const uint64_t restored = talks.model->cache_use().restored;
  const Completion back = ask(*talks.model, *talks.contexts[0], 0, true);
  EXPECT_EQ(talks.model->cache_use().restored, restored + 1);
  EXPECT_GE(static_cast<size_t>(back.usage.reused_tokens), full.talks[0].parked_cells);

  const std::shared_ptr<Model> roomy = Load(Roomy());
  const std::unique_ptr<Context> stayed = roomy->Open();
  (void)ask(*roomy, *stayed, 0, false);
  EXPECT_EQ(back.text, ask(*roomy, *stayed, 0, true).text);
  // Who had to make room for it comes back too.
  for (size_t i = 1; i < talks.contexts.size(); ++i) {
    const Completion answer = ask(*talks.model, *talks.contexts[i], static_cast<int>(i), true);
    EXPECT_GT(answer.usage.output_tokens, 0);
  }
}

// All that can be seen of everybody but the first client, who says `word`.
struct Seen {
  std::vector<std::string> replies;
  std::vector<double> probabilities;
  std::vector<std::string> held;  // of them in the cache and parked, after each question
  std::vector<std::string> held_of_first;
  std::map<std::string, std::string> files;
  std::string logged;
  int parked = 0;  // talks, counted after each question
  int parked_of_first = 0;
};

// A canary, and more: whatever one client says, of everything that is held, said or written of the
// others not a bit may change.
TEST_P(PlacesTest, WhatOneClientSaysChangesNotABitOfAnything) {
  constexpr int kClients = 4;
  const auto live = [&](const std::string& word) {
    Seen seen;
    const testing::TemporaryFolder folder;
    LlamaOptions options = Narrow();
    options.rest = std::chrono::hours(1);  // so that both worlds go through the same steps
    options.root_folder = (folder.path() / "prompts").string();
    const testing::CapturedStderr log;
    {
      const std::shared_ptr<Model> model = Load(options);
      std::vector<std::unique_ptr<Context>> contexts;
      std::vector<std::vector<Message>> talks;
      for (int client = 0; client < kClients; ++client) {
        contexts.push_back(model->Open());
        talks.push_back(TalkOf(client));
      }
      talks[0].back().text += " My secret is " + word + ".";
      for (int turn = 0; turn < 2; ++turn) {
        for (size_t i = 0; i < contexts.size(); ++i) {
          Ask ask = Question(talks[i], "What is the secret?");
          for (int line = 0; line < 7; ++line) ask.system += " Listen first, and ask but once.";
          ask.sampling.min_tokens = ask.sampling.max_tokens = 8;
          Future<Choice> choice = contexts[i]->choose(ask, {" yes", " no", " yes and no"});
          Future<Completion> reply = contexts[i]->complete(ask);
          if (i > 0) {
            for (const double p : choice.get().probabilities) seen.probabilities.push_back(p);
            seen.replies.push_back(reply.get().text);
          } else {
            (void)choice.get();
            (void)reply.get();
          }
          talks[i].push_back({Speaker::kCounsellor, "I see."});
          talks[i].push_back({Speaker::kClient, "And then it began again."});
          const CacheSurvey survey = SurveyCache(*model);
          EXPECT_EQ(survey.talks.size(), contexts.size());
          for (size_t j = 0; j < survey.talks.size(); ++j) {
            const HeldTalk& talk = survey.talks[j];
            std::vector<std::string>& held = j > 0 ? seen.held : seen.held_of_first;
            held.insert(held.end(), talk.branches.begin(), talk.branches.end());
            if (talk.parked.empty()) continue;
            ++(j > 0 ? seen.parked : seen.parked_of_first);
            held.push_back(talk.parked);
            held.emplace_back(talk.parked_state.begin(), talk.parked_state.end());
          }
        }
      }
    }
    seen.logged = log.Text();
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder.path())) {
      if (!file.is_regular_file()) continue;
      seen.files[file.path().filename()] = ReadFile(file.path().string(), 1 << 28);
    }
    return seen;
  };
  // Two words of as many tokens.
  std::string word;
  std::string other;
  {
    const std::shared_ptr<Model> model = Load();
    const std::vector<std::string> words = {"xylophone", "telescope", "marmalade",
                                            "porcupine", "crocodile", "trumpet"};
    const auto tokens = [&](const std::string& text) {
      return model->CountTokens(" My secret is " + text + ".");
    };
    for (size_t i = 0; i < words.size(); ++i) {
      for (size_t j = i + 1; j < words.size() && word.empty(); ++j) {
        if (tokens(words[i]) != tokens(words[j])) continue;
        word = words[i];
        other = words[j];
      }
    }
  }
  ASSERT_FALSE(word.empty());
  const Seen one = live(word);
  const Seen two = live(other);
  EXPECT_GT(one.parked, 0);
  ASSERT_EQ(one.files.size(), 1U);
  EXPECT_EQ(one.replies, two.replies);
  EXPECT_EQ(one.probabilities, two.probabilities);
  EXPECT_EQ(one.logged, two.logged);
  EXPECT_TRUE(one.held == two.held);  // megabytes: not to be printed
  EXPECT_TRUE(one.files == two.files);
  const auto says_it = [&](const std::string& text) { return text.find(word) != text.npos; };
  EXPECT_TRUE(std::ranges::none_of(one.held, says_it));
  EXPECT_TRUE(
      std::ranges::none_of(one.files, says_it, &std::pair<const std::string, std::string>::second));
  // The same looking finds the word, and the difference, where it was said.
  EXPECT_GT(one.parked_of_first, 0);
  EXPECT_TRUE(std::ranges::any_of(one.held_of_first, says_it));
  EXPECT_FALSE(one.held_of_first == two.held_of_first);
}

TEST_P(LoadTest, WhatTheBudgetCannotHoldIsReadAgainWithTheSameReply) {
  LlamaOptions options = Narrow();
  options.cache_bytes = 1;  // room for one question of the whole context, and for nothing parked
  const std::shared_ptr<Model> narrow = Load(options);
  const std::vector<std::string> got = Replies(*narrow, Clients(4), 2);
  EXPECT_EQ(narrow->cache_use().parked_bytes, 0U);
  EXPECT_EQ(narrow->cache_use().restored, 0U);
  EXPECT_EQ(got, Replies(*Load(Roomy()), Clients(4), 2));
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
  const int clients = is_tiny() ? 6 : 4;
  const std::vector<std::string> got = Replies(*model, clients, 2);
  const CacheUse use = model->cache_use();
  EXPECT_GT(use.forgotten, 0U);
  EXPECT_LE(use.reserved_bytes + use.parked_bytes, use.budget_bytes);
  EXPECT_EQ(got, Replies(*Load(Roomy()), clients, 2));
}

TEST_P(LoadTest, ManyAtTheSameTimeAllGetTheirAnswer) {
  LlamaOptions options = SmallOptions();
  options.sessions = 8;
  const std::shared_ptr<Model> model = Load(options);
  const int kClients = is_tiny() ? 40 : 4;
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
  (void)reader->choose(Question(TalkOf(1, is_tiny() ? 41 : 11), "Reply."), {" a", " b"}).get();
  EXPECT_GE(said - before, 3);  // of what a thousand tokens take in one go, none
  (void)stream.get();
}

}  // namespace
}  // namespace emostage
