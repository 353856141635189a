// Requests in the shapes that chat programs send, by our reading of their public sources: the
// fields and roles are theirs, the words ours.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "serve/testing.h"

namespace emostage {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kChat = "/v1/chat/completions";

TEST(ChatPrograms, OpenWebUiTalksThenAsksForTitleTagsAndFollowUps) {
  TestService server(TestService::Says("I hear you."));
  // With forwarded headers switched on; without them the talk is found by its words.
  const httplib::Headers chat = {{"Authorization", "Bearer whatever"},
                                 {"X-OpenWebUI-User-Id", "u-1"},
                                 {"X-OpenWebUI-User-Role", "user"},
                                 {"X-OpenWebUI-Chat-Id", "c-1"}};
  const Json first = {{"model", "emostage/scripted"},
                      {"stream", true},
                      {"stream_options", {{"include_usage", true}}},
                      {"messages", {{{"role", "user"}, {"content", "I failed again."}}}}};
  EXPECT_THAT(server.Post(kChat, first, chat).text, HasSubstr("[DONE]"));
  for (const std::string& form :
       {std::string("{ \"title\": \"a title\" }"), std::string("{ \"tags\": [\"one\", \"two\"] }"),
        std::string("{ \"follow_ups\": [\"One?\"] }")}) {
    const Json side = {
        {"model", "emostage/scripted"},
        {"stream", false},
        {"max_completion_tokens", 1000},
        {"messages",
         {{{"role", "user"},
           {"content", "### Task:\nDo it.\n### Output:\nJSON format: " + form +
                           "\n### Chat History:\n<chat_history>\nUSER: I failed again.\n"
                           "ASSISTANT: I hear you.\n</chat_history>"}}}}};
    EXPECT_EQ(server.Post(kChat, side, chat).status, 200) << form;
  }
  EXPECT_THAT(server.store().List({}).sessions, SizeIs(1));
  EXPECT_EQ(server.store().List({}).sessions[0].messages, 2);
}

TEST(ChatPrograms, LibreChatTalksWithPartsAndAsksForATitle) {
  TestService server;
  const Json turn = {
      {"model", "direct"},
      {"user", "6650f0"},
      {"stream", true},
      {"temperature", 1},
      {"top_p", 1},
      {"presence_penalty", 0},
      {"frequency_penalty", 0},
      {"messages",
       {{{"role", "system"}, {"content", "Instructions:\nBe brief."}},
        {{"role", "user"}, {"content", {{{"type", "text"}, {"text", "I failed again."}}}}}}}};
  EXPECT_THAT(server.Post(kChat, turn).text, HasSubstr("I hear you."));
  const Json title = {{"model", "direct"},
                      {"temperature", 0.2},
                      {"max_tokens", 16},
                      {"messages",
                       {{{"role", "user"},
                         {"content",
                          "Provide a concise, 5-word-or-less title for the conversation, in title "
                          "case.\n\nConversation:\nUser: I failed again.\nAI: I hear you."}}}}};
  EXPECT_EQ(server.Post(kChat, title).status, 200);
  EXPECT_THAT(server.store().List({}).sessions, SizeIs(1));
}

TEST(ChatPrograms, SillyTavernSendsCardsExamplesAndInstructionsAfterTheWords) {
  TestService server;
  const Json request = {{"model", "direct"},
                        {"stream", false},
                        {"max_tokens", 300},
                        {"temperature", 1},
                        {"frequency_penalty", 0},
                        {"presence_penalty", 0},
                        {"top_p", 1},
                        {"top_k", 0},
                        {"logit_bias", Json::object()},
                        {"stop", Json::array()},
                        {"seed", -1},
                        {"chat_completion_source", "custom"},
                        {"char_name", "Listener"},
                        {"user_name", "Ann"},
                        {"group_names", Json::array()},
                        {"include_reasoning", false},
                        {"messages",
                         {{{"role", "system"}, {"content", "Write Listener's next reply."}},
                          {{"role", "system"}, {"name", "example_user"}, {"content", "Hi."}},
                          {{"role", "system"}, {"content", "[Start a new Chat]"}},
                          {{"role", "assistant"}, {"content", "Hello. I am listening."}},
                          {{"role", "user"}, {"content", "I failed again."}},
                          {{"role", "system"}, {"content", "Stay in character."}}}}};
  const auto got = server.Post(kChat, request);
  EXPECT_EQ(got.status, 200) << got.text;
  const std::vector<Ask> asked = server.model().asked();
  ASSERT_FALSE(asked.empty());
  // What is said, and nothing of the card; a talk that the counsellor opens gets an opening before.
  const std::vector<Message>& messages = asked.back().messages;
  ASSERT_THAT(messages, SizeIs(3));
  EXPECT_EQ(messages[1].text, "Hello. I am listening.");
  EXPECT_EQ(messages[2].text, "I failed again.");
}

TEST(ChatPrograms, AConnectionIsCheckedByTheListOfModels) {
  TestService server;
  EXPECT_EQ(server.Get("/v1/models", {{"Authorization", "Bearer none"}}).status, 200);
  EXPECT_THAT(server.store().List({}).sessions, IsEmpty());
}

}  // namespace
}  // namespace emostage
