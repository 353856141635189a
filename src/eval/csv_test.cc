#include "eval/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "emostage/error.h"

namespace emostage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(Csv, WhatIsWrittenIsReadBack) {
  const std::vector<std::string> fields = {"plain",      "a, b", "she said \"no\"",
                                           "two\nlines", "",     " blank ends ",
                                           "「はい」；", "x;y",  "z\t"};
  const CsvTable table =
      ReadCsv(CsvRow({"1", "2", "3", "4", "5", "6", "7", "8", "9"}) + CsvRow(fields));
  ASSERT_THAT(table.rows, SizeIs(1));
  EXPECT_EQ(table.rows[0].fields, fields);
}

TEST(Csv, NothingThatIsWrittenIsAFormula) {
  for (const char* words : {"=1+1", "+49", "-", "@home", " =HYPERLINK(\"x\")", "\t=1", "\r=1",
                            "＝1", "－まあ", "\n-x", "\u3000+1"}) {
    SCOPED_TRACE(words);
    const CsvTable table = ReadCsv("a\r\n" + CsvRow({words}));
    ASSERT_THAT(table.rows, SizeIs(1));
    EXPECT_EQ(table.rows[0].fields[0].front(), '\'');
    EXPECT_EQ(WithoutGuard(CsvTable(ReadCsv("a\n" + CsvRow({"=1"}))).rows[0].fields[0]), "=1");
  }
  EXPECT_EQ(CsvRow({"a-b", "1", "'tis"}), "a-b,1,'tis\r\n");
  EXPECT_EQ(WithoutGuard("'tis"), "'tis");
}

TEST(Csv, WhatSpreadsheetsSaveIsRead) {
  for (const char* text : {"\xEF\xBB\xBFItem;Score\r\nx;3\r\n;\r\n", "item\tscore\nx\t3",
                           "item,score\r\rx,3\r", "\"item\",\"score\"\n\"x\",\"3\"\n\n"}) {
    SCOPED_TRACE(text);
    const CsvTable table = ReadCsv(text);
    ASSERT_THAT(table.rows, SizeIs(1));
    EXPECT_THAT(table.rows[0].fields, ElementsAre("x", "3"));
    EXPECT_EQ(table.Column("SCORE"), 1U);
    EXPECT_EQ(table.Column("rater"), CsvTable::npos);
  }
}

TEST(Csv, RowsKnowTheirLine) {
  const CsvTable table = ReadCsv("a,b\n\"1\n2\",x\n3,y\n");
  ASSERT_THAT(table.rows, SizeIs(2));
  EXPECT_EQ(table.rows[0].line, 2U);
  EXPECT_EQ(table.rows[1].line, 4U);
}

std::string Fault(const std::string& text) {
  try {
    static_cast<void>(ReadCsv(text));
  } catch (const Error& error) {
    return error.what();
  }
  return "no fault";
}

TEST(Csv, FaultsAreSaid) {
  EXPECT_THAT(Fault(""), HasSubstr("empty"));
  EXPECT_THAT(Fault("\r\n\r\n"), HasSubstr("empty"));
  EXPECT_THAT(Fault("a,b\n1,\"2\n"), HasSubstr("line 2: a quotation mark is never closed"));
  EXPECT_THAT(Fault("\xFF\xFE"
                    "a"),
              HasSubstr("UTF-16"));
}

}  // namespace
}  // namespace emostage
