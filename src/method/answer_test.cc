#include "emostage/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/json.h"
#include "emostage/error.h"

namespace emostage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Answer Whole() {
  Answer answer;
  answer.reply = "つらかったですね。\n\"続けて\"";
  answer.method = "emostage";
  answer.model = "some/model.gguf";
  answer.language = Language::kJapanese;
  answer.risk.level = "low";
  answer.risk.turn_level = "none";
  answer.risk.evidence = {{"patterns", "low", "ideation", "hopeless", "no way out"},
                          {"model", "low", "", "", "二行\n目"}};
  answer.risk.held_back = "number";
  answer.risk.protocol = R"({"level":"low"})";
  answer.risk.card = RiskCard{"People", "Checked", {{"A line", "12", ""}}};
  answer.disclosure = "A program.";
  answer.state = ClientState{
      {{"sadness", 4}, {"shame", 2}}, "failed a test", "I am no use", {"esteem", "emotional"}};
  answer.phase = PhaseBelief{
      "wrap-up", "five-phase", {{"rapport", 0.25}, {"exploration", 0.125}, {"wrap-up", 0.625}}};
  answer.steps = {{"perspective", 12.5, 100, 80, 20, R"({"z":1,"a":[null,true]})"},
                  {"reply", 3, 130, 110, 9, R"({"text":"x"})"}};
  answer.total_ms = 20.75;
  answer.first_token_ms = 15;
  answer.cancelled = true;
  return answer;
}

std::vector<std::string> Keys(const OrderedJson& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

TEST(Answer, JsonHasTheWiresKeysInItsOrder) {
  const OrderedJson json = OrderedJson::parse(AnswerToJson(Whole()));
  EXPECT_THAT(Keys(json), ElementsAre("reply", "method", "model", "language", "disclosure", "risk",
                                      "state", "phase", "steps", "total_ms"));
  EXPECT_THAT(Keys(json["risk"]), ElementsAre("level", "turn_level", "took_over", "held_back",
                                              "model_failed", "evidence", "protocol", "card"));
  EXPECT_THAT(Keys(json["state"]), ElementsAre("feels", "situation", "thinks", "needs"));
  EXPECT_THAT(Keys(json["state"]["feels"][0]), ElementsAre("emotion", "intensity"));
  EXPECT_THAT(Keys(json["phase"]), ElementsAre("label", "scheme", "probabilities"));
  EXPECT_THAT(Keys(json["phase"]["probabilities"]),
              ElementsAre("rapport", "exploration", "wrap-up"));
  EXPECT_THAT(Keys(json["steps"][0]), ElementsAre("name", "ms", "prompt_tokens", "reused_tokens",
                                                  "output_tokens", "output"));
}

TEST(Answer, JsonHoldsTheValues) {
  const OrderedJson json = OrderedJson::parse(AnswerToJson(Whole()));
  EXPECT_EQ(json["reply"], "つらかったですね。\n\"続けて\"");
  EXPECT_EQ(json["language"], "ja");
  EXPECT_EQ(json["risk"]["level"], "low");
  EXPECT_EQ(json["state"]["feels"][0]["intensity"], 4);
  EXPECT_EQ(json["phase"]["probabilities"]["wrap-up"], 0.625);
  EXPECT_EQ(json["steps"][0]["reused_tokens"], 80);
  EXPECT_TRUE(json["steps"][0]["output"].is_object()) << "an object, not a string of JSON";
  EXPECT_EQ(json["total_ms"], 20.75);
}

TEST(Answer, WhatWasNotFoundOutIsNull) {
  Answer answer;
  answer.reply = "Hello.";
  EXPECT_EQ(AnswerToJson(answer),
            R"({"reply":"Hello.","method":"","model":"","language":"en",)"
            R"("disclosure":null,"risk":{"level":null,"turn_level":null,"took_over":false,)"
            R"("held_back":null,"model_failed":false,"evidence":[],"protocol":null,"card":null},)"
            R"("state":null,"phase":null,"steps":[],)"
            R"("total_ms":0.0})");
}

TEST(Answer, RoundTripKeepsEverythingOnTheWire) {
  const Answer back = AnswerFromJson(AnswerToJson(Whole(), 2));
  EXPECT_EQ(AnswerToJson(back), AnswerToJson(Whole()));
  EXPECT_EQ(back.language, Language::kJapanese);
  EXPECT_EQ(back.risk.evidence[1].words, "二行\n目");
  ASSERT_TRUE(back.state);
  EXPECT_EQ(back.state->feels[1].emotion, "shame");
  EXPECT_EQ(back.state->needs[0], "esteem");
  ASSERT_TRUE(back.phase);
  EXPECT_EQ(back.phase->probabilities[1].first, "exploration");
  EXPECT_EQ(back.steps[0].output, R"({"z":1,"a":[null,true]})");
  EXPECT_EQ(back.steps[1].ms, 3);
}

TEST(Answer, RoundTripOfNulls) {
  Answer answer;
  answer.reply = "Hello.";
  const Answer back = AnswerFromJson(AnswerToJson(answer));
  EXPECT_THAT(back.risk.level, IsEmpty());
  EXPECT_FALSE(back.state);
  EXPECT_FALSE(back.phase);
  EXPECT_THAT(back.steps, IsEmpty());
}

TEST(Answer, StepWhoseOutputIsNoJsonIsStillWrittenAsJson) {
  Answer answer;
  answer.steps = {{"strange", 0, 0, 0, 0, ""}, {"stranger", 0, 0, 0, 0, "{oops"}};
  const OrderedJson json = OrderedJson::parse(AnswerToJson(answer));
  EXPECT_TRUE(json["steps"][0]["output"].is_null());
  EXPECT_TRUE(json["steps"][1]["output"].is_null());
}

TEST(Answer, InvalidUtf8IsReplacedNotThrown) {
  Answer answer;
  answer.reply = "a\xFF z";
  EXPECT_EQ(OrderedJson::parse(AnswerToJson(answer))["reply"], "a\xEF\xBF\xBD z");
}

TEST(Answer, RefusesAnythingElse) {
  const std::string whole = AnswerToJson(Whole());
  std::vector<std::string> malformed = {"",
                                        "null",
                                        "[]",
                                        "{}",
                                        "7",
                                        "\"x\"",
                                        "{\"reply\":",
                                        whole + "x",
                                        whole.substr(0, whole.size() / 2)};
  const OrderedJson json = OrderedJson::parse(whole);
  for (const std::string& key : Keys(json)) {
    OrderedJson without = json;
    without.erase(key);
    if (key != "disclosure") malformed.push_back(without.dump());  // traces of old have none
    OrderedJson wrong = json;
    wrong[key] = key == "total_ms" ? OrderedJson("x") : OrderedJson(7);
    malformed.push_back(wrong.dump());
  }
  OrderedJson language = json;
  language["language"] = "fr";
  malformed.push_back(language.dump());
  OrderedJson feeling = json;
  feeling["state"]["feels"][0].erase("intensity");
  malformed.push_back(feeling.dump());
  malformed.push_back(std::string(200000, '[') + std::string(200000, ']'));
  OrderedJson deep = json;
  std::string text = deep.dump();
  const std::string output = R"({"text":"x"})";
  text.replace(text.find(output), output.size(),
               std::string(100000, '[') + std::string(100000, ']'));
  malformed.push_back(text);
  for (const std::string& bad : malformed) {
    try {
      static_cast<void>(AnswerFromJson(bad));
      ADD_FAILURE() << "taken: " << bad.substr(0, 300);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInput);
      EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
    }
  }
}

}  // namespace
}  // namespace emostage
