#include "method/focused.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "method/methods_testing.h"

namespace emostage {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Shipped;
using testing::StepNames;
using testing::StepOf;

class FocusedTest : public testing::MethodsTest {
 protected:
  FocusedTest() {
    // The last two emotions are what nobody would feel here.
    const size_t emotions = Shipped().emotions().size();
    shares_["emotion"] = {{4, 0.6}, {6, 0.3}};
    for (size_t i = 0; i < emotions; ++i) {
      if (i != 4 && i != 6) shares_["emotion"].emplace_back(i, i + 2 < emotions ? 0.05 : 0.02);
    }
    lines_["over"] = DumpJson("a new garden");
    script_.log_likelihood = [](const Ask&, const std::string&) { return -1.0; };
  }
  [[nodiscard]] std::string Emotion(size_t i) const {
    return Shipped().emotions()[i].name.in(language_);
  }
  [[nodiscard]] const PromptFile& OwnPrompts() const {
    return Shipped().prompts("focused", language_);
  }
  [[nodiscard]] std::string Felt() const {
    return Emotion(4) + OwnPrompts().Word("list_gap") + Emotion(6);
  }
  // Who feels what the client does would rather say the words of the exam.
  void HearTheExam() {
    script_.log_likelihood = [this](const Ask& ask, const std::string&) {
      return ask.instruction.find(Felt()) != std::string::npos ? -1.0 : -2.0;
    };
  }
  [[nodiscard]] Dialogue Said(const std::string& text) const {
    Dialogue dialogue;
    dialogue.turns = {{Role::kClient, text, ""}};
    return dialogue;
  }
};

TEST_F(FocusedTest, StepsAsItReads) {
  for (const Language language : kAllLanguages) {
    Afresh();
    language_ = language;
    HearTheExam();
    const Answer answer = Play("focused", Said("exam"));
    EXPECT_THAT(StepNames(answer), ElementsAre("emotion leaning", "emotion", "said", "said", "said",
                                               "causes", "over", "over", "worlds", "reply"));
    EXPECT_EQ(answer.reply, reply_);
    const OrderedJson worlds = OrderedJson::parse(StepOf(answer, "worlds").output).at("worlds");
    ASSERT_EQ(worlds.size(), 3U);
    EXPECT_EQ(worlds[0].at("feels"), Felt());
    EXPECT_EQ(worlds[0].at("over"), "exam");
    EXPECT_EQ(worlds[1].at("feels"), Emotion(Shipped().emotions().size() - 1));
    EXPECT_EQ(worlds[2].at("feels"), Emotion(Shipped().emotions().size() - 2));
    EXPECT_EQ(worlds[2].at("over"), "a new garden");
    EXPECT_THAT(ReplyCue(), Not(HasSubstr("exam"))) << "the last world asked is not the client's";
    const OrderedJson reply = OrderedJson::parse(StepOf(answer, "reply").output);
    EXPECT_EQ(reply.at("alpha"), 6.0);
    EXPECT_EQ(reply.at("beta"), 0.9);
    EXPECT_EQ(reply.at("listener").size(), 3U);
    const OrderedJson causes = OrderedJson::parse(StepOf(answer, "causes").output).at("causes");
    EXPECT_EQ(causes[0].at("word"), "exam");
    EXPECT_NEAR(causes[0].at("probability").get<double>(),
                std::exp(-1) / (std::exp(-1) + 2 * std::exp(-2)), 1e-9);
  }
}

TEST_F(FocusedTest, ClientsWordsAreWeighedWithoutThemInSight) {
  static_cast<void>(Play("focused", Said("I failed my exam")));
  for (const Ask& ask : Scripted()->asked()) {
    if (ask.instruction.find(Emotion(4)) == std::string::npos || ask.sampling.prose) continue;
    EXPECT_EQ(ask.messages[0].text, OpeningWord());
  }
}

// The catalogue's check: the reply takes up the cause, and the listener knows the client's world
// from the others by it.
TEST_F(FocusedTest, ReplyNamesTheCauseThatTellsTheClientsWorld) {
  HearTheExam();
  script_.next = [](const Ask& ask) {
    const bool client = ask.instruction.find("exam") != std::string::npos;
    std::vector<NextToken> told;
    if (ask.answer_tokens.empty()) {
      told = {{.id = 1, .piece = "That is hard.", .log_probability = std::log(0.6)},
              {.id = 2,
               .piece = "The exam was hard.",
               .log_probability = std::log(client ? 0.3 : 0.01)}};
    } else {
      told = {{.id = 0, .log_probability = std::log(0.9), .end = true}};
    }
    return told;
  };
  const Answer answer = Play("focused", Said("I failed my exam"));
  EXPECT_EQ(answer.reply, "The exam was hard.");
  const OrderedJson reply = OrderedJson::parse(StepOf(answer, "reply").output);
  EXPECT_GT(reply.at("listener")[0].get<double>(), 0.8);
  EXPECT_EQ(reply.at("turned"), 1);
}

TEST_F(FocusedTest, WithoutACauseTheReplyIsToldSo) {
  const Answer answer = Play("focused", Said("I failed my exam"));  // alike likely whatever is felt
  const OrderedJson worlds = OrderedJson::parse(StepOf(answer, "worlds").output).at("worlds");
  EXPECT_EQ(worlds[0].at("over"), OwnPrompts().Word("unknown"));
  EXPECT_EQ(answer.reply, reply_);
}

TEST_F(FocusedTest, ReplyThatBreaksARuleIsHeldBack) {
  safety_ = &Shipped().safety();
  reply_ = "Call me on 0212 345 6789.";
  const Answer answer = Play("focused", Said("I failed my exam"));
  EXPECT_EQ(answer.risk.held_back, "number");
  EXPECT_THAT(Shipped().safety().in(language_).texts.fallbacks(), Contains(answer.reply));
}

TEST_F(FocusedTest, NothingIsWrittenBeforeSafetyHasReadTheTurn) {
  // What a reply may not be without: its words are asked for last.
  static_cast<void>(Play("focused", Said("I failed my exam")));
  bool writing = false;
  for (const Ask& ask : Scripted()->asked()) {
    if (writing) {
      EXPECT_TRUE(ask.sampling.prose);
    }
    writing = writing || ask.sampling.prose;
  }
  EXPECT_TRUE(writing);
}

TEST_F(FocusedTest, ModelThatCannotIsRefusedBeforeAnythingIsAsked) {
  Scripted()->mutable_info().capabilities.next_tokens = false;
  const std::optional<Error> error = Failure("focused", Said("I failed my exam"));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::kUsage);
  EXPECT_THAT(error->what(), AllOf(HasSubstr("'focused' needs the log-probabilities of each next"),
                                   HasSubstr("scripted does not offer")));
  EXPECT_THAT(Scripted()->asked(), IsEmpty());
  Scripted()->mutable_info().capabilities = {.log_probabilities = false};
  EXPECT_THAT(Failure("focused", Said("so"))->what(), HasSubstr("needs log-probabilities"));
}

TEST_F(FocusedTest, StoppedTurnHasNoReply) {
  stop_.request_stop();
  const std::optional<Error> error = Failure("focused", Said("I failed my exam"));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::kCancelled);
}

}  // namespace
}  // namespace emostage
