// The remote engine on a real server, held against the engine in this process on the same weights.
#include "model/openai/llama_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "emostage/error.h"
#include "emostage/session.h"
#include "model/llama/testing.h"
#include "model/openai/questions.h"

namespace emostage::openai {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Ask Question(int turns, const std::string& instruction, const std::string& prefix = "") {
  Ask ask = testing::Question(testing::Talk(turns), instruction);
  ask.answer_prefix = prefix;
  return ask;
}

std::shared_ptr<Model> InThisProcess() {
  return LoadLlamaModel(testing::StarterModel().string(), testing::SmallOptions());
}

TEST_F(LlamaServerTest, ServerSaysWhatItIs) {
  const std::shared_ptr<Model> model = Connect();
  const OpenAiReport report = ReportOpenAi(*model);
  EXPECT_EQ(report.server, "llama-server");
  EXPECT_EQ(report.context_tokens, 8192);
  EXPECT_TRUE(report.context_known);
  EXPECT_TRUE(model->info().capabilities.log_probabilities);
  EXPECT_TRUE(model->info().capabilities.schema);
  EXPECT_FALSE(model->info().capabilities.embeddings);
  EXPECT_EQ(model->info().name, testing::StarterModel().filename().string());
}

TEST_F(LlamaServerTest, ReplyIsStreamedAsItIs) {
  const std::shared_ptr<Model> model = Connect();
  const std::unique_ptr<Context> context = model->Open();
  Ask ask = Question(3, "Answer kindly.");
  ask.sampling.max_tokens = 24;
  std::string heard;
  int pieces = 0;
  const Completion streamed = context
                                  ->complete(ask,
                                             [&](std::string_view words) {
                                               heard += words;
                                               ++pieces;
                                             })
                                  .get();
  EXPECT_EQ(streamed.text, heard);
  EXPECT_GT(pieces, 3);
  EXPECT_FALSE(streamed.text.empty());
  EXPECT_GT(streamed.usage.prompt_tokens, 40);
  EXPECT_GT(streamed.usage.output_tokens, 0);
  EXPECT_GT(streamed.usage.ms, streamed.usage.first_ms);
  // The same question once more finds nearly all of it read.
  const Completion again = context->complete(ask).get();
  EXPECT_EQ(again.text, streamed.text);
  EXPECT_GT(again.usage.reused_tokens, streamed.usage.prompt_tokens * 3 / 4);
}

TEST_F(LlamaServerTest, QuestionIsLaidOutAsInThisProcess) {
  Ask ask = Question(3, "Answer kindly.");
  ask.before = {{"What do they feel?", "They feel:", " fear"}};
  const Completion here = InThisProcess()->Open()->complete(ask).get();
  const Completion there = Connect()->Open()->complete(ask).get();
  EXPECT_EQ(there.usage.prompt_tokens, here.usage.prompt_tokens);
}

TEST_F(LlamaServerTest, AnswerGoesOnFromItsPrefix) {
  Ask ask = Question(1, "Count to nine.", "one, two, three,");
  ask.sampling.max_tokens = 4;
  const Completion here = InThisProcess()->Open()->complete(ask).get();
  const Completion there = Connect()->Open()->complete(ask).get();
  EXPECT_EQ(there.text, here.text);
  EXPECT_THAT(there.text, Not(HasSubstr("one, two, three")));
}

TEST_F(LlamaServerTest, LabelsAreAsLikelyAsInThisProcess) {
  const std::shared_ptr<Model> local = InThisProcess();
  const std::shared_ptr<Model> remote = Connect();
  const std::unique_ptr<Context> here = local->Open();
  const std::unique_ptr<Context> there = remote->Open();
  constexpr double kNear = 0.07;  // the two read in pieces of different sizes, and round apart
  const std::vector<std::vector<std::string>> sets = {
      {" sadness", " anger", " joy", " fear", " shame"},
      {" one two", " one three", " five six"},
      {" one", " one two", " two"},
      {"讨厌", "喜欢", "討論", "倾听"},
      {"倾", "倾听", "听"},
  };
  for (const std::vector<std::string>& labels : sets) {
    const Ask ask = Question(3, "Name what the client feels.", "The client feels:");
    const Choice expected = here->choose(ask, labels).get();
    const Choice choice = there->choose(ask, labels).get();
    for (size_t i = 0; i < labels.size(); ++i) {
      EXPECT_NEAR(choice.probabilities[i], expected.probabilities[i], kNear) << labels[i];
    }
    // Where two are about alike, rounding may decide.
    EXPECT_GT(expected.probabilities[choice.best] + 2 * kNear,
              expected.probabilities[expected.best]);
    EXPECT_GT(choice.usage.prompt_tokens, 40);
  }
}

TEST_F(LlamaServerTest, ScoresAreThoseOfTheEngineInThisProcess) {
  const Ask ask = Question(1, "What do you say?", "I say:");
  const std::string text = " That sounds hard, 我在听, and I am glad you told me.";
  const Score expected = InThisProcess()->Open()->score(ask, text).get();
  const std::shared_ptr<Model> remote = Connect();
  const std::unique_ptr<Context> there = remote->Open();
  const Score score = there->score(ask, text).get();
  ASSERT_EQ(score.token_log_likelihoods.size(), expected.token_log_likelihoods.size());
  double apart = 0;
  for (size_t i = 0; i < score.token_log_likelihoods.size(); ++i) {
    const double gap = score.token_log_likelihoods[i] - expected.token_log_likelihoods[i];
    EXPECT_NEAR(gap, 0, 0.4) << i;  // rare tokens round apart most
    apart += std::abs(gap);
  }
  EXPECT_LT(apart / static_cast<double>(score.token_log_likelihoods.size()), 0.15);
  const Choice choice =
      there->choose(ask, {" That sounds hard", " No"}, Scoring::kMeanLogLikelihood).get();
  EXPECT_NEAR(choice.probabilities[0] + choice.probabilities[1], 1, 1e-9);
}

TEST_F(LlamaServerTest, NoteKeepsToItsSchema) {
  Ask ask = Question(3, "Note what the client feels, as JSON.");
  ask.schema = R"({"type":"object","properties":{"what":{"type":"string","x-max-tokens":8},)"
               R"("feels":{"type":"array","minItems":1,"maxItems":2,"uniqueItems":true,)"
               R"("items":{"enum":["sadness","anger","joy"]}}},"required":["what","feels"]})";
  ask.sampling.max_tokens = 60;
  const std::shared_ptr<Model> model = Connect();
  const std::unique_ptr<Context> context = model->Open();
  const OrderedJson note = OrderedJson::parse(context->complete(ask).get().text);
  EXPECT_EQ(note.begin().key(), "what");
  EXPECT_LE(CountCodepoints(note["what"].get<std::string>()), 40U);
  EXPECT_GE(note["feels"].size(), 1U);
}

TEST_F(LlamaServerTest, WrittenLineGoesOnFromItsPrefixAndKeepsItsLength) {
  Ask ask = Question(3, "Note what the client thinks.", "Thinks:");
  ask.schema = R"({"type":"string","x-max-tokens":9})";
  ask.sampling.max_tokens = 60;
  const std::shared_ptr<Model> model = Connect();
  const std::unique_ptr<Context> context = model->Open();
  const Completion line = context->complete(ask).get();
  EXPECT_TRUE(OrderedJson::parse(line.text).is_string()) << line.text;
  EXPECT_LE(line.usage.output_tokens, 9);
  ask.sampling.min_tokens = 9;
  EXPECT_EQ(context->complete(ask).get().usage.output_tokens, 9);
}

TEST_F(LlamaServerTest, ProseDoesNotBeginLikeJson) {
  Ask ask = Question(1, "Answer in JSON: {\"reply\": \"…\"}. Begin with {");
  ask.before = {{"Note as JSON.", "", "{\"feels\":[\"fear\"]}"}};
  ask.sampling.prose = true;
  ask.sampling.max_tokens = 8;
  const Completion reply = Connect()->Open()->complete(ask).get();
  ASSERT_FALSE(reply.text.empty());
  EXPECT_EQ(reply.text.find_first_of("{["), reply.text.find_first_of("{[", 1)) << reply.text;
}

TEST_F(LlamaServerTest, MarkupThatAClientWritesIsReadAsText) {
  const std::shared_ptr<Model> model = Connect();
  const std::unique_ptr<Context> context = model->Open();
  const auto tokens = [&](const std::string& text) {
    Ask ask = Question(1, "");
    ask.messages = {{Speaker::kClient, text}};
    ask.sampling.max_tokens = 1;
    return context->complete(ask).get().usage.prompt_tokens;
  };
  // As markup it would be one token each.
  EXPECT_GT(tokens("a <|im_end|> <|im_start|> b"), tokens("a b") + 8);
}

TEST_F(LlamaServerTest, GuessedTokensAreAboutTheRealOnes) {
  const std::shared_ptr<Model> local = InThisProcess();
  const std::shared_ptr<Model> remote = Connect();
  for (const char* text :
       {"My mum's, I think. She lives two hours away and her hip is bad, and I promised her that "
        "by winter I'd be the one who drives over.",
        "我和室友吵架了，现在不知道怎么面对她，每天回宿舍都很紧张。",
        "仕事のことを考えると眠れなくて、朝になると体が重いんです。"}) {
    const int real = local->CountTokens(text);
    EXPECT_GE(remote->CountTokens(text), real * 9 / 10) << text;
    EXPECT_LE(remote->CountTokens(text), real * 2) << text;
  }
}

TEST_F(LlamaServerTest, TooLongADialogueIsSaid) {
  const std::shared_ptr<Model> model = Connect();
  const std::unique_ptr<Context> context = model->Open();
  Ask ask = Question(1, "");
  for (int i = 0; i < 9000; ++i) ask.messages.back().text += " word";
  try {
    (void)context->complete(ask).get();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInput);
  }
}

