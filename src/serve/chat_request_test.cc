#include "serve/chat_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "model/schema.h"
#include "serve/refusal.h"

namespace emostage {
namespace {

using ::testing::HasSubstr;

ChatRequest Parse(const std::string& json) { return ParseChatRequest(Json::parse(json)); }

std::string FieldAtFault(const std::string& json) {
  try {
    (void)Parse(json);
  } catch (const Refusal& refusal) {
    EXPECT_EQ(refusal.status(), 400) << json;
    return refusal.param();
  }
  ADD_FAILURE() << "taken: " << json;
  return "";
}

SideRequest Side(const std::string& text) {
  ChatRequest request;
  request.turns = {{Role::kClient, text, ""}};
  return RecogniseSideRequest(request).value_or(SideRequest{"none", ""});
}

TEST(ChatRequest, TakesTextAndPartsAndLeavesOutWhatIsNotSaidByEither) {
  const ChatRequest request = Parse(R"({
    "model": "direct/tiny", "stream": true, "stream_options": {"include_usage": true},
    "messages": [
      {"role": "system", "content": "You are a pirate."},
      {"role": "user", "content": [{"type": "text", "text": "I failed"},
                                   {"type": "image_url", "image_url": {"url": "x"}},
                                   {"type": "text", "text": "again."}]},
      {"role": "assistant", "content": " How are you now? "},
      {"role": "assistant", "content": null, "tool_calls": []},
      {"role": "user", "content": "Tired.", "name": "Ann"}],
    "tools": [], "logit_bias": {"1": 2}, "user": "u", "max_tokens": 50, "seed": -3, "stop": "END"})");
  ASSERT_EQ(request.turns.size(), 3U);
  EXPECT_EQ(request.turns[0].text, "I failed\nagain.");
  EXPECT_EQ(request.turns[1].text, "How are you now?");
  EXPECT_EQ(request.turns[1].role, Role::kCounsellor);
  EXPECT_EQ(request.turns[2].text, "Tired.");
  EXPECT_EQ(request.model, "direct/tiny");
  EXPECT_TRUE(request.stream);
  EXPECT_TRUE(request.include_usage);
  EXPECT_EQ(request.max_tokens, 50);
  EXPECT_TRUE(request.seed.has_value());
  EXPECT_EQ(request.stop, std::vector<std::string>{"END"});
  EXPECT_FALSE(request.thoughts);
}

TEST(ChatRequest, NullIsTheSameAsMissing) {
  const ChatRequest request = Parse(
      R"({"messages": [{"role": "user", "content": "a"}], "stream": null, "max_tokens": null,
          "temperature": null, "stop": null, "stream_options": null, "n": null, "model": null})");
  EXPECT_EQ(request.model, "emostage");
  EXPECT_FALSE(request.stream);
  EXPECT_FALSE(request.max_tokens.has_value());
}

TEST(ChatRequest, NamesTheFieldThatIsWrong) {
  EXPECT_EQ(FieldAtFault(R"({})"), "messages");
  EXPECT_EQ(FieldAtFault(R"({"messages": []})"), "messages");
  EXPECT_EQ(FieldAtFault(R"({"messages": "hello"})"), "messages");
  EXPECT_EQ(FieldAtFault(R"({"messages": [{"role": "king", "content": "a"}]})"),
            "messages[0].role");
  EXPECT_EQ(FieldAtFault(R"({"messages": [{"role": "user", "content": 7}]})"),
            "messages[0].content");
  EXPECT_EQ(FieldAtFault(R"({"messages": [{"role": "assistant", "content": "a"}]})"), "messages");
  EXPECT_EQ(FieldAtFault(R"({"messages": [{"role": "user", "content": "  "}]})"), "messages");
  const std::string said = R"({"messages": [{"role": "user", "content": "a"}], )";
  EXPECT_EQ(FieldAtFault(said + R"("stream": "yes"})"), "stream");
  EXPECT_EQ(FieldAtFault(said + R"("n": 2})"), "n");
  EXPECT_EQ(FieldAtFault(said + R"("temperature": "hot"})"), "temperature");
  EXPECT_EQ(FieldAtFault(said + R"("max_tokens": 1.5})"), "max_tokens");
  EXPECT_EQ(FieldAtFault(said + R"("stop": [1]})"), "stop");
  EXPECT_EQ(FieldAtFault(said + R"("seed": 99999999999999999999})"), "seed");
}

TEST(ChatRequest, EveryDepthAndTypeIsRefusedOrTakenNeverAFault) {
  for (const char* value : {"[]", "7", "\"x\"", "null", "true", "[[]]", "{\"messages\": {}}"}) {
    EXPECT_THROW((void)Parse(value), Refusal) << value;
  }
}

// The shapes of Open WebUI's and LibreChat's requests, in our own words but for the phrases they
// are told by.
TEST(SideRequest, TitleTagsAndFollowUpsAreTold) {
  const std::string history = "\n### Chat History:\n<chat_history>\nUSER: hi\n</chat_history>";
  EXPECT_EQ(
      Side("### Task:\nWrite a title.\n### Output:\nJSON format: { \"title\": \"…\" }" + history)
          .kind,
      "title");
  EXPECT_EQ(
      Side("### Task:\nWrite tags.\n### Output:\nJSON format: { \"tags\": [\"a\"] }" + history)
          .kind,
      "tags");
  EXPECT_EQ(
      Side("### Task:\nAsk on.\n### Output:\nJSON format: { \"follow_ups\": [\"a?\"] }" + history)
          .kind,
      "follow-ups");
  EXPECT_EQ(Side("### Task:\nIs a search needed?\n" + history).kind, "other");
  EXPECT_EQ(Side("Provide a concise, 5-word-or-less title for the conversation, using its same "
                 "language.\n\nConversation:\nUser: hi")
                .kind,
            "title");
}

TEST(SideRequest, WhatTheyWantAsJsonIsASchemaThatCompiles) {
  for (const char* key : {"title", "tags", "follow_ups"}) {
    const SideRequest side = Side("### Task:\n{ \"" + std::string(key) + "\": … }<chat_history>");
    EXPECT_FALSE(CompileSchema(side.schema).empty()) << key;
    EXPECT_THAT(side.schema, HasSubstr(key));
  }
}

TEST(SideRequest, APersonsWordsAreNoneOfThem) {
  EXPECT_EQ(Side("I need a title for my thesis, and I am afraid of it.").kind, "none");
  EXPECT_EQ(Side("### Task: I made myself a list again").kind, "none");
  EXPECT_EQ(Side("### Task:\nRespond to the user query using the provided context.\n<context>x"
                 "</context>\n<user_query>I feel low</user_query>")
                .kind,
            "none");
}

}  // namespace
}  // namespace emostage
