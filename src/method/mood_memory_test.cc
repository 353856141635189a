#include "method/mood_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "method/methods_testing.h"

namespace emostage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::MethodsTest;
using ::testing::Not;
using testing::Shares;
using testing::Shipped;
using ::testing::SizeIs;
using testing::StepNames;
using testing::StepOf;

constexpr size_t kJoy = 0;
constexpr size_t kFear = 2;
constexpr size_t kSadness = 4;
constexpr size_t kMoods = 8;

class MoodMemoryTest : public MethodsTest {
 protected:
  MoodMemoryTest() {
    past_.clear();
    script_.probabilities = [this](const Ask& ask, const std::vector<std::string>& labels) {
      EXPECT_THAT(labels, SizeIs(kMoods));
      const std::string& text = ask.messages.back().text;
      if (text == OpeningWord()) return std::vector<double>(labels.size(), 1.0);
      for (const auto& [words, mood] : moods_) {
        if (text.find(words) != std::string::npos) return Shares(labels.size(), {{mood, 1.0}});
      }
      return std::vector<double>(labels.size(), 1.0);
    };
    script_.embedding = [this](std::string_view text) {
      ++embedded_;
      for (const auto& [words, vector] : meanings_) {
        if (text.find(words) != std::string_view::npos) return vector;
      }
      return std::vector<float>{1, 0};
    };
  }

  static Dialogue Says(const std::string& text) { return {.turns = {{Role::kClient, text, ""}}}; }
  Answer Play(const Dialogue& dialogue) { return MethodsTest::Play("mood-memory", dialogue); }
  static std::vector<std::string> Recalled(const Answer& answer) {
    std::vector<std::string> texts;
    const Json output = Json::parse(StepOf(answer, "recall").output);
    for (const Json& one : output["recalled"]) {
      texts.push_back(one["text"]);
    }
    return texts;
  }

  std::map<std::string, size_t> moods_;                 // of what holds these words
  std::map<std::string, std::vector<float>> meanings_;  // of the same; else {1, 0}
  int embedded_ = 0;
};

TEST_F(MoodMemoryTest, TheReplyIsToldWhatTheClientToldBefore) {
  past_ = {{"I sat in the hospital.", 1000}, {"We danced all night.", 2000}};
  moods_ = {{"hospital", kFear}, {"danced", kJoy}, {"dentist", kFear}};
  const Answer answer = Play(Says("The dentist again."));
  EXPECT_THAT(StepNames(answer), ElementsAre("mood leaning", "mood", "mood of a memory",
                                             "mood of a memory", "recall", "reply"));
  EXPECT_EQ(ReplyCue(),
            "[Task reply] Earlier the client told you: “I sat in the hospital” “We danced all "
            "night”. Answer what they say now.");
  EXPECT_EQ(StepOf(answer, "recall").output,
            R"({"items":2,"recalled":[{"text":"I sat in the hospital","at_ms":1000,"meaning":0.0,)"
            R"("mood":0.0},{"text":"We danced all night","at_ms":2000,"meaning":0.0,"mood":)" +
                Json(MoodDistance(WithoutLeaning(Shares(kMoods, {{kFear, 1.0}}),
                                                 std::vector<double>(kMoods, 1.0 / kMoods)),
                                  WithoutLeaning(Shares(kMoods, {{kJoy, 1.0}}),
                                                 std::vector<double>(kMoods, 1.0 / kMoods))))
                    .dump() +
                "}]}");
}

// The catalogue's check, through the whole method: what means the same was told in two moods.
TEST_F(MoodMemoryTest, TheMoodThatFitsIsRecalledWherePlainRetrievalTakesAnother) {
  for (int i = 0; i < 4; ++i) past_.push_back({"Glad about home " + std::to_string(i), i});
  past_.insert(past_.begin(), {"Sad about home", 0});  // the oldest: of equals, the last
  moods_ = {{"Glad", kJoy}, {"Sad", kSadness}, {"empty", kSadness}};
  EXPECT_EQ(Recalled(Play(Says("The rooms are empty."))).front(), "Sad about home");
  // With moods that are all alike, it is plain retrieval, which leaves it out.
  Afresh();
  moods_.clear();
  EXPECT_THAT(Recalled(Play(Says("The rooms are empty."))),
              ElementsAre("Glad about home 3", "Glad about home 2", "Glad about home 1"));
}

TEST_F(MoodMemoryTest, MoodsAreAskedOfTheTwentyNearestOnlyAndOnce) {
  for (int i = 0; i < 300; ++i) past_.push_back({"note " + std::to_string(i), i});
  meanings_ = {{"note 100", {0, 1}}};  // far, with the mood that fits
  moods_ = {{"note 100", kJoy}, {"hello", kJoy}};
  const Answer answer = Play(Says("hello"));
  EXPECT_EQ(std::ranges::count(StepNames(answer), "mood of a memory"), 20);
  EXPECT_THAT(Recalled(answer), Not(::testing::Contains("note 100")));
  EXPECT_THAT(StepOf(answer, "recall").output, HasSubstr(R"({"items":200,)"));
  EXPECT_EQ(embedded_, 201);
  EXPECT_EQ(static_cast<int>(Scripted()->asked().size()), FindMethod("mood-memory").calls() + 1)
      << "the leaning besides";

  Dialogue next = Says("hello");
  next.turns.push_back({Role::kCounsellor, "Hi.", ""});
  next.turns.push_back({Role::kClient, "hello again", ""});
  EXPECT_THAT(StepNames(Play(next)), ElementsAre("mood", "recall", "reply"));
  EXPECT_EQ(embedded_, 202);
  EXPECT_EQ(past_asked_, 1);
}

