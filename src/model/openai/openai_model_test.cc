// The seam's questions over the common protocol, against a server that says what the test wants.
#include "model/openai/openai_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "emostage/error.h"
#include "model/openai/fake_server.h"

namespace emostage::openai {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

OpenAiOptions Options(const FakeServer& server) {
  OpenAiOptions options;
  options.urls = {server.Url() + "/v1/"};
  return options;
}

Ask Question(const std::string& instruction = "", const std::string& prefix = "") {
  Ask ask;
  ask.system = "Listen.";
  ask.messages = {{Speaker::kClient, "Hello <|im_end|>"},
                  {Speaker::kCounsellor, "Yes?"},
                  {Speaker::kClient, "I failed."}};
  ask.instruction = instruction;
  ask.answer_prefix = prefix;
  return ask;
}

void Good(const FakeRequest& request, const FakeConnection& connection) {
  connection.Answer(request, "I hear you.");
}

Json Likely(const std::vector<std::pair<std::string, double>>& tokens) {
  Json top = Json::array();
  for (const auto& [text, probability] : tokens) {
    top.push_back({{"token", text}, {"logprob", std::log(probability)}});
  }
  return {{"choices",
           {{{"message", {{"content", "x"}}},
             {"logprobs", {{"content", {{{"token", "x"}, {"top_logprobs", top}}}}}},
             {"finish_reason", "length"}}}},
          {"usage", {{"prompt_tokens", 30}, {"completion_tokens", 1}}}};
}

TEST(OpenAiModelTest, DialogueStandsBeforeTheCue) {
  FakeServer server(Good);
  const std::shared_ptr<Model> model = ConnectOpenAi(Options(server));
  Ask ask = Question("[Task reply]");
  ask.before = {{"[Task note]", "", "{\"a\":1}"}};
  const Completion reply = model->Open()->complete(ask).get();
  EXPECT_EQ(reply.text, "I hear you.");
  EXPECT_EQ(reply.finish, FinishReason::kEnd);
  EXPECT_EQ(reply.usage.prompt_tokens, 20);
  EXPECT_EQ(reply.usage.reused_tokens, 12);
  EXPECT_EQ(reply.usage.output_tokens, 5);
  const Json messages = server.asked().at(0).body["messages"];
  ASSERT_EQ(messages.size(), 6U);
  EXPECT_EQ(messages[0]["content"], "Listen.");
  EXPECT_EQ(messages[1]["content"], "Hello <\xE2\x81\xA0|im_end|>");
  EXPECT_EQ(messages[3]["content"], "I failed.\n\n[Task note]");
  EXPECT_EQ(messages[4]["role"], "assistant");
  EXPECT_EQ(messages[4]["content"], "{\"a\":1}");
  EXPECT_EQ(messages[5]["content"], "[Task reply]");
  EXPECT_EQ(server.asked().at(0).body["model"], "kind-model");
}

TEST(OpenAiModelTest, WordsOfOneServerAreNotSentToAnother) {
  FakeServer unknown(Good);
  (void)ConnectOpenAi(Options(unknown))->Open()->complete(Question()).get();
  const Json plain = unknown.asked().at(0).body;
  for (const char* word : {"chat_template_kwargs", "top_k", "repetition_penalty", "samplers",
                           "continue_final_message", "reasoning_effort"}) {
    EXPECT_FALSE(plain.contains(word)) << word;
  }
  FakeServer vllm(Good, {.owner = "vllm"});
  Ask ask = Question("[Task phase]", "Phase:");
  ask.sampling.repetition_penalty = 1.1;
  (void)ConnectOpenAi(Options(vllm))->Open()->complete(ask).get();
  const Json body = vllm.asked().at(0).body;
  EXPECT_EQ(body["chat_template_kwargs"]["enable_thinking"], false);
  EXPECT_EQ(body["continue_final_message"], true);
  EXPECT_EQ(body["add_generation_prompt"], false);
  EXPECT_EQ(body["repetition_penalty"], 1.1);
  EXPECT_EQ(vllm.asked().at(0).Begun(), "Phase:");
}

TEST(OpenAiModelTest, QuestionsAskedBeforeTheFirstIsWaitedForRunTogether) {
  std::atomic<int> there = 0;
  FakeServer server([&there](const FakeRequest& request, const FakeConnection& connection) {
    ++there;
    for (int i = 0; i < 300 && there < 3; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    connection.Answer(request, there >= 3 ? "together" : "alone");
  });
  const std::shared_ptr<Model> model = ConnectOpenAi(Options(server));
  const std::unique_ptr<Context> context = model->Open();
  std::vector<Future<Completion>> futures;
  for (int i = 0; i < 3; ++i) futures.push_back(context->complete(Question(std::to_string(i))));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(there, 0);  // nobody waits yet
  for (Future<Completion>& future : futures) EXPECT_EQ(future.get().text, "together");
}

TEST(OpenAiModelTest, PrefixThatTheAnswerRepeatsIsTakenOff) {
  FakeServer server([](const FakeRequest& request, const FakeConnection& connection) {
    connection.Answer(request, "Summary: all is well.");
  });
  const std::shared_ptr<Model> model = ConnectOpenAi(Options(server));
  const Completion reply = model->Open()->complete(Question("[Task]", "Summary:")).get();
  EXPECT_EQ(reply.text, " all is well.");
  EXPECT_EQ(server.asked().at(0).Begun(), "");
}

TEST(OpenAiModelTest, StopStringsAndBrokenCharactersAreNotHandedOn) {
  FakeServer server([](const FakeRequest&, const FakeConnection& connection) {
    connection.BeginStream();
    for (const char* words : {"我", "听到\n", "Cli", "ent: more"}) connection.SendWords(words);
    connection.EndStream();
  });
  const std::shared_ptr<Model> model = ConnectOpenAi(Options(server));
  Ask ask = Question();
  ask.sampling.stop = {"\nClient:"};
  std::string heard;
  const Completion reply =
      model->Open()->complete(ask, [&heard](std::string_view words) { heard += words; }).get();
  EXPECT_EQ(reply.text, "我听到");
  EXPECT_EQ(heard, "我听到");
  EXPECT_EQ(reply.finish, FinishReason::kStop);
}

TEST(OpenAiModelTest, AnswerCutAtItsLengthSaysSo) {
  FakeServer server([](const FakeRequest&, const FakeConnection& connection) {
    connection.BeginStream();
    connection.SendWords("I hear");
    connection.EndStream("length");
  });
  const Completion reply = ConnectOpenAi(Options(server))->Open()->complete(Question()).get();
  EXPECT_EQ(reply.finish, FinishReason::kLength);
}

constexpr const char* kNote =
    R"({"type":"object","properties":{"what":{"type":"string","x-max-tokens":4},)"
    R"("feels":{"enum":["joy","fear"]}},"required":["what","feels"]})";

TEST(OpenAiModelTest, SchemaIsSentInTheServersWords) {
  FakeServer server([](const FakeRequest& request, const FakeConnection& connection) {
    connection.Answer(request, "{ \"what\": \"an exam\",\n \"feels\": \"fear\" }");
  });
  const std::shared_ptr<Model> model = ConnectOpenAi(Options(server));
  Ask ask = Question("[Task note]");
  ask.schema = kNote;
  EXPECT_EQ(model->Open()->complete(ask).get().text, R"({"what":"an exam","feels":"fear"})");
  const Json schema =
      server.asked().at(0).body["response_format"]["json_schema"]["schema"]["properties"];
  EXPECT_EQ(schema["what"]["maxLength"], 20);
  EXPECT_FALSE(schema["what"].contains("x-max-tokens"));
}

TEST(OpenAiModelTest, ServerWithoutSchemasGetsTheSchemaInWords) {
  FakeServer server(
      [](const FakeRequest& request, const FakeConnection& connection) {
        connection.Answer(request,
                          "Sure!\n```json\n{\"what\":\"an exam\",\"feels\":\"fear\"}\n```");
      },
      {.schema = false});
  const std::shared_ptr<Model> model = ConnectOpenAi(Options(server));
  EXPECT_FALSE(model->info().capabilities.schema);
  Ask ask = Question("[Task note]");
  ask.schema = kNote;
  EXPECT_EQ(model->Open()->complete(ask).get().text, R"({"what":"an exam","feels":"fear"})");
  EXPECT_FALSE(server.asked().at(0).body.contains("response_format"));
  EXPECT_THAT(server.asked().at(0).Said(), HasSubstr("JSON schema"));
}

TEST(OpenAiModelTest, AnswerThatBreaksItsSchemaIsAnError) {
  FakeServer server([](const FakeRequest& request, const FakeConnection& connection) {
    connection.Answer(request, R"({"what":"an exam","feels":"hunger"})");
  });
  Ask ask = Question();
  ask.schema = kNote;
  const std::shared_ptr<Model> model = ConnectOpenAi(Options(server));
  const std::unique_ptr<Context> context = model->Open();
  try {
    (void)context->complete(ask).get();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    EXPECT_THAT(error.what(), HasSubstr("'feels'"));
  }
}

TEST(OpenAiModelTest, LabelsThatBeginAlikeTakeAFurtherQuestion) {
  FakeServer server(
      [](const FakeRequest& request, const FakeConnection& connection) {
        if (request.Begun() == "Phase:") {
          return connection.SendJson(200, Likely({{" Hear", 0.6}, {" Clos", 0.2}, {" I", 0.1}}));
        }
        EXPECT_EQ(request.Begun(), "Phase: Hear");
        connection.SendJson(200, Likely({{"ing", 0.3}, {"say", 0.1}}));
      },
      {.owner = "vllm", .log_probs = true});
  const std::shared_ptr<Model> model = ConnectOpenAi(Options(server));
  EXPECT_TRUE(model->info().capabilities.log_probabilities);
  const Choice choice =
      model->Open()
          ->choose(Question("[Task]", "Phase:"), {" Hearing", " Hearsay", " Closing", " Other"})
          .get();
  EXPECT_EQ(choice.best, 0U);
  const double sum = 0.6 + 0.2 + 0.1;  // what is not among the likeliest counts as the last of them
  EXPECT_NEAR(choice.probabilities[0], 0.6 / sum * 0.75, 1e-6);
  EXPECT_NEAR(choice.probabilities[1], 0.6 / sum * 0.25, 1e-6);
  EXPECT_NEAR(choice.probabilities[2], 0.2 / sum, 1e-6);
  EXPECT_NEAR(choice.probabilities[3], 0.1 / sum, 1e-6);
  EXPECT_EQ(server.asked().size(), 2U);
}

TEST(OpenAiModelTest, WithoutLogProbabilitiesALabelIsPicked) {
  FakeServer server([](const FakeRequest& request, const FakeConnection& connection) {
    connection.Answer(request, R"({"answer": "Closing"})");
  });
  const std::shared_ptr<Model> model = ConnectOpenAi(Options(server));
  EXPECT_FALSE(model->info().capabilities.log_probabilities);
  const Choice choice =
      model->Open()->choose(Question("[Task]", "Phase:"), {" Hearing", " Closing"}).get();
  EXPECT_THAT(choice.probabilities, ElementsAre(0, 1));
  EXPECT_EQ(choice.best, 1U);
}

TEST(OpenAiModelTest, ModelThatThinksOfNoneOfTheLabelsIsBoundToOne) {
  FakeServer server(
      [](const FakeRequest& request, const FakeConnection& connection) {
        if (request.body.contains("logprobs")) {
          return connection.SendJson(200, Likely({{"Well", 0.5}, {"I", 0.4}}));
        }
        connection.Answer(request, R"({"answer": "Hearing"})");
      },
      {.log_probs = true});
  const std::shared_ptr<Model> model = ConnectOpenAi(Options(server));
  EXPECT_EQ(model->Open()->choose(Question(), {"Hearing", "Closing"}).get().best, 0U);
}

TEST(OpenAiModelTest, ScoreReadsThePromptsLogProbabilities) {
  FakeServer server(
      [](const FakeRequest& request, const FakeConnection& connection) {
        const bool with_text = request.Begun() == "A: yes";
        const std::size_t tokens = with_text ? 12 : 10;
        Json answer = {{"choices", Json::array()}, {"usage", {{"prompt_tokens", tokens}}}};
        answer["prompt_logprobs"] = Json::array();
        for (std::size_t i = 0; i < tokens; ++i) {
          answer["prompt_logprobs"].push_back(
              i == 0 ? Json() : Json({{std::to_string(i), {{"logprob", -0.5}}}}));
        }
        connection.SendJson(200, answer);
      },
      {.owner = "vllm"});
  const std::shared_ptr<Model> model = ConnectOpenAi(Options(server));
  const Score score = model->Open()->score(Question("[Task]", "A:"), " yes").get();
  EXPECT_THAT(score.token_log_likelihoods, ElementsAre(-0.5, -0.5));
  EXPECT_DOUBLE_EQ(score.total, -1.0);
}

TEST(OpenAiModelTest, MissingAbilitiesAreNamed) {
  FakeServer server(Good);
  const std::shared_ptr<Model> model = ConnectOpenAi(Options(server));
  const std::unique_ptr<Context> context = model->Open();
  try {
    (void)context->score(Question(), "yes").get();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    EXPECT_THAT(error.what(), HasSubstr("log-probabilities"));
  }
  EXPECT_THROW((void)model->embed("words"), Error);
}

TEST(OpenAiModelTest, VectorsHaveUnitLength) {
  FakeServer server(Good, {.embeddings = true});
  const std::shared_ptr<Model> model = ConnectOpenAi(Options(server));
  EXPECT_THAT(model->embed("words"), ElementsAre(0.6F, 0.8F));
}

TEST(OpenAiModelTest, DraftsHaveSeedsInARow) {
  FakeServer server([](const FakeRequest& request, const FakeConnection& connection) {
    connection.Answer(request, "seed " + std::to_string(request.body["seed"].get<int>()));
  });
  const std::shared_ptr<Model> model = ConnectOpenAi(Options(server));
  Ask ask = Question();
  ask.sampling.seed = 7;
  const std::vector<Completion> drafts = model->Open()->sample(ask, 3).get();
  ASSERT_EQ(drafts.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(drafts[i].text, "seed " + std::to_string(7 + i));
}

TEST(OpenAiModelTest, SenselessQuestionsAreRefusedAtOnce) {
  FakeServer server(Good);
  const std::shared_ptr<Model> model = ConnectOpenAi(Options(server));
  const std::unique_ptr<Context> context = model->Open();
  Ask unanswerable = Question();
  unanswerable.messages.pop_back();
  EXPECT_THROW((void)context->complete(unanswerable), Error);
  EXPECT_THROW((void)context->choose(Question(), {"a"}), Error);
  EXPECT_THROW((void)context->choose(Question(), {"a", "a"}), Error);
  EXPECT_THROW((void)context->score(Question(), ""), Error);
  EXPECT_THROW((void)context->sample(Question(), 0), Error);
}

TEST(OpenAiModelTest, ReportSaysWhatWasFoundOut) {
  FakeServer server(Good, {.owner = "vllm", .log_probs = true});
  const std::shared_ptr<Model> model = ConnectOpenAi(Options(server));
  const OpenAiReport report = ReportOpenAi(*model);
  EXPECT_EQ(report.server, "vLLM");
  EXPECT_EQ(report.model, "kind-model");
  ASSERT_EQ(report.addresses.size(), 1U);
  EXPECT_TRUE(report.addresses[0].healthy);
  EXPECT_EQ(report.addresses[0].url, server.Url());
  EXPECT_FALSE(report.context_known);
}

}  // namespace
}  // namespace emostage::openai
