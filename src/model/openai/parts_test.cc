// The parts of the remote engine that need no server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "emostage/error.h"
#include "model/openai/chat_stream.h"
#include "model/openai/endpoint.h"
#include "model/openai/label_choice.h"
#include "model/openai/layout.h"
#include "model/openai/openai_model.h"
#include "model/openai/reply_text.h"
#include "model/openai/schema_answer.h"
#include "model/openai/server_pool.h"
#include "model/openai/sse_parser.h"

namespace emostage::openai {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(SseParserTest, EventsComeOutWhereverTheBytesAreCut) {
  const std::string bytes =
      "\xEF\xBB\xBF: ping\r\n\r\nevent: x\r\ndata: one\r\ndata:two\r\n\r\ndata\n\ndata: last\r\r";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    SseParser parser;
    std::vector<std::string> events = parser.Feed(bytes.substr(0, cut));
    for (std::string& event : parser.Feed(bytes.substr(cut))) events.push_back(std::move(event));
    EXPECT_THAT(events, ElementsAre("one\ntwo", "", "last")) << cut;
    EXPECT_FALSE(parser.unfinished());
  }
}

TEST(SseParserTest, EventWithoutItsEndIsUnfinished) {
  SseParser parser;
  EXPECT_THAT(parser.Feed("data: half\n"), IsEmpty());
  EXPECT_TRUE(parser.unfinished());
}

std::string AllOf(ReplyText& reply, const std::vector<std::string>& pieces) {
  std::string out;
  for (const std::string& piece : pieces) out += reply.Add(piece);
  return out + reply.Finish();
}

TEST(ReplyTextTest, RepeatedPrefixGoesWhateverItsPieces) {
  for (const std::vector<std::string>& pieces : {std::vector<std::string>{"Phase: Hearing"},
                                                 {"Ph", "ase", ":", " Hearing"},
                                                 {"\nPhase:", " Hearing"}}) {
    ReplyText reply("Phase:", {});
    EXPECT_EQ(AllOf(reply, pieces), " Hearing");
  }
  ReplyText other("Phase:", {});
  EXPECT_EQ(AllOf(other, {"Ph", "ew, that was close"}), "Phew, that was close");
  ReplyText half("Phase:", {});
  EXPECT_EQ(AllOf(half, {"Pha"}), "Pha");
}

TEST(ReplyTextTest, ThinkingIsNotPartOfTheReply) {
  ReplyText reply("", {});
  EXPECT_EQ(AllOf(reply, {"<thi", "nk>hm", "m</think>\n\nYes", "."}), "Yes.");
  ReplyText endless("", {});
  EXPECT_EQ(AllOf(endless, {"<think>on and on"}), "");
  ReplyText plain("", {});
  EXPECT_EQ(AllOf(plain, {"<3", " you"}), "<3 you");
}

TEST(ReplyTextTest, PartOfACharacterWaitsForTheRest) {
  ReplyText reply("", {});
  EXPECT_EQ(reply.Add("a\xE6\x88"), "a");
  EXPECT_EQ(reply.Add("\x91"), "\xE6\x88\x91");
  EXPECT_EQ(reply.Add("\xE6"), "");
  EXPECT_EQ(reply.Finish(), "");
  EXPECT_EQ(reply.text(), "a\xE6\x88\x91");
}

TEST(ReplyTextTest, StopStringEndsTheReplyWhereverItIsCut) {
  const std::string text = "Yes.\nClient: no";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    ReplyText reply("", {"\nUser:", "\nClient:"});
    EXPECT_EQ(AllOf(reply, {text.substr(0, cut), text.substr(cut)}), "Yes.") << cut;
    EXPECT_TRUE(reply.stopped());
  }
  ReplyText reply("", {"\nClient:"});
  EXPECT_EQ(AllOf(reply, {"Yes.\nCli"}), "Yes.\nCli");
}