TEST_F(LlamaServerTest, SampleDrawsDraftsOfTheirOwn) {
  Ask ask = Question(1, "Say something.");
  ask.sampling.temperature = 1.2;
  ask.sampling.seed = 5;
  const std::shared_ptr<Model> model = Connect();
  const std::unique_ptr<Context> context = model->Open();
  const std::vector<Completion> drafts = context->sample(ask, 3).get();
  ASSERT_EQ(drafts.size(), 3U);
  EXPECT_FALSE(drafts[0].text == drafts[1].text && drafts[1].text == drafts[2].text);
  EXPECT_EQ(context->sample(ask, 1).get()[0].text, drafts[0].text);
}

TEST_F(LlamaServerTest, WhatWasSaidLastIsReadAhead) {
  const std::shared_ptr<Model> model = Connect();
  const std::unique_ptr<Context> context = model->Open();
  context->ReadAhead(Question(1, "").system, testing::Talk(4));
  EXPECT_GT(context->WaitReadAhead(), 0);
  const Completion reply = context->complete(Question(5, "Answer.")).get();
  EXPECT_GT(reply.usage.reused_tokens, reply.usage.prompt_tokens / 2);
}

struct Talk {
  Language language;
  const char* text;
  friend void PrintTo(const Talk& talk, std::ostream* out) { *out << LanguageCode(talk.language); }
};

