#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "dialogue/readers.h"
#include "dialogue/testing.h"

namespace emostage {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(EmoStageFormatTest, ReadsArrayAndObjects) {
  constexpr std::string_view kTurns =
      R"([{"role":"client","text":"Hi"},{"role":"counsellor","text":"Hello","strategy":"Greet"}])";
  constexpr std::string_view kShown = "client: Hi | counsellor[Greet]: Hello | ";
  EXPECT_EQ(ShowOne(kTurns), kShown);
  for (const char* const key : {"dialogue", "turns"}) {
    const std::string object =
        "{\"id\": \"x1\", \"" + std::string(key) + "\": " + std::string(kTurns) + "}";
    EXPECT_EQ(ShowOne(object, DialogueFormat::kEmoStage), kShown);
    EXPECT_EQ(ReadDialogues(object)[0].id, "x1");
  }
}

TEST(EmoStageFormatTest, AcceptsAmericanSpellingAndCapitals) {
  EXPECT_EQ(ShowOne(R"([{"role":"Counselor","text":"a"},{"role":" CLIENT ","text":"b"}])"),
            "counsellor: a | client: b | ");
}

TEST(EmoStageFormatTest, TurnsInARowStayApartAndBlankOnesGo) {
  EXPECT_EQ(ShowOne(R"([{"role":"client","text":"a"},{"role":"client","text":" \u3000\n"},
                        {"role":"client","text":"b"}])"),
            "client: a | client: b | ");
}

TEST(EmoStageFormatTest, RepairsTextEvenInsideEscapes) {
  EXPECT_EQ(ShowOne("[{\"role\":\"client\",\"text\":\"a\xFF\\u0000\\ue000\\ud800\\r\\nb\x01\"}]"),
            "client: a\uFFFD\uFFFD\nb | ");
}

TEST(EmoStageFormatTest, ReadsOneDialogueALine) {
  const auto dialogues = ReadDialogues(
      "{\"id\":\"a\",\"dialogue\":[{\"role\":\"client\",\"text\":\"1\"}]}\n\n"
      "{\"id\":7,\"dialogue\":[{\"role\":\"client\",\"text\":\"2\"}]}\n",
      DialogueFormat::kEmoStage);
  ASSERT_EQ(dialogues.size(), 2U);
  EXPECT_EQ(dialogues[0].id, "a");
  EXPECT_EQ(dialogues[1].id, "7");
  EXPECT_EQ(Show(dialogues[1]), "client: 2 | ");
}

TEST(EmoStageFormatTest, ReadsOneTurnALine) {
  EXPECT_EQ(ShowOne("{\"role\":\"client\",\"text\":\"\\ud83d\"}\r\n"
                    "{\"role\":\"counsellor\",\"text\":\"2\"}"),
            "client: \uFFFD | counsellor: 2 | ");
}

TEST(OpenAiFormatTest, ReadsMessagesAndWholeRequests) {
  constexpr std::string_view kMessages =
      R"([{"role":"system","content":"Be kind."},{"role":"user","content":"Hi"},
          {"role":"assistant","content":"Hello"}])";
  EXPECT_EQ(ShowOne(kMessages), "client: Hi | counsellor: Hello | ");
  EXPECT_EQ(ShowOne("{\"model\": \"m\", \"messages\": " + std::string(kMessages) + "}",
                    DialogueFormat::kOpenAi),
            "client: Hi | counsellor: Hello | ");
}

TEST(OpenAiFormatTest, JoinsTextPartsAndSkipsTheRest) {
  EXPECT_EQ(ShowOne(R"([{"role":"user","content":[{"type":"text","text":"a"},
                         {"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"b"}]},
                        {"role":"assistant","content":null,"tool_calls":[]},
                        {"role":"tool","content":"42"}])"),
            "client: a\nb | ");
}

TEST(OpenAiFormatTest, ContentThatIsNotTextIsAFault) {
  EXPECT_THAT(ReadingFault(R"([{"role":"user","content":12}])"),
              HasSubstr("turn 1 has words that are not text"));
}

TEST(EsconvFormatTest, ReadsTheOriginalWithItsStrategies) {
  const auto dialogues = ReadDialogues(
      R"([{"emotion_type":"fear","dialog":[
             {"speaker":"seeker","annotation":{},"content":"Hi\n"},
             {"speaker":"supporter","annotation":{"strategy":"Question"},"content":"Why?"},
             {"speaker":"supporter","annotation":{"strategy":"Others"},"content":"Tell me."}]},
          {"dialog":[{"speaker":"seeker","content":"Second"}]}])",
      DialogueFormat::kEsconv);
  ASSERT_EQ(dialogues.size(), 2U);
  EXPECT_EQ(Show(dialogues[0]),
            "client: Hi | counsellor[Question]: Why? | counsellor[Others]: Tell me. | ");
  EXPECT_EQ(Show(dialogues[1]), "client: Second | ");
}

TEST(EsconvFormatTest, ReadsOneDialogueALine) {
  const auto dialogues = ReadDialogues(
      R"({"dialog":[{"turn":0,"speaker":"seeker","strategy":null,"text":"Hi"}]})"
      "\n"
      R"({"dialog":[{"turn":0,"speaker":"supporter","strategy":"Other","text":"Yo"}]})");
  ASSERT_EQ(dialogues.size(), 2U);
  EXPECT_EQ(Show(dialogues[0]), "client: Hi | ");
  EXPECT_EQ(Show(dialogues[1]), "counsellor[Other]: Yo | ");
}

