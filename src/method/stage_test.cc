#include "method/stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/json.h"
#include "emostage/error.h"
#include "method/registry.h"
#include "model/scripted/scripted_model.h"

namespace emostage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const Knowledge& Shipped() {
  static const Knowledge knowledge = Knowledge::Load(EMOSTAGE_SOURCE_DIR "/data");
  return knowledge;
}

TEST(CleanReply, LeavesAPlainReplyAlone) {
  for (const char* text :
       {"That sounds hard. What happened?", "听起来很不容易。你愿意多说一点吗？",
        "それはつらかったですね。", "He said \"go\" and you \"stayed\".", "“走”和“留”都很难。",
        "「行け」と「待て」。", "Assistant professor? That is a big step."}) {
    EXPECT_EQ(CleanReply(text, false), text);
  }
}

TEST(CleanReply, DropsBlanksAndTheSpeakersName) {
  EXPECT_EQ(CleanReply(" \n Hello.\n\n", false), "Hello.");
  EXPECT_EQ(CleanReply("Counsellor: Hello.", false), "Hello.");
  EXPECT_EQ(CleanReply("Counselor:Hello.", false), "Hello.");
  EXPECT_EQ(CleanReply("Assistant: Hello.", false), "Hello.");
  EXPECT_EQ(CleanReply("咨询师：你好。", false), "你好。");
  EXPECT_EQ(CleanReply("倾听者：　你好。", false), "你好。");
  EXPECT_EQ(CleanReply("カウンセラー：こんにちは。", false), "こんにちは。");
  EXPECT_EQ(CleanReply("聞き手：こんにちは。", false), "こんにちは。");
}

TEST(CleanReply, DropsQuotationMarksAroundTheWhole) {
  EXPECT_EQ(CleanReply("\"Hello there.\"", false), "Hello there.");
  EXPECT_EQ(CleanReply("“你好。”", false), "你好。");
  EXPECT_EQ(CleanReply("「こんにちは。」", false), "こんにちは。");
  EXPECT_EQ(CleanReply("Counsellor: \"Hello.\"", false), "Hello.");
  EXPECT_EQ(CleanReply("\"", false), "\"");
  EXPECT_EQ(CleanReply("\"\"", false), "");
  EXPECT_EQ(CleanReply("\"Go,\" he said, \"now.\"", false), "\"Go,\" he said, \"now.\"");
}

TEST(CleanReply, DropsASentenceThatWasCutOff) {
  EXPECT_EQ(CleanReply("That hurts. What would hel", true), "That hurts.");
  EXPECT_EQ(CleanReply("Really? You are not al", true), "Really?");
  EXPECT_EQ(CleanReply("很难受吧。你现在最担", true), "很难受吧。");
  EXPECT_EQ(CleanReply("真的吗？我在这里陪", true), "真的吗？");
  EXPECT_EQ(CleanReply("つらかったですね。よかったら、もう少", true), "つらかったですね。");
  EXPECT_EQ(CleanReply("That hurts. What would hel", false), "That hurts. What would hel")
      << "it ended there of itself";
}

TEST(CleanReply, KeepsTheClosingMarkOfTheLastWholeSentence) {
  EXPECT_EQ(CleanReply("You said \"I give up.\" That mu", true), "You said \"I give up.\"");
  EXPECT_EQ(CleanReply("你说“算了吧。”那一刻你", true), "你说“算了吧。”");
  EXPECT_EQ(CleanReply("「もういい。」と言ったと", true), "「もういい。」");
}

TEST(CleanReply, KeepsAReplyThatWasCutBeforeItsFirstSentenceEnded) {
  EXPECT_EQ(CleanReply("it sounds as though you have been", true),
            "it sounds as though you have been");
  EXPECT_EQ(CleanReply("听起来你一直", true), "听起来你一直");
}

