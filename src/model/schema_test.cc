#include "model/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/json.h"
#include "emostage/error.h"

namespace emostage {
namespace {

using Kind = SchemaStep::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Refusal(const std::string& schema) {
  try {
    (void)CompileSchema(schema);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInput);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "(accepted)";
}

std::string Object(const std::string& properties, const std::string& required) {
  return R"({"type": "object", "properties": {)" + properties + R"(}, "required": [)" + required +
         "]}";
}

TEST(SchemaTest, EverythingButTheDecisionsIsLiteral) {
  const SchemaProgram program = CompileSchema(
      Object(R"("mood": {"enum": ["sad", "glad"]}, "why": {"type": "string", "x-max-tokens": 9})",
             R"("mood", "why")"));
  ASSERT_EQ(program.size(), 5U);
  EXPECT_EQ(program[0].text, R"({"mood":")");
  EXPECT_EQ(program[1].kind, Kind::kLabel);
  EXPECT_EQ(program[1].field, "mood");
  EXPECT_THAT(program[1].labels, ElementsAre("sad", "glad"));
  EXPECT_EQ(program[2].text, R"(","why":")");
  EXPECT_EQ(program[3].kind, Kind::kText);
  EXPECT_EQ(program[3].max_tokens, 9);
  EXPECT_EQ(program[4].text, R"("})");
}

TEST(SchemaTest, NeighbouringLiteralsAreOne) {
  const SchemaProgram program =
      CompileSchema(Object(R"("a": {"const": 1}, "b": {"const": [true, "x"]})", R"("a", "b")"));
  ASSERT_EQ(program.size(), 1U);
  EXPECT_EQ(program[0].text, R"({"a":1,"b":[true,"x"]})");
}

TEST(SchemaTest, ListJumpsBackToTheStartOfAnItem) {
  const SchemaProgram program = CompileSchema(
      R"({"type": "array", "minItems": 1, "maxItems": 3, "items": )" +
      Object(R"("n": {"type": "integer", "minimum": -1, "maximum": 1})", R"("n")") + "}");
  ASSERT_EQ(program.size(), 6U);
  EXPECT_EQ(program[0].text, "[");
  EXPECT_EQ(program[1].text, R"({"n":)");
  EXPECT_THAT(program[2].labels, ElementsAre("-1", "0", "1"));
  EXPECT_EQ(program[3].text, "}");
  EXPECT_EQ(program[4].kind, Kind::kMore);
  EXPECT_EQ(program[4].back, 1U);
  EXPECT_EQ(program[4].text, ",");
  EXPECT_EQ(program[4].min_items, 1);
  EXPECT_EQ(program[4].max_items, 3);
  EXPECT_EQ(program[5].text, "]");
}

TEST(SchemaTest, ListInListJumpsToItsOwnStart) {
  const SchemaProgram program = CompileSchema(
      R"({"type": "array", "minItems": 1, "maxItems": 2, "items":
         {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "boolean"}}})");
  ASSERT_EQ(program.size(), 7U);
  EXPECT_EQ(program[1].text, "[");
  EXPECT_EQ(program[3].back, 2U);
  EXPECT_EQ(program[4].text, "]");
  EXPECT_EQ(program[5].back, 1U);
}

TEST(SchemaTest, FieldsAreNamedByTheirPlace) {
  const SchemaProgram program = CompileSchema(Object(
      R"("feels": {"type": "array", "minItems": 1, "maxItems": 2, "items": )" +
          Object(R"("emotion": {"enum": ["joy", "fear"], "x-once": true})", R"("emotion")") + "}",
      R"("feels")"));
  EXPECT_EQ(program[2].field, "feels.emotion");
  EXPECT_TRUE(program[2].once);
}

TEST(SchemaTest, UniqueListIsNeverLongerThanItsLabels) {
  const std::string list =
      R"({"type": "array", "minItems": 1, "maxItems": 9, "uniqueItems": true, "items": )";
  EXPECT_EQ(CompileSchema(list + R"({"enum": ["a", "b"]}})")[4].max_items, 2);
  EXPECT_EQ(CompileSchema(list + R"({"enum": ["a"]}})")[4].max_items, 1);
  EXPECT_THAT(Refusal(R"({"type": "array", "minItems": 3, "maxItems": 9, "uniqueItems": true,
                  "items": {"enum": ["a", "b"]}})"),
              HasSubstr("fewer labels"));
}