TEST(SmileFormatTest, ReadsAnArrayAndOneArrayALine) {
  constexpr std::string_view kOne =
      R"([{"role":"client","content":"你好"},{"role":"counselor","content":"请说"}])";
  EXPECT_EQ(ShowOne(kOne, DialogueFormat::kSmile), "client: 你好 | counsellor: 请说 | ");
  const std::string two = std::string(kOne) + "\n" + std::string(kOne) + "\n";
  EXPECT_EQ(ReadDialogues(two).size(), 2U);
  EXPECT_EQ(ReadDialogues(two, DialogueFormat::kSmile).size(), 2U);
}

TEST(KokoroChatFormatTest, ReadsOriginalsAndTranslations) {
  EXPECT_EQ(ShowOne(R"({"dialogue":[{"role":"counselor","time":"t","utterance":"どうぞ"},
                                    {"role":"client","time":"t","utterance":"はい"}],"topic":{}})",
                    DialogueFormat::kKokoroChat),
            "counsellor: どうぞ | client: はい | ");
  EXPECT_EQ(ShowOne(R"({"dialogue":[{"role":"client","origin":"はい","content":"Yes"}]})"),
            "client: Yes | ");
}

TEST(JsonReaderTest, UnknownRoleIsNamedWithItsTurn) {
  EXPECT_THAT(ReadingFault(R"([{"role":"client","text":"a"},{"role":"narra\ntor","text":"b"}])"),
              StartsWith("turn 2 has the unknown role \"narra tor\"; "));
  EXPECT_THAT(ReadingFault(R"([[{"role":"client","text":"a"}],[{"role":"x","text":"b"}]])"),
              StartsWith("dialogue 2, turn 1 has the unknown role \"x\""));
  EXPECT_THAT(ReadingFault(R"([{"role":")" + std::string(5000, 'x') + R"(","text":"a"}])"),
              HasSubstr("\"" + std::string(40, 'x') + "\""));
}

TEST(JsonReaderTest, MissingOrMistypedPartsAreNamed) {
  EXPECT_THAT(ReadingFault(R"([{"text":"a"}])"), HasSubstr("turn 1 has no \"role\""));
  EXPECT_THAT(ReadingFault(R"([{"role":3,"text":"a"}])"), HasSubstr("turn 1 has no \"role\""));
  EXPECT_THAT(ReadingFault(R"([{"role":"client"}])"),
              HasSubstr("turn 1 has no \"text\", \"utterance\" or \"content\""));
  EXPECT_THAT(ReadingFault(R"([{"role":"client","text":"a"}, 5])"),
              HasSubstr("turn 2 is not a JSON object"));
  EXPECT_THAT(ReadingFault(R"({"a": 1})"), HasSubstr("not an array of turns"));
  EXPECT_THAT(ReadingFault(R"({"dialogue": 1})"), HasSubstr("not an array of turns"));
  EXPECT_THAT(ReadingFault("12", DialogueFormat::kSmile), HasSubstr("not an array of turns"));
}

TEST(JsonReaderTest, NamedFormatAcceptsOnlyItsKeys) {
  constexpr std::string_view kOwn = R"([{"role":"client","text":"a"}])";
  EXPECT_THAT(ReadingFault(kOwn, DialogueFormat::kOpenAi), HasSubstr("no \"content\""));
  EXPECT_THAT(ReadingFault(kOwn, DialogueFormat::kEsconv), HasSubstr("no \"speaker\""));
  EXPECT_THAT(
      ReadingFault(R"({"messages":[{"role":"user","content":"a"}]})", DialogueFormat::kEmoStage),
      HasSubstr("under \"dialogue\" or \"turns\""));
}

TEST(JsonReaderTest, NoTurnsIsAFault) {
  for (const char* const text :
       {"[]", "{\"turns\":[]}", "[[]]", R"([{"role":"client","text":" "}])",
        R"([{"role":"system","content":"Be kind."}])"}) {
    EXPECT_THAT(ReadingFault(text), HasSubstr("has no turns with words in them")) << text;
  }
}

TEST(JsonReaderTest, MalformedJsonIsAFaultWithItsPlace) {
  EXPECT_THAT(ReadingFault("[{\"role\": \"client\",\n  \"text\": }]"),
              StartsWith("the dialogue is not valid JSON: line 2, column 11: "));
  EXPECT_THAT(ReadingFault("{\"role\":\"client\",\"text\":\"a\"}\n\n{\"role\": oops}\n"),
              StartsWith("the dialogue is not valid JSON: line 3, column 10: "));
}

TEST(JsonReaderTest, HostileNestingIsAFault) {
  EXPECT_THAT(ReadingFault(std::string(100'000, '[')), HasSubstr("nested more than"));
  EXPECT_THAT(ReadingFault("[]\n" + std::string(100'000, '[')), HasSubstr("line 2"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_THAT(ReadingFault(objects), HasSubstr("nested more than"));
}

}  // namespace
}  // namespace emostage