class StageTest : public ::testing::Test {
 protected:
  StageSettings Settings(const Dialogue& dialogue) {
    if (!model_) model_ = ScriptedModel::Create(script_);
    model_->mutable_info().context_tokens = context_tokens_;
    if (!context_) context_ = model_->Open();
    StageSettings settings;
    settings.knowledge = &Shipped();
    settings.model = model_.get();
    settings.context = context_.get();
    settings.memory = &memory_;
    settings.leanings = &leanings_;
    settings.dialogue = &dialogue;
    settings.scheme = &Shipped().scheme("five-phase");
    settings.sampling.max_tokens = 60;
    settings.on_token = on_token_;
    settings.stop = stop_.get_token();
    return settings;
  }
  // A turn of the method "direct", which is a stage and its reply.
  Answer Play(const Dialogue& dialogue) {
    Stage stage(Settings(dialogue), "direct", "direct");
    return FindMethod("direct").Respond(stage);
  }
  Error Failure(const Dialogue& dialogue) {
    try {
      static_cast<void>(Play(dialogue));
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return Error(ErrorCode::kInternal, "");
  }

  ScriptedModel::Script script_ = {.text = [](const Ask& ask) {
    return ask.instruction.starts_with("[Task summary]") ? "They talked about work."
                                                         : "I am listening.";
  }};
  int context_tokens_ = 4096;
  OnToken on_token_;
  std::stop_source stop_;
  Memory memory_;
  Leanings leanings_;
  std::shared_ptr<ScriptedModel> model_;
  std::unique_ptr<Context> context_;
};

Dialogue Talk(int turns, int words) {
  Dialogue dialogue;
  for (int i = 0; i < turns; ++i) {
    std::string text = "turn" + std::to_string(i);
    for (int w = 1; w < words; ++w) text += " word";
    dialogue.turns.push_back(
        {(turns - i) % 2 == 1 ? Role::kClient : Role::kCounsellor, std::move(text), ""});
  }
  return dialogue;
}

TEST_F(StageTest, EmptyDialogueIsAnInputError) {
  const Error error = Failure({});
  EXPECT_EQ(error.code(), ErrorCode::kInput);
  EXPECT_THAT(error.what(), HasSubstr("empty"));
}

TEST_F(StageTest, DialogueThatEndsWithTheCounsellorIsAnInputError) {
  Dialogue dialogue = Talk(3, 4);
  dialogue.turns.push_back({Role::kCounsellor, "Go on.", ""});
  const Error error = Failure(dialogue);
  EXPECT_EQ(error.code(), ErrorCode::kInput);
  EXPECT_THAT(error.what(), HasSubstr("ends with the counsellor"));
  EXPECT_THAT(model_->asked(), IsEmpty());
}

TEST_F(StageTest, TooSmallAContextIsAnErrorThatSaysWhatToDo) {
  context_tokens_ = 256;
  const Error error = Failure(Talk(1, 4));
  EXPECT_EQ(error.code(), ErrorCode::kInput);
  EXPECT_THAT(error.what(), HasSubstr("256"));
  EXPECT_THAT(error.what(), HasSubstr("--context"));
}

TEST_F(StageTest, ReplyIsStreamedCleanedAndEntered) {
  script_.text = [](const Ask&) { return " Counsellor: \"I am listening.\" "; };
  std::string streamed;
  on_token_ = [&](std::string_view piece) { streamed += piece; };
  const Answer answer = Play(Talk(3, 4));
  EXPECT_EQ(answer.reply, "I am listening.");
  EXPECT_EQ(streamed, " Counsellor: \"I am listening.\" ");
  EXPECT_EQ(answer.method, "direct");
  EXPECT_EQ(answer.model, "scripted");
  ASSERT_THAT(answer.steps, SizeIs(1));
  EXPECT_EQ(answer.steps[0].name, "reply");
  EXPECT_GT(answer.steps[0].prompt_tokens, 12);
  EXPECT_EQ(answer.steps[0].output_tokens, 4);
  const OrderedJson output = OrderedJson::parse(answer.steps[0].output);
  EXPECT_EQ(output.at("text"), "I am listening.");
  EXPECT_EQ(output.at("as_written"), " Counsellor: \"I am listening.\" ");
  EXPECT_GE(answer.total_ms, answer.first_token_ms);
}

TEST_F(StageTest, ReplyThatNeededNoCleaningIsToldOnce) {
  const Answer answer = Play(Talk(1, 4));
  EXPECT_EQ(answer.steps[0].output, R"({"text":"I am listening."})");
}

TEST_F(StageTest, FoldingIsAStepOfTheTrace) {
  context_tokens_ = 1024;
  const Answer answer = Play(Talk(61, 20));
  ASSERT_THAT(answer.steps, SizeIs(2));
  EXPECT_EQ(answer.steps[0].name, "fold");
  EXPECT_EQ(answer.steps[1].name, "reply");
  EXPECT_GT(answer.steps[0].prompt_tokens, 0);
  EXPECT_GT(answer.steps[0].output_tokens, 0);
  const OrderedJson output = OrderedJson::parse(answer.steps[0].output);
  EXPECT_EQ(output.at("cut_turns"), 0);
  EXPECT_EQ(output.at("folded_turns"), memory_.fold.turns);
  EXPECT_EQ(output.at("summary"), "They talked about work.");
  EXPECT_EQ(output.at("summaries"), model_->asked().size() - 1);
  const Ask reply = model_->asked().back();
  EXPECT_THAT(reply.messages[1].text, HasSubstr("They talked about work."));
  EXPECT_THAT(reply.system, Not(HasSubstr("They talked")));
}

TEST_F(StageTest, FoldThatStillHoldsIsNoStep) {
  context_tokens_ = 1024;
  const Dialogue dialogue = Talk(61, 20);
  static_cast<void>(Play(dialogue));
  const size_t asked = model_->asked().size();
  EXPECT_THAT(Play(dialogue).steps, SizeIs(1));
  EXPECT_EQ(model_->asked().size(), asked + 1);
}

TEST_F(StageTest, CutTurnIsToldInTheFoldStep) {
  Dialogue dialogue = Talk(1, 4000);
  const Answer answer = Play(dialogue);
  ASSERT_THAT(answer.steps, SizeIs(2));
  EXPECT_EQ(answer.steps[0].name, "fold");
  EXPECT_EQ(answer.steps[0].output, R"({"cut_turns":1})");
  EXPECT_EQ(answer.steps[0].prompt_tokens, 0) << "no question was asked for it";
}

TEST_F(StageTest, SummaryStoppedHalfwayIsNotRemembered) {
  context_tokens_ = 1024;
  stop_.request_stop();
  EXPECT_EQ(Failure(Talk(61, 20)).code(), ErrorCode::kCancelled);
  EXPECT_EQ(memory_.fold.turns, 0U);
  EXPECT_THAT(memory_.fold.summary, IsEmpty());
}

TEST_F(StageTest, WhatIsWrittenBesideTheReplyIsWaitedForOnceTheReplyIsThere) {
  const Dialogue dialogue = Talk(1, 4);
  Stage stage(Settings(dialogue), "direct", "direct");
  std::string entered;
  const Answer answer = stage.Reply("[Task reply]", {}, [&] {
    entered = stage.answer().steps.back().output;
    stage.answer().state = ClientState{.situation = "lost a job"};
  });
  EXPECT_EQ(entered, R"({"text":"I am listening."})") << "the reply came first";
  ASSERT_TRUE(answer.state) << "what it finds is in the answer";
  EXPECT_EQ(answer.state->situation, "lost a job");
  EXPECT_EQ(answer.reply, "I am listening.");
}

TEST_F(StageTest, NothingIsWaitedForBesideAReplyThatWasStoppedOrEmpty) {
  const Dialogue dialogue = Talk(1, 4);
  const auto beside = [] { ADD_FAILURE() << "waited"; };
  {
    Stage stage(Settings(dialogue), "direct", "direct");
    stop_.request_stop();
    EXPECT_TRUE(stage.Reply("[Task reply]", {}, beside).cancelled);
  }
  stop_ = std::stop_source();
  model_.reset();
  context_.reset();
  script_.text = [](const Ask&) { return ""; };
  Stage stage(Settings(dialogue), "direct", "direct");
  EXPECT_THROW(static_cast<void>(stage.Reply("[Task reply]", {}, beside)), Error);
}

TEST_F(StageTest, TotalTimeCountsWhatIsWrittenBesideTheReply) {
  const Dialogue dialogue = Talk(1, 4);
  Stage stage(Settings(dialogue), "direct", "direct");
  constexpr auto kBeside = std::chrono::milliseconds(20);
  const Answer answer =
      stage.Reply("[Task reply]", {}, [&] { std::this_thread::sleep_for(kBeside); });
  EXPECT_GE(answer.total_ms, 20.0);
  EXPECT_LE(answer.first_token_ms, answer.total_ms - 20.0);
}

TEST_F(StageTest, LeaningDependsOnEverythingThatIsAsked) {
  const Dialogue dialogue = Talk(1, 4);
  const auto asks = [&](const std::string& cue, const std::string& prefix,
                        const std::vector<std::string>& labels) {
    Stage stage(Settings(dialogue), "direct", "direct");
    const size_t before = model_->asked().size();
    EXPECT_THAT(stage.Leaning("leaning", cue, prefix, labels), SizeIs(labels.size()));
    const size_t asked = model_->asked().size() - before;
    EXPECT_EQ(stage.answer().steps.size(), asked) << "a step for each question";
    return asked == 1;
  };
  EXPECT_TRUE(asks("[Task notes]", "Phase:", {" a", " b"}));
  EXPECT_FALSE(asks("[Task notes]", "Phase:", {" a", " b"}));
  EXPECT_TRUE(asks("[Task phase]", "Phase:", {" a", " b"}));
  EXPECT_TRUE(asks("[Task notes]", "Needs:", {" a", " b"}));
  EXPECT_TRUE(asks("[Task notes]", "Phase:", {" a", " c"}));
  EXPECT_TRUE(asks("[Task notes]", "Phase:", {" a", " b", " c"}));
  model_->mutable_info().id = "another";
  EXPECT_TRUE(asks("[Task notes]", "Phase:", {" a", " b"}));
}

TEST_F(StageTest, NoDraftIsAskedForBeforeWhoMustKnowKnows) {
  const Dialogue dialogue = Talk(1, 4);
  Stage stage(Settings(dialogue), "direct", "direct");
  size_t calls = 0;
  stage.BeforeReply([&] {
    ++calls;
    EXPECT_THAT(model_->asked(), IsEmpty());
  });
  const std::vector<Completion> drafts = stage.Drafts("drafts", "[Task reply]", 3).get();
  ASSERT_THAT(drafts, SizeIs(3));
  EXPECT_EQ(stage.ReplyWith(drafts[0].text).reply, "I am listening.");
  EXPECT_EQ(calls, 1U) << "once a turn";
}

TEST_F(StageTest, DraftsAreCleanedAndEnteredAndTheEmptyLeftOut) {
  script_.text = [](const Ask& ask) {
    return ask.sampling.seed == 1 ? " " : " Counsellor: \"Hm.\" ";
  };
  const Dialogue dialogue = Talk(1, 4);
  Stage stage(Settings(dialogue), "direct", "direct");
  const std::vector<Completion> drafts = stage.Drafts("drafts", "[Task reply]", 3).get();
  ASSERT_THAT(drafts, SizeIs(2));
  EXPECT_EQ(drafts[1].text, "Hm.");
  const Step& step = stage.answer().steps.back();
  const OrderedJson listed = OrderedJson::parse(step.output).at("drafts");
  ASSERT_THAT(listed, SizeIs(3));
  EXPECT_EQ(listed[0].at("as_written"), " Counsellor: \"Hm.\" ");
  EXPECT_EQ(step.output_tokens, 4) << "of all of them";
}

TEST_F(StageTest, StoppedDraftsAreNone) {
  const Dialogue dialogue = Talk(1, 4);
  Stage stage(Settings(dialogue), "direct", "direct");
  stop_.request_stop();
  try {
    static_cast<void>(stage.Drafts("drafts", "[Task reply]", 2).get());
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCancelled);
  }
}

TEST_F(StageTest, ReplyKeepsTheCallersSampling) {
  static_cast<void>(Play(Talk(1, 4)));
  const Ask ask = model_->asked().back();
  EXPECT_EQ(ask.sampling.max_tokens, 60);
  EXPECT_GE(ask.sampling.min_tokens, 1) << "no model ends before it begins";
  EXPECT_THAT(ask.sampling.stop, ElementsAre("\nClient:", "\nUser:", "\n[Task"));
}

}  // namespace
}  // namespace emostage
