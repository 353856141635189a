#include "base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace emostage {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(RepairUtf8Test, LeavesGoodTextAlone) {
  const std::string text = "Café, 你好。ありがとう 👍\n\tend";
  EXPECT_EQ(RepairUtf8(text), text);
}

TEST(RepairUtf8Test, OneReplacementForEachIllFormedSequence) {
  EXPECT_EQ(RepairUtf8("a\xFF"
                       "b"),
            "a\uFFFDb");
  EXPECT_EQ(RepairUtf8("\xE4\xBD"), "\uFFFD");  // cut short: one, not two
  EXPECT_EQ(RepairUtf8("\xE4\xBD"
                       "a"),
            "\uFFFDa");  // the next character survives
  EXPECT_EQ(RepairUtf8("\xF0\x9F\x91\xF0\x9F\x91\x8D"), "\uFFFD👍");
  EXPECT_EQ(RepairUtf8("\xC0\xAF"), "\uFFFD\uFFFD");                      // overlong
  EXPECT_EQ(RepairUtf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");            // a surrogate
  EXPECT_EQ(RepairUtf8("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");  // beyond Unicode
}

TEST(RepairUtf8Test, DropsControlMarkAndPrivateUseCharacters) {
  EXPECT_EQ(RepairUtf8("a\0b\x1B[2J\x7F\u0085"s), "ab[2J");
  EXPECT_EQ(RepairUtf8("\uFEFFa\uE000b\uF8FFc"), "abc");
  EXPECT_EQ(RepairUtf8("\uD7FF\uF900"), "\uD7FF\uF900");  // the neighbours of the dropped range
}

TEST(RepairUtf8Test, EveryKindOfLineEndBecomesNewline) {
  EXPECT_EQ(RepairUtf8("a\r\nb\rc\n\r\nd\r"), "a\nb\nc\n\nd\n");
}

TEST(RepairUtf8Test, IsIdempotentOnEveryPairOfBytes) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string bytes = {'\xE2', static_cast<char>(first), static_cast<char>(second)};
      const std::string once = RepairUtf8(bytes);
      ASSERT_TRUE(IsValidUtf8(once));
      ASSERT_EQ(RepairUtf8(once), once);
    }
  }
}

TEST(IsValidUtf8Test, TellsWellFormedFromIllFormed) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("né 語 👍"));
  EXPECT_TRUE(IsValidUtf8("\0"s));
  EXPECT_FALSE(IsValidUtf8("\x80"));
  EXPECT_FALSE(IsValidUtf8("語\xE8"));
  EXPECT_FALSE(IsValidUtf8("\xE0\x80\x80"));
}

TEST(TrimTest, RemovesEveryKindOfSpaceAtBothEnds) {
  EXPECT_EQ(Trim(" \t\r\n\u3000 你 好\u3000\u00A0\u200B\n"), "你 好");
  EXPECT_EQ(Trim("\u3000 \n"), "");
  EXPECT_EQ(Trim(""), "");
  EXPECT_EQ(Trim("a"), "a");
}

TEST(TrimTest, LeavesIllFormedBytes) {
  EXPECT_EQ(Trim(" \x80\x80 "), "\x80\x80");
  EXPECT_EQ(Trim(" \xE3\x80"), "\xE3\x80");
}

TEST(Utf8PrefixTest, CutsOnlyBetweenCodepoints) {
  EXPECT_EQ(Utf8Prefix("你好", 6), "你好");
  EXPECT_EQ(Utf8Prefix("你好", 5), "你");
  EXPECT_EQ(Utf8Prefix("你好", 3), "你");
  EXPECT_EQ(Utf8Prefix("你好", 2), "");
  EXPECT_EQ(Utf8Prefix("👍", 3), "");
  EXPECT_EQ(Utf8Prefix("abc", 0), "");
  EXPECT_EQ(Utf8Prefix("abc", 99), "abc");
}

TEST(Utf8PrefixTest, MakesProgressOnIllFormedBytes) {
  EXPECT_EQ(Utf8Prefix("\x80\x80\x80\x80\x80\x80", 4).size(), 4U);
}

TEST(CompleteUtf8LengthTest, HoldsBackOnlyAnUnfinishedCodepoint) {
  const std::string thumb = "👍";
  for (std::size_t length = 1; length < thumb.size(); ++length) {
    EXPECT_EQ(CompleteUtf8Length(std::string("a").append(thumb, 0, length)), 1U) << length;
  }
  EXPECT_EQ(CompleteUtf8Length("a" + thumb), 5U);
  EXPECT_EQ(CompleteUtf8Length("abc"), 3U);
  EXPECT_EQ(CompleteUtf8Length(""), 0U);
}

TEST(CompleteUtf8LengthTest, DoesNotWaitForBytesNothingCanComplete) {
  EXPECT_EQ(CompleteUtf8Length("a\xFF"), 2U);
  EXPECT_EQ(CompleteUtf8Length("a\x80\x80"), 3U);
  EXPECT_EQ(CompleteUtf8Length("a\xE0\x80"), 3U);  // overlong already
  EXPECT_EQ(CompleteUtf8Length("\x80\x80\x80\x80"), 4U);
}

TEST(CountCodepointsTest, CountsCharactersNotBytes) {
  EXPECT_EQ(CountCodepoints(""), 0U);
  EXPECT_EQ(CountCodepoints("aé語👍"), 4U);
  EXPECT_EQ(CountCodepoints("語\xE8\xAA"), 2U);
}

