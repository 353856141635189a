// Canary words: each of several clients says a word of its own to the whole program, on a real
// engine with a narrow cache. No word may turn up anywhere but in its own client's talk.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "emostage/answer.h"
#include "emostage/session.h"
#include "model/llama/testing.h"

namespace emostage {
namespace {

const std::vector<std::string>& Words() {
  static const std::vector<std::string> words = {"xylophone", "marmalade",  "porcupine",
                                                 "telescope", "tambourine", "rhinoceros"};
  return words;
}

// No client's word stands in a text, but perhaps the one of its own client.
void ExpectNoWordBut(const std::string& own, const std::string& text, const std::string& where) {
  for (const std::string& word : Words()) {
    if (word == own) continue;
    EXPECT_EQ(text.find(word), std::string::npos) << word << " in " << where;
  }
}

TEST(IsolationTest, NoWordOfAClientTurnsUpAnywhereElse) {
  const testing::TemporaryFolder folder;
  LlamaOptions options = testing::SmallOptions();
  options.context_tokens = options.cells = 2048;  // the system prompt, and a few talks
  options.root_folder = (folder.path() / "prompts").string();
  options.rest = std::chrono::milliseconds(0);  // who waits is parked at once
  SessionOptions settings;
  settings.knowledge = LoadKnowledge(EMOSTAGE_SOURCE_DIR "/data");
  settings.leanings = OpenLeanings((folder.path() / "leanings").string());
  settings.language = Language::kEnglish;
  settings.sampling.max_tokens = 16;
  settings.fixed_note_tokens = 6;

  std::string logged;
  {
    const testing::CapturedStderr log;
    const std::shared_ptr<Model> model = LoadLlamaModel(testing::TinyModel().string(), options);
    std::vector<std::unique_ptr<Session>> sessions;
    for (size_t i = 0; i < Words().size(); ++i) {
      sessions.push_back(std::make_unique<Session>(model, settings));
    }
    bool said_in_cache = false;
    bool said_in_parked = false;
    for (int turn = 0; turn < 3; ++turn) {
      for (size_t i = 0; i < sessions.size(); ++i) {
        const std::string& word = Words()[i];
        const Answer answer =
            sessions[i]->Respond("Nobody may know that I think of a " + word + " all day.");
        ExpectNoWordBut(word, AnswerToJson(answer), "an answer and its trace");
        size_t place = 0;
        const CacheSurvey survey = SurveyCache(*model);
        EXPECT_TRUE(survey.sound);
        for (const std::string& prompt : survey.system_prompts) {
          ExpectNoWordBut("", prompt, "a system prompt");
        }
        ASSERT_EQ(survey.talks.size(), Words().size());
        for (const HeldTalk& talk : survey.talks) {
          const std::string& own = Words()[place++];
          for (const std::string& text : talk.branches) {
            ExpectNoWordBut(own, text, "another's cells");
            said_in_cache = said_in_cache || text.find(own) != std::string::npos;
          }
          ExpectNoWordBut(own, talk.parked, "another's parked talk");
          said_in_parked = said_in_parked || talk.parked.find(own) != std::string::npos;
          const std::string state(talk.parked_state.begin(), talk.parked_state.end());
          ExpectNoWordBut("", state, "a parked state, which is numbers");
        }
      }
    }
    // What was looked for can be found where it belongs.
    EXPECT_TRUE(said_in_cache);
    EXPECT_TRUE(said_in_parked);
    EXPECT_GT(model->cache_use().restored, 2U);
    for (const std::unique_ptr<Session>& session : sessions) session->WaitReadAhead();
    logged = log.Text();
  }
  ExpectNoWordBut("", logged, "stderr");
  int files = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (!file.is_regular_file()) continue;
    ExpectNoWordBut("", file.path().filename().string(), "a file's name");
    ExpectNoWordBut("", ReadFile(file.path().string(), 1 << 28), file.path().filename().string());
    ++files;
  }
  EXPECT_GE(files, 2);  // a system prompt and a leaning
}

// The same for what each of them told in earlier talks.
TEST(IsolationTest, NoWordOfAnEarlierTalkTurnsUpInAnothersTalk) {
  const testing::TemporaryFolder folder;
  LlamaOptions options = testing::SmallOptions();
  options.context_tokens = options.cells = 2048;
  options.root_folder = (folder.path() / "prompts").string();
  SessionOptions settings;
  settings.knowledge = LoadKnowledge(EMOSTAGE_SOURCE_DIR "/data");
  settings.leanings = OpenLeanings((folder.path() / "leanings").string());
  settings.language = Language::kEnglish;
  settings.method = "mood-memory";
  settings.sampling.max_tokens = 16;
  const std::shared_ptr<Model> model = LoadLlamaModel(testing::TinyModel().string(), options);
  std::vector<std::unique_ptr<Session>> sessions;
  for (size_t i = 0; i < 3; ++i) {
    const std::string& word = Words()[i];
    settings.past = [&word] {
      return std::vector<PastTurn>{{"It rained.", 1}, {"Nobody may know of my " + word + ".", 2}};
    };
    sessions.push_back(std::make_unique<Session>(model, settings));
  }
  for (int turn = 0; turn < 2; ++turn) {
    for (size_t i = 0; i < sessions.size(); ++i) {
      const std::string& own = Words()[i];
      const std::string answer = AnswerToJson(sessions[i]->Respond("What did I tell you?"));
      EXPECT_NE(answer.find("Nobody may know of my " + own), std::string::npos);
      ExpectNoWordBut(own, answer, "an answer and its trace");
      const CacheSurvey survey = SurveyCache(*model);
      EXPECT_TRUE(survey.sound);
      EXPECT_EQ(survey.talks.size(), sessions.size()) << "memories are read aside, and let go";
      for (const std::string& prompt : survey.system_prompts) {
        ExpectNoWordBut("", prompt, "a system prompt");
      }
      size_t place = 0;
      for (const HeldTalk& talk : survey.talks) {
        const std::string& holder = Words()[place++ % sessions.size()];
        for (const std::string& text : talk.branches) ExpectNoWordBut(holder, text, "cells");
      }
    }
  }
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder.path())) {
    if (!file.is_regular_file()) continue;
    ExpectNoWordBut("", ReadFile(file.path().string(), 1 << 28), file.path().filename().string());
  }
}

}  // namespace
}  // namespace emostage
