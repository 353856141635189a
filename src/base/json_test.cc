#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "emostage/error.h"

namespace emostage {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// The message of the Error that parsing throws; empty where it throws none.
std::string FaultOf(std::string_view text) {
  try {
    const Json parsed = ParseJson(text, "test.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInput);
    EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
    return error.what();
  }
  return "";
}

TEST(ParseJsonTest, ReadsValuesAndSkipsByteOrderMark) {
  EXPECT_EQ(ParseJson("{\"a\": [1, \"\\u8a9e👍\"]}", "x")["a"][1], "語👍");
  EXPECT_EQ(ParseJson("\xEF\xBB\xBF[1]", "x")[0], 1);
}

TEST(ParseJsonTest, FaultNamesLineAndColumnInCharacters) {
  EXPECT_THAT(FaultOf("[1,]"), StartsWith("test.json is not valid JSON: line 1, column 4: "));
  EXPECT_THAT(FaultOf("{\n  \"语言\": ]"), HasSubstr("line 2, column 9: "));
  EXPECT_THAT(FaultOf("[1"), HasSubstr("line 1, column 3: unexpected end of input"));
  EXPECT_THAT(FaultOf("[1]\nx"), HasSubstr("line 2, column 1: "));
}

TEST(ParseJsonTest, FaultSaysWhatToDo) { EXPECT_THAT(FaultOf("[1,]"), HasSubstr("; correct ")); }

TEST(ParseJsonTest, FaultNeverQuotesTheInput) {
  EXPECT_THAT(FaultOf("[\"my secret; expected \x01"), Not(HasSubstr("secret")));
  EXPECT_THAT(FaultOf("[secret]"), Not(HasSubstr("secret")));
  EXPECT_THAT(FaultOf("[1234e99999]"), Not(HasSubstr("1234e")));
}

TEST(ParseJsonTest, NumberTooLargeIsAFaultWithAPlace) {
  EXPECT_THAT(FaultOf("[1,\n 1e999]"), HasSubstr("line 2, column 6: a number is too large"));
}

TEST(ParseJsonTest, NoTextIsAFault) {
  EXPECT_THAT(FaultOf(""), HasSubstr("it is empty"));
  EXPECT_THAT(FaultOf(" \n\t"), HasSubstr("it is empty"));
}

TEST(ParseJsonTest, BytesThatAreNotUtf8AreAFault) {
  EXPECT_THAT(FaultOf("[\"a\xFF\"]"), HasSubstr("line 1, column 4: "));
}

TEST(ParseJsonTest, HalfASurrogatePairReadsAsReplacement) {
  EXPECT_EQ(ParseJson(R"(["a\ud83db"])", "x")[0], "a\uFFFDb");
  EXPECT_EQ(ParseJson(R"(["\udc4d"])", "x")[0], "\uFFFD");
  EXPECT_EQ(ParseJson(R"(["\ud83d\ud83d\udc4d"])", "x")[0], "\uFFFD👍");
  EXPECT_EQ(ParseJson(R"(["\uD83D\n"])", "x")[0], "\uFFFD\n");
  EXPECT_EQ(ParseJson(R"({"\ud83d": 1})", "x").begin().key(), "\uFFFD");
}

TEST(ParseJsonTest, EscapedBackslashIsNoSurrogate) {
  EXPECT_EQ(ParseJson(R"(["\\ud83d"])", "x")[0], "\\ud83d");
  EXPECT_EQ(ParseJson(R"(["\"\ud83d\udc4d"])", "x")[0], "\"👍");
}

TEST(ParseJsonTest, BadEscapesAreFaults) {
  EXPECT_THAT(FaultOf(R"(["\ud83"])"), HasSubstr("line 1, column"));
  EXPECT_THAT(FaultOf(R"(["\)"), HasSubstr("line 1, column"));
}

TEST(ParseJsonTest, NestingIsLimitedButBracketsInStringsAreFree) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_EQ(FaultOf(nested(kMaxJsonDepth)), "");
  EXPECT_THAT(FaultOf(nested(kMaxJsonDepth + 1)), HasSubstr("column 129: nested more than 128"));
  EXPECT_THAT(FaultOf(std::string(100'000, '[')), HasSubstr("nested more than"));
  EXPECT_THAT(FaultOf(std::string(100'000, '{')), HasSubstr("nested more than"));
  EXPECT_EQ(FaultOf(std::string("\"").append(1000, '[').append("\"")), "");
}

TEST(DumpJsonTest, KeepsKeyOrderAndReadableText) {
  OrderedJson value;
  value["z"] = "语";
  value["a"] = 1;
  EXPECT_EQ(DumpJson(value), R"({"z":"语","a":1})");
  EXPECT_EQ(DumpJson(value, 2), "{\n  \"z\": \"语\",\n  \"a\": 1\n}");
}

TEST(DumpJsonTest, IllFormedBytesBecomeReplacement) {
  EXPECT_EQ(DumpJson(OrderedJson("a\xFF")), "\"a\uFFFD\"");
}

}  // namespace
}  // namespace emostage