TEST(DisplayWidthTest, CountsTerminalColumns) {
  EXPECT_EQ(DisplayWidth("abc"), 3U);
  EXPECT_EQ(DisplayWidth("你好。"), 6U);
  EXPECT_EQ(DisplayWidth("ｱ한👍"), 5U);       // half-width katakana is narrow
  EXPECT_EQ(DisplayWidth("e\u0301"), 1U);     // combining accent
  EXPECT_EQ(DisplayWidth("a\u200Bb\n"), 2U);  // invisible
}

TEST(WrapTest, BreaksAtSpacesWhichVanish) {
  EXPECT_THAT(Wrap("one two  three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(Wrap("one two", 3), ElementsAre("one", "two"));
}

TEST(WrapTest, KeepsLineBreaksEmptyLinesAndIndentation) {
  EXPECT_THAT(Wrap("a\n\n  b  c\n", 20), ElementsAre("a", "", "  b  c"));
  EXPECT_THAT(Wrap("", 20), IsEmpty());
}

TEST(WrapTest, BreaksBetweenWideCharacters) {
  EXPECT_THAT(Wrap("今天天气很好", 4), ElementsAre("今天", "天气", "很好"));
  EXPECT_THAT(Wrap("今天天气很好", 5), ElementsAre("今天", "天气", "很好"));
}

TEST(WrapTest, KeepsPunctuationWithItsNeighbour) {
  EXPECT_THAT(Wrap("今天很好。我", 8), ElementsAre("今天很", "好。我"));
  EXPECT_THAT(Wrap("彼は「はい」と", 6), ElementsAre("彼は", "「は", "い」と"));
  EXPECT_THAT(Wrap("コーヒー", 2), ElementsAre("コ", "ー", "ヒ", "ー"));  // no room: cut
}

TEST(WrapTest, CutsWordsTooLongForALine) {
  EXPECT_THAT(Wrap("a abcdefgh i", 3), ElementsAre("a", "abc", "def", "gh", "i"));
  EXPECT_THAT(Wrap("語語", 0), ElementsAre("語", "語"));
}

TEST(WrapTest, NeverSplitsACombinedCharacter) {
  EXPECT_THAT(Wrap("👩\u200D👩\u200D👧👍", 6), ElementsAre("👩\u200D👩\u200D👧", "👍"));
}

TEST(WrapTest, NoRowIsWiderThanAsked) {
  const std::string_view text =
      "  I said 「もう無理です」, and then…   she answered:「大丈夫、一緒に考えましょう」👍👍 ok?";
  for (std::size_t columns = 2; columns < 60; ++columns) {
    for (const std::string& row : Wrap(text, columns)) {
      ASSERT_LE(DisplayWidth(row), columns) << row;
      ASSERT_FALSE(Trim(row).empty());
    }
  }
}

TEST(SplitLinesTest, EndsDoNotBelongToLines) {
  EXPECT_THAT(SplitLines("a\nb\r\n\nc"), ElementsAre("a", "b", "", "c"));
  EXPECT_THAT(SplitLines("a\n"), ElementsAre("a"));
  EXPECT_THAT(SplitLines("\n"), ElementsAre(""));
  EXPECT_THAT(SplitLines(""), IsEmpty());
}

TEST(FoldCaseTest, FormsOfALetterBecomeOne) {
  EXPECT_EQ(FoldCase("Hello WORLD 1"), "hello world 1");
  EXPECT_EQ(FoldCase("STRASSE"), FoldCase("Straße"));
  EXPECT_EQ(FoldCase("ＡＢＣ"), "abc");
  EXPECT_EQ(FoldCase("ｶﾞｷﾞ"), "ガギ");
  EXPECT_EQ(FoldCase("e\u0301"), FoldCase("É"));
  EXPECT_NE(FoldCase("e"), FoldCase("é"));
  EXPECT_NE(FoldCase("か"), FoldCase("が"));
}

TEST(FoldCaseTest, AnyBytesAreTaken) {
  EXPECT_EQ(FoldCase(""), "");
  EXPECT_EQ(FoldCase(std::string_view("A\0B", 3)), std::string("a\0b", 3));
  EXPECT_EQ(FoldCase(std::string_view("Ä\0\xFF", 4)), std::string("ä\0\uFFFD", 6));
}

TEST(CountScriptsTest, CountsLettersOfEachScript) {
  const ScriptCounts counts = CountScripts("Añ 漢字々〇 ひらカﾅー 한국 Жя 123。！👍 \xFF");
  EXPECT_EQ(counts.latin, 2U);
  EXPECT_EQ(counts.han, 4U);
  EXPECT_EQ(counts.kana, 5U);
  EXPECT_EQ(counts.hangul, 2U);
  EXPECT_EQ(counts.other, 2U);
  EXPECT_EQ(counts.Total(), 15U);
}

TEST(CountScriptsTest, FullWidthAndRareFormsBelongToTheirScript) {
  EXPECT_EQ(CountScripts("ＡｚＯＫ").latin, 4U);
  EXPECT_EQ(CountScripts("\U00020000豈").han, 2U);
  EXPECT_EQ(CountScripts("、。・「」？").Total(), 0U);
}

TEST(CodepointsTest, AreThoseOfTheTextWithTheIllFormedReplaced) {
  EXPECT_EQ(Codepoints(""), U"");
  EXPECT_EQ(Codepoints("a\xC3\xA9\xE3\x81\x8B\xF0\x9F\x98\x80"), U"a\u00E9\u304B\U0001F600");
  EXPECT_EQ(Codepoints("a\xFF"
                       "b\xE3\x81"),
            U"a\uFFFDb\uFFFD");
}

}  // namespace
}  // namespace emostage