class LlamaServerTurnTest : public LlamaServerTest, public ::testing::WithParamInterface<Talk> {};

// The starter cuts Chinese and Japanese into so many tokens that it takes long to read them; there
// a random model says nothing in particular, by the same calls.
TEST_P(LlamaServerTurnTest, EmoStageAnswers) {
  SessionOptions options;
  options.language = GetParam().language;
  options.sampling.max_tokens = 24;
  options.sampling.seed = 4;
  std::optional<LlamaServer> random;
  if (options.language != Language::kEnglish) {
    random.emplace(std::vector<std::string>{"--model", testing::TinyModel().string()});
  }
  Session session(random ? ConnectOpenAi(Options({&*random})) : Connect(), options);
  const Answer answer = session.Respond(GetParam().text);
  EXPECT_FALSE(answer.reply.empty());
  ASSERT_TRUE(answer.state.has_value());
  EXPECT_FALSE(answer.state->feels.empty());
  ASSERT_TRUE(answer.phase.has_value());
  double sum = 0;
  for (const auto& [id, probability] : answer.phase->probabilities) sum += probability;
  EXPECT_NEAR(sum, 1, 1e-6);
  EXPECT_EQ(session.dialogue().turns.size(), 2U);
  EXPECT_NE(AnswerToJson(answer, -1).find("\"reused_tokens\""), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Languages, LlamaServerTurnTest,
    ::testing::Values(Talk{Language::kEnglish, "I failed my driving test again today."},
                      Talk{Language::kChinese, "我和室友吵架了，不知道怎么面对她。"},
                      Talk{Language::kJapanese, "仕事のことを考えると眠れません。"}),
    [](const ::testing::TestParamInfo<Talk>& talk) {
      return std::string(LanguageCode(talk.param.language));
    });

}  // namespace
}  // namespace emostage::openai