TEST(SchemaTest, KeysAndLabelsAreEscaped) {
  const SchemaProgram program =
      CompileSchema(Object(R"("a\"b": {"enum": ["x\ny", "z\\"]})", R"("a\"b")"));
  EXPECT_EQ(program[0].text, R"({"a\"b":")");
  EXPECT_THAT(program[1].labels, ElementsAre(R"(x\ny)", R"(z\\)"));
}

TEST(SchemaTest, RefusalsNameThePlace) {
  const auto in_object = [](const std::string& value) {
    return Object(R"("a": )" + Object(R"("b": )" + value, R"("b")"), R"("a")");
  };
  EXPECT_THAT(Refusal(in_object(R"({"type": "number"})")), HasSubstr("at 'a.b': type 'number'"));
  EXPECT_THAT(Refusal(in_object(R"({"enum": []})")), HasSubstr("at 'a.b': enum is empty"));
  EXPECT_THAT(Refusal(in_object(R"({"enum": ["x", 1]})")), HasSubstr("at 'a.b'"));
  EXPECT_THAT(Refusal(in_object(R"({"enum": ["x", "x"]})")), HasSubstr("stands twice"));
  EXPECT_THAT(Refusal(in_object(R"({"enum": "x"})")), HasSubstr("enum must be a list"));
  EXPECT_THAT(Refusal(in_object(R"({"type": "integer"})")), HasSubstr("minimum and maximum"));
  EXPECT_THAT(Refusal(in_object(R"({"type": "integer", "minimum": 0, "maximum": 101})")),
              HasSubstr("1 to 101 values"));
  EXPECT_THAT(Refusal(in_object(R"({"type": "integer", "minimum": 0.5, "maximum": 3})")),
              HasSubstr("whole number"));
  EXPECT_THAT(Refusal(in_object(R"({"type": "integer", "minimum": -9223372036854775808,
                                    "maximum": 18446744073709551615})")),
              HasSubstr("whole number"));
  EXPECT_THAT(Refusal(in_object(R"({"type": "array", "items": {"type": "boolean"}})")),
              HasSubstr("minItems"));
  EXPECT_THAT(Refusal(in_object(R"({"type": "array", "minItems": 1, "maxItems": 2})")),
              HasSubstr("needs items"));
  EXPECT_THAT(Refusal(in_object(R"({"type": "array", "minItems": "1", "maxItems": 2})")),
              HasSubstr("at 'a.b': minItems"));
  EXPECT_THAT(Refusal(in_object(R"({"type": "string", "x-max-tokens": -1})")),
              HasSubstr("x-max-tokens"));
  EXPECT_THAT(Refusal(in_object(R"({"type": "object", "properties": []})")),
              HasSubstr("needs properties"));
  EXPECT_THAT(Refusal(in_object("7")), HasSubstr("at 'a.b': must be an object"));
  EXPECT_THAT(Refusal(in_object("{}")), HasSubstr("type is missing"));
  EXPECT_THAT(Refusal(Object(R"("a": {"type": "string"})", "")),
              HasSubstr("at the top: property 'a' must be required"));
  EXPECT_THAT(Refusal(Object(R"("a\nb": {})", R"("a\nb")")), HasSubstr(R"(at 'a\nb')"));
  EXPECT_THAT(Refusal("{"), HasSubstr("line 1"));
  EXPECT_THAT(Refusal(""), HasSubstr("JSON schema"));
}

TEST(SchemaTest, DeepNestingIsRefused) {
  std::string schema = R"({"type": "boolean"})";
  for (int i = 0; i < 5000; ++i) {
    schema = R"({"type":"array","minItems":1,"maxItems":1,"items":)" + schema + "}";
  }
  EXPECT_NE(Refusal(schema), "(accepted)");
  EXPECT_NE(Refusal(R"({"const": )" + std::string(100000, '[') + std::string(100000, ']') + "}"),
            "(accepted)");
}

TEST(SchemaTest, EscapedTextIsTheInsideOfAJsonString) {
  for (const std::string text : {"", "plain", "\"", "\\", "a\nb\tc", "\x01", "日本語 😀"}) {
    EXPECT_EQ(ParseJson("\"" + EscapeForJson(text) + "\"", "text"), text);
  }
  EXPECT_EQ(EscapeForJson("\xff"), "\xef\xbf\xbd");
}

}  // namespace
}  // namespace emostage