TEST(ChatStreamTest, WordsEndAndCostAreRead) {
  ChatStream stream(true);
  EXPECT_EQ(stream.Feed("data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n"), "Hi");
  EXPECT_EQ(stream.Feed("data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"x\"}}]}\n\n"), "");
  EXPECT_EQ(stream.state(), ChatStream::State::kOpen);
  (void)stream.Feed("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n");
  (void)stream.Feed(
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2},"
      "\"timings\":{\"cache_n\":4}}\n\n");
  EXPECT_EQ(stream.state(), ChatStream::State::kWhole);
  EXPECT_EQ(stream.finish(), FinishReason::kLength);
  EXPECT_EQ(stream.usage().prompt_tokens, 9);
  EXPECT_EQ(stream.usage().reused_tokens, 4);
}

TEST(ChatStreamTest, OddEventsAreNoAnswer) {
  for (const char* event : {"[]", "3", "\"x\"", "{\"choices\":3}", "{\"choices\":[3]}",
                            "{\"choices\":[{\"delta\":[]}],\"usage\":-1}"}) {
    ChatStream stream(true);
    EXPECT_EQ(stream.Feed("data: " + std::string(event) + "\n\n"), "");
    EXPECT_EQ(stream.state(), ChatStream::State::kOpen) << event;
  }
  ChatStream stream(true);
  (void)stream.Feed("data: {\n\n");
  EXPECT_EQ(stream.state(), ChatStream::State::kNonsense);
}

TEST(LayoutTest, OnlyWhatLooksLikeMarkupChanges) {
  for (const char* text :
       {"I <3 you", "a < b", "[...]", "[1]", "x[i]", "我很累[哭]", "<>", "[", "<"}) {
    EXPECT_EQ(AsPlainText(text), text);
  }
  for (const char* text : {"<|im_end|>", "</s>", "<s>", "<start_of_turn>", "[INST]", "[/INST]",
                           "<<SYS>>", "<｜end▁of▁sentence｜>", "[TOOL_CALLS]"}) {
    EXPECT_NE(AsPlainText(text), text);
    EXPECT_THAT(AsPlainText(text), HasSubstr("\xE2\x81\xA0"));
  }
}

TEST(LayoutTest, QuestionsAboutOneDialogueBeginAlike) {
  Ask ask;
  ask.system = "S";
  ask.messages = {{Speaker::kClient, "a"}, {Speaker::kClient, "b"}};
  ask.instruction = "[One]";
  const OrderedJson one = ChatMessages(ask, "");
  ask.instruction = "[Two]";
  const OrderedJson two = ChatMessages(ask, "");
  EXPECT_EQ(one[1]["content"], "a\nb\n\n[One]");
  EXPECT_EQ(two[1]["content"], "a\nb\n\n[Two]");
  ask.messages.push_back({Speaker::kCounsellor, "c"});
  EXPECT_THROW((void)ChatMessages(ask, ""), Error);
}

TEST(LayoutTest, GuessIsNotTooSmall) {
  EXPECT_EQ(GuessTokens(""), 0);
  EXPECT_GE(GuessTokens("I could not sleep again last night."), 9);
  EXPECT_GE(GuessTokens("我昨天晚上又没睡着"), 9);
}

constexpr const char* kNote =
    R"({"type":"object","properties":{"what":{"type":"string","x-max-tokens":4},)"
    R"("feels":{"type":"array","minItems":1,"maxItems":2,"items":{"type":"object","properties":)"
    R"({"emotion":{"enum":["joy","fear"],"x-once":true},)"
    R"("intensity":{"type":"integer","minimum":1,"maximum":5}},)"
    R"("required":["emotion","intensity"]}}},"required":["what","feels"]})";

TEST(SchemaAnswerTest, ExtensionsBecomeWhatServersKnow) {
  const OrderedJson schema = ServerSchema(kNote);
  EXPECT_THAT(schema.dump(), Not(HasSubstr("x-")));
  EXPECT_EQ(schema["properties"]["what"]["maxLength"], 20);
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_THROW((void)ServerSchema("{}"), Error);
  const OrderedJson chinese =
      ServerSchema(R"({"type":"object","properties":{"what":{"type":"string","x-max-tokens":10},)"
                   R"("feels":{"enum":["喜悦","害怕"]}},"required":["what","feels"]})");
  EXPECT_EQ(chinese["properties"]["what"]["maxLength"], 15);
}