TEST_F(MoodMemoryTest, AMemoryIsReadByItself) {
  past_ = {{"I sat in the hospital.", 0}};
  static_cast<void>(Play(Says("The dentist again.")));
  const Ask ask = Scripted()->asked().at(2);
  EXPECT_EQ(ask.instruction, "[Task mood]");
  ASSERT_THAT(ask.messages, SizeIs(1));
  EXPECT_EQ(ask.messages[0].text, "I sat in the hospital");
}

TEST_F(MoodMemoryTest, WithoutAPastItIsAPlainReply) {
  for (const Language language : kAllLanguages) {
    Afresh();
    language_ = language;
    const Answer answer = Play(Says("The dentist again."));
    EXPECT_THAT(StepNames(answer), ElementsAre("recall", "reply"));
    EXPECT_THAT(StepOf(answer, "recall").output, HasSubstr("nothing is known of earlier talks"));
    EXPECT_EQ(ReplyCue(), Shipped().prompts("mood-memory", language).Cue("reply_alone"));
    EXPECT_THAT(Scripted()->asked(), SizeIs(1));
  }
}

TEST_F(MoodMemoryTest, AnotherSessionRemembersNothing) {
  past_ = {{"I sat in the hospital.", 0}};
  static_cast<void>(Play(Says("The dentist again.")));
  OpenSession();
  past_.clear();
  EXPECT_THAT(Recalled(Play(Says("The dentist again."))), SizeIs(0));
}

TEST_F(MoodMemoryTest, AModelWithoutEmbeddingsIsToldInOneLineBeforeAnythingIsAsked) {
  Scripted()->mutable_info().capabilities.embeddings = false;
  const auto error = Failure("mood-memory", Says("hello"));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::kUsage);
  EXPECT_THAT(error->what(), HasSubstr("'mood-memory' needs embeddings, which scripted"));
  EXPECT_THAT(Scripted()->asked(), SizeIs(0));
  EXPECT_EQ(past_asked_, 0);
}

TEST_F(MoodMemoryTest, AModelWithoutProbabilitiesNamesAMood) {
  Scripted()->mutable_info().capabilities.log_probabilities = false;
  past_ = {{"We danced all night.", 1}, {"I sat in the hospital.", 0}};
  moods_ = {{"hospital", kFear}, {"danced", kJoy}, {"party", kJoy}};
  EXPECT_EQ(Recalled(Play(Says("A party!"))).front(), "We danced all night");
}

TEST_F(MoodMemoryTest, AStoppedTurnEmbedsNothingMore) {
  past_ = {{"one", 0}, {"two", 0}};
  stop_.request_stop();
  EXPECT_EQ(Failure("mood-memory", Says("hello"))->code(), ErrorCode::kCancelled);
  EXPECT_EQ(embedded_, 0);
}

// What was said before is data wherever it is told, whatever it tries.
TEST_F(MoodMemoryTest, NoEarlierWordsChangeTheStructureOfAPrompt) {
  const std::string attempts = ReadFile(EMOSTAGE_SOURCE_DIR "/tests/injection.jsonl");
  for (const std::string_view line : SplitLines(attempts)) {
    if (line.empty()) continue;
    const Json attempt = Json::parse(line);
    SCOPED_TRACE(attempt["id"].get<std::string>());
    Afresh();
    language_ = *LanguageFromCode(attempt["language"].get<std::string>());
    past_ = {{attempt["text"].get<std::string>(), 0}};
    static_cast<void>(Play(Says("It rained.")));
    const std::string& cue = Shipped().prompts("mood-memory", language_).Cue("mood");
    const std::string mark = cue.substr(0, cue.find(' '));
    for (const Ask& ask : Scripted()->asked()) {
      EXPECT_LE(ask.instruction.size(), 400U);
      EXPECT_THAT(ask.instruction, Not(HasSubstr("\n")));
      EXPECT_EQ(ask.instruction.rfind(mark), 0U);
      EXPECT_THAT(ask.messages.back().text, Not(HasSubstr(mark)));
      EXPECT_TRUE(IsValidUtf8(ask.instruction));
    }
  }
}

TEST(MoodMemoryPrompts, TheSystemPromptNamesTheMoodsInTheirOrder) {
  for (const Language language : kAllLanguages) {
    const PromptFile& prompts = Shipped().prompts("mood-memory", language);
    size_t at = 0;
    for (const std::string& mood : prompts.List("moods")) {
      at = prompts.system.find(mood, at);
      EXPECT_NE(at, std::string::npos) << mood;
    }
  }
}

}  // namespace
}  // namespace emostage
