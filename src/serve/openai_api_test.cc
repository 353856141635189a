#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "emostage/error.h"
#include "serve/testing.h"

namespace emostage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kChat = "/v1/chat/completions";

Json Said(const std::vector<std::string>& texts) {
  Json messages = Json::array();
  for (size_t i = 0; i < texts.size(); ++i) {
    messages.push_back({{"role", i % 2 == 0 ? "user" : "assistant"}, {"content", texts[i]}});
  }
  return messages;
}

Json Request(const std::vector<std::string>& texts, const std::string& model = "direct") {
  return {{"model", model}, {"messages", Said(texts)}};
}

ScriptedModel::Script Counting(int& count) {
  return {.text = [&count](const Ask&) { return "reply " + std::to_string(++count); }};
}

std::vector<std::vector<std::string>> Kept(TestService& server) {
  std::vector<std::vector<std::string>> talks;
  for (const StoredSession& session : server.store().List({}).sessions) {
    std::vector<std::string> texts;
    for (const StoredMessage& message : server.store().Messages(session.id)) {
      texts.push_back(message.text);
    }
    talks.push_back(texts);
  }
  return talks;
}

TEST(OpenAiApi, AnswersAsOpenAiDoes) {
  TestService server;
  const Json answer = server.Post(kChat, Request({"Hello"})).json();
  EXPECT_EQ(answer["object"], "chat.completion");
  EXPECT_EQ(answer["model"], "direct");
  EXPECT_EQ(answer["choices"][0]["message"]["content"], "I hear you.");
  EXPECT_EQ(answer["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(answer["usage"]["total_tokens"].get<int>(),
            answer["usage"]["prompt_tokens"].get<int>() +
                answer["usage"]["completion_tokens"].get<int>());
  EXPECT_FALSE(answer["choices"][0]["message"].contains("reasoning_content"));
  EXPECT_FALSE(answer.contains("emostage"));
}

TEST(OpenAiApi, StreamsRoleWordsFinishUsageAndDone) {
  TestService server;
  Json request = Request({"Hello"});
  request["stream"] = true;
  request["stream_options"] = {{"include_usage", true}};
  const auto got = server.Post(kChat, request);
  EXPECT_THAT(got.headers.find("Content-Type")->second, HasSubstr("text/event-stream"));
  EXPECT_TRUE(got.text.ends_with("data: [DONE]\n\n"));
  std::string words;
  std::string finish;
  Json usage;
  bool first = true;
  for (const auto& [name, chunk] : TestService::Events(got.text)) {
    if (chunk.is_discarded()) continue;  // [DONE]
    EXPECT_EQ(chunk["object"], "chat.completion.chunk");
    if (chunk.contains("usage")) usage = chunk["usage"];
    if (chunk["choices"].empty()) continue;
    const Json& choice = chunk["choices"][0];
    if (first) {
      EXPECT_EQ(choice["delta"]["role"], "assistant");
    }
    first = false;
    words += choice["delta"].value("content", "");
    if (choice["finish_reason"].is_string()) finish = choice["finish_reason"];
  }
  EXPECT_EQ(words, "I hear you.");
  EXPECT_EQ(finish, "stop");
  EXPECT_TRUE(usage.is_object());
}

TEST(OpenAiApi, AReplyThatReachedItsMostTokensSaysSo) {
  TestService server(
      {.text = [](const Ask&) { return "I hear you. And I"; }, .finish = FinishReason::kLength});
  Json request = Request({"Hello"});
  const Json choice = server.Post(kChat, request).json()["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "length");
  EXPECT_EQ(choice["message"]["content"], "I hear you.");
  request["stream"] = true;
  EXPECT_THAT(server.Post(kChat, request).text, HasSubstr(R"("finish_reason":"length")"));
}

TEST(OpenAiApi, ThoughtsAndTraceOnlyWhenAskedFor) {
  TestService server;
  Json request = Request({"Hello"}, "emostage");
  request["emostage"] = {{"thoughts", true}, {"trace", true}, {"scheme", "hill"}};
  const Json answer = server.Post(kChat, request).json();
  EXPECT_THAT(answer["choices"][0]["message"]["reasoning_content"], HasSubstr("phase: "));
  EXPECT_EQ(answer["emostage"]["phase"]["scheme"], "hill");
  request["stream"] = true;
  EXPECT_THAT(server.Post(kChat, request).text, HasSubstr("reasoning_content"));
}

TEST(OpenAiApi, ATalkIsOneSessionByItsOwnWords) {
  int count = 0;
  TestService server(Counting(count));
  server.Post(kChat, Request({"one"}));
  server.Post(kChat, Request({"one", "reply 1", "two"}));
  EXPECT_THAT(Kept(server), ElementsAre(ElementsAre("one", "reply 1", "two", "reply 2")));
}

TEST(OpenAiApi, TwoTalksThatBeginAlikeStayTwo) {
  int count = 0;
  TestService server({.text = [&count](const Ask&) { return ++count, "the same"; }});
  server.Post(kChat, Request({"one"}));
  server.Post(kChat, Request({"one"}));
  server.Post(kChat, Request({"one", "the same", "Ann's"}));
  server.Post(kChat, Request({"one", "the same", "Bob's"}));
  const auto talks = Kept(server);
  ASSERT_EQ(talks.size(), 2U);
  EXPECT_NE(talks[0][2], talks[1][2]) << "neither went on from the other's words";
}

TEST(OpenAiApi, AnEditedHistoryWithoutAHeaderBeginsATalkOfItsOwn) {
  int count = 0;
  TestService server(Counting(count));
  server.Post(kChat, Request({"one"}));
  server.Post(kChat, Request({"one, edited", "reply 1", "two"}));
  EXPECT_EQ(Kept(server).size(), 2U);
  EXPECT_THAT(Kept(server)[0], ElementsAre("one, edited", "reply 1", "two", "reply 2"));
}

TEST(OpenAiApi, WithAHeaderEditsAndSecondAnswersReplaceWhatWasThere) {
  int count = 0;
  TestService server(Counting(count));
  const httplib::Headers chat = {{"X-OpenWebUI-Chat-Id", "chat-1"}};
  server.Post(kChat, Request({"one"}), chat);
  server.Post(kChat, Request({"one", "reply 1", "two"}), chat);
  server.Post(kChat, Request({"one", "reply 1", "two"}), chat);  // asked for again
  EXPECT_THAT(Kept(server), ElementsAre(ElementsAre("one", "reply 1", "two", "reply 3")));
  server.Post(kChat, Request({"one, edited"}), chat);
  EXPECT_THAT(Kept(server), ElementsAre(ElementsAre("one, edited", "reply 4")));
  server.Post(kChat, Request({"one"}), {{"X-Conversation-Id", "chat-2"}});
  EXPECT_EQ(Kept(server).size(), 2U);
}

TEST(OpenAiApi, WhatIsKeptKeepsItsTraceWhenTheHistoryComesBack) {
  TestService server;
  const httplib::Headers chat = {{"X-Conversation-Id", "c"}};
  server.Post(kChat, Request({"one"}, "emostage"), chat);
  server.Post(kChat, Request({"one", "I hear you.", "two"}, "emostage"), chat);
  const std::string id = server.store().List({}).sessions.at(0).id;
  for (const StoredMessage& message : server.store().Messages(id)) {
    EXPECT_EQ(message.answer.empty(), message.role == Role::kClient);
  }
}

TEST(OpenAiApi, ATalkStreamedAsTheModelWroteItIsFoundAgain) {
  TestService server(TestService::Says("\"I hear you.\""));  // kept without the marks
  Json request = Request({"one"});
  request["stream"] = true;
  std::string words;
  for (const auto& [name, chunk] : TestService::Events(server.Post(kChat, request).text)) {
    if (chunk.is_object() && !chunk["choices"].empty()) {
      words += chunk["choices"][0]["delta"].value("content", "");
    }
  }
  EXPECT_EQ(words, "\"I hear you.\"");
  server.Post(kChat, Request({"one", words, "two"}));
  ASSERT_EQ(Kept(server).size(), 1U);
  EXPECT_EQ(Kept(server)[0][1], "I hear you.");
}

TEST(OpenAiApi, TitlesAreAnsweredAndNeverKept) {
  TestService server(TestService::Says("{\"title\": \"Exams\"}"));
  const Json answer = server
                          .Post(kChat, Request({"### Task:\nName it.\nJSON: {\"title\": \"…\"}\n"
                                                "<chat_history>I failed</chat_history>"}))
                          .json();
  EXPECT_EQ(answer["choices"][0]["message"]["content"], "{\"title\": \"Exams\"}");
  EXPECT_TRUE(Kept(server).empty());
  EXPECT_FALSE(server.model().asked().back().schema.empty());
}

TEST(OpenAiApi, AFailedFirstTurnLeavesNoEmptySession) {
  TestService server({.text = [](const Ask&) -> std::string {
    throw Error(ErrorCode::kModel, "the model broke down");
  }});
  EXPECT_EQ(server.Post(kChat, Request({"one"})).status, 500);
  EXPECT_TRUE(Kept(server).empty());
}

TEST(OpenAiApi, ModelsAreMethodsTimesModels) {
  TestService server;
  const Json list = server.Get("/v1/models").json();
  std::vector<std::string> ids;
  for (const Json& model : list["data"]) ids.push_back(model["id"]);
  EXPECT_EQ(ids.front(), "emostage");
  EXPECT_THAT(ids, ::testing::Contains("emostage/scripted"));
  EXPECT_THAT(ids, ::testing::Contains("direct/scripted"));
  EXPECT_EQ(server.Get("/v1/models/direct/scripted").json()["id"], "direct/scripted");
  const auto missing = server.Post(kChat, Request({"one"}, "gpt-4"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.code(), "model_not_found");
}

TEST(OpenAiApi, EmbedsWhereTheModelCan) {
  TestService server;
  const Json answer =
      server.Post("/v1/embeddings", {{"model", "emostage"}, {"input", {"one", "two"}}}).json();
  ASSERT_EQ(answer["data"].size(), 2U) << answer;
  EXPECT_TRUE(answer["data"][1]["embedding"][0].is_number());
  const Json coded =
      server.Post("/v1/embeddings", {{"input", "one"}, {"encoding_format", "base64"}}).json();
  EXPECT_TRUE(coded["data"][0]["embedding"].is_string());
  EXPECT_EQ(server.Post("/v1/embeddings", {{"input", {1, 2}}}).status, 400);
  server.model().mutable_info().capabilities.embeddings = false;
  EXPECT_EQ(server.Post("/v1/embeddings", {{"input", "one"}}).status, 400);
}

TEST(OpenAiApi, SamplingAskedForIsSampled) {
  TestService server;
  Json request = Request({"one"});
  request["temperature"] = 0.1;
  request["max_tokens"] = 7;
  request["seed"] = 5;
  request["stop"] = {"END"};
  server.Post(kChat, request);
  const Sampling sampling = server.model().asked().back().sampling;
  EXPECT_DOUBLE_EQ(sampling.temperature, 0.1);
  EXPECT_EQ(sampling.max_tokens, 7);
  EXPECT_EQ(sampling.seed, 5U);
}

TEST(OpenAiApi, ALimitOfTurnsIsToldWithATime) {
  TestService server(TestService::Says("x"),
                     [](ServiceOptions& options) { options.access.turns_per_minute = 1; });
  EXPECT_EQ(server.Post(kChat, Request({"one"})).status, 200);
  const auto second = server.Post(kChat, Request({"one"}));
  EXPECT_EQ(second.status, 429);
  EXPECT_NE(second.headers.find("Retry-After"), second.headers.end());
}

}  // namespace
}  // namespace emostage