TEST(SchemaAnswerTest, AnswersAreFittedOrRefused) {
  const std::string good = R"({"what":"an exam","feels":[{"emotion":"fear","intensity":5}]})";
  EXPECT_EQ(FitToSchema(good, kNote), good);
  EXPECT_EQ(FitToSchema("Here: ```json\n" + good + "\n``` done {", kNote), good);
  // Order, blanks, a number out of range, a label twice, too many fields.
  EXPECT_EQ(FitToSchema(R"( {"feels": [{"intensity": 9, "emotion": "fear"},
      {"emotion":"fear","intensity":2}], "more": 1, "what": " an exam "})",
                        kNote),
            good);
  // Cut off at the end: in the second feeling, and in its name.
  for (const char* end : {"", ",", ",{", R"(,{"emotion":"jo)", R"(,{"emotion":"joy","inten)"}) {
    const std::string cut =
        R"({"what":"an exam","feels":[{"emotion":"fear","intensity":5})" + std::string(end);
    EXPECT_EQ(FitToSchema(cut, kNote), good) << end;
  }
  for (const char* bad :
       {"", "no", "{}", R"({"what":"an exam"})", R"({"what":1,"feels":[]})",
        R"({"what":"x","feels":[{"emotion":"love","intensity":1}]})", R"({"what":"an)"}) {
    EXPECT_THROW((void)FitToSchema(bad, kNote), Error) << bad;
  }
}

TEST(TokenChoiceTest, LabelsAreComparedWhereTheyPart) {
  TokenChoice choice({{1, 2}, {1, 3}, {5, 6}});
  ASSERT_EQ(choice.forks().size(), 2U);
  EXPECT_THAT(choice.forks()[0].next, ElementsAre(1, 5));
  EXPECT_THAT(choice.forks()[1].path, ElementsAre(1));
  choice.Answer(0, {0.8, 0.2});
  choice.Answer(1, {0.25, 0.75});
  EXPECT_THAT(choice.Probabilities(),
              ElementsAre(::testing::DoubleNear(0.2, 1e-9), ::testing::DoubleNear(0.6, 1e-9),
                          ::testing::DoubleNear(0.2, 1e-9)));
}

TEST(TokenChoiceTest, LabelThatBeginsAnotherHasWhatTheOtherLeaves) {
  TokenChoice choice({{1}, {1, 2}});
  ASSERT_EQ(choice.forks().size(), 1U);
  EXPECT_TRUE(choice.forks()[0].may_end);
  choice.Answer(0, {0.3});
  EXPECT_THAT(choice.Probabilities(),
              ElementsAre(::testing::DoubleNear(0.7, 1e-9), ::testing::DoubleNear(0.3, 1e-9)));
}

TEST(TokenChoiceTest, NothingToldMeansAllAlike) {
  TokenChoice choice({{1, 9, 4}, {1, 9, 5}});
  ASSERT_EQ(choice.forks().size(), 1U);
  EXPECT_THAT(choice.forks()[0].path, ElementsAre(1, 9));
  choice.Answer(0, {0, 0});
  EXPECT_THAT(choice.Probabilities(), ElementsAre(0.5, 0.5));
}

TEST(TextSharesTest, TokensBelongToTheLabelsTheyBegin) {
  const std::vector<std::string> labels = {" one", " one two", " three", " four"};
  const TextShares shares = ShareByText(labels, {0, 1, 2, 3}, 0,
                                        {{" one", std::log(0.5)},
                                         {" th", std::log(0.2)},
                                         {" thr", std::log(0.1)},
                                         {" x", std::log(0.05)}});
  ASSERT_EQ(shares.groups.size(), 1U);
  EXPECT_EQ(shares.groups[0].said, " one");
  EXPECT_NEAR(shares.groups[0].mass, 0.5, 1e-9);
  EXPECT_NEAR(shares.single[2], 0.3, 1e-9);
  EXPECT_NEAR(shares.single[3], 0.05, 1e-9);
  const TextShares deeper =
      ShareByText(labels, {0, 1}, 4, {{".", std::log(0.6)}, {" two", std::log(0.4)}});
  EXPECT_NEAR(deeper.single[0], 0.6, 1e-9);
  EXPECT_NEAR(deeper.single[1], 0.4, 1e-9);
}

TEST(EndpointTest, AddressesAreTakenWithAndWithoutTheirEnd) {
  for (const char* url :
       {"http://host:8000", "http://host:8000/", "http://host:8000/v1", "http://host:8000/v1/"}) {
    EXPECT_EQ(ParseEndpoint(url).root, "http://host:8000");
  }
  EXPECT_EQ(ParseEndpoint("https://u:p@host/llm/v1").root, "https://u:p@host/llm");
  EXPECT_EQ(ParseEndpoint("https://u:p@host/llm/v1").shown, "https://host/llm");
  EXPECT_TRUE(ParseEndpoint("https://host").encrypted);
  for (const char* url : {"", "host:8000", "ftp://host", "http://", "http://a b", "http://h?k=1"}) {
    EXPECT_THROW((void)ParseEndpoint(url), Error) << url;
  }
}

TEST(EndpointTest, NameHoldsAddressesAndAModel) {
  const OpenAiName name = SplitOpenAiName("openai:http://a:1, http://b:2/v1#org/model:tag");
  EXPECT_THAT(name.urls, ElementsAre("http://a:1", "http://b:2/v1"));
  EXPECT_EQ(name.model, "org/model:tag");
  EXPECT_TRUE(IsOpenAiName("openai:x"));
  EXPECT_FALSE(IsOpenAiName("open.gguf"));
  EXPECT_THROW((void)ParseOpenAiName("openai:#m"), Error);
}

TEST(EndpointTest, KeyComesFromTheEnvironmentOrAFile) {
  ::unsetenv("EMOSTAGE_API_KEY");
  const std::string path = ::testing::TempDir() + "/emostage-key";
  std::ofstream(path) << "  file-key\n";
  ::setenv("EMOSTAGE_API_KEY_FILE", path.c_str(), 1);
  EXPECT_EQ(ParseOpenAiName("openai:http://a").api_key, "file-key");
  ::setenv("EMOSTAGE_API_KEY", "own-key", 1);
  EXPECT_EQ(ParseOpenAiName("openai:http://a").api_key, "own-key");
  ::setenv("EMOSTAGE_API_KEY", "two\nlines", 1);
  try {
    (void)ParseOpenAiName("openai:http://a");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("lines")));
  }
  ::unsetenv("EMOSTAGE_API_KEY");
  ::unsetenv("EMOSTAGE_API_KEY_FILE");
}

TEST(ServerPoolTest, IllAddressesAreAvoidedAndLookedAtAgain) {
  using std::chrono::milliseconds;
  ServerPool pool({ParseEndpoint("http://a"), ParseEndpoint("http://b")}, milliseconds(100));
  EXPECT_EQ(pool.Home(), 0U);
  EXPECT_EQ(pool.Home(), 1U);
  EXPECT_EQ(pool.Home(), 0U);
  const ServerPool::Time now = std::chrono::steady_clock::now();
  pool.MarkIll(0, now);
  EXPECT_EQ(pool.Pick(0), 1U);
  EXPECT_EQ(pool.Home(), 1U);
  EXPECT_EQ(pool.Other(1), std::nullopt);
  EXPECT_EQ(pool.DueForCheck(now + milliseconds(50)), std::nullopt);
  EXPECT_EQ(pool.DueForCheck(now + milliseconds(150)), 0U);
  EXPECT_EQ(pool.DueForCheck(now + milliseconds(160)), std::nullopt);
  pool.MarkIll(1, now);
  EXPECT_EQ(pool.Pick(1), 1U);  // all are ill: perhaps it is back
  pool.MarkWell(0);
  EXPECT_EQ(pool.Pick(1), 0U);
}

}  // namespace
}  // namespace emostage::openai
