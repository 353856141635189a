#include "eval/human_sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "emostage/error.h"
#include "emostage/session.h"
#include "eval/csv.h"

namespace emostage {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::shared_ptr<const Knowledge> Shipped() {
  static const auto knowledge = LoadKnowledge(EMOSTAGE_SOURCE_DIR "/data");
  return knowledge;
}

// Two methods' replies to three talks, in three languages.
std::vector<JudgeItem> Items() {
  std::vector<JudgeItem> items;
  for (const Language language : kAllLanguages) {
    for (const char* method : {"secret-one", "secret-two"}) {
      JudgeItem item;
      item.id = "talk " + std::string(LanguageCode(language));
      item.language = language;
      item.history = Shipped()->demo(language);
      item.reply = "=HYPERLINK(\"x\", \"<script>alert(1)</script>\"),\nline two";
      item.method = method;
      items.push_back(item);
    }
  }
  return items;
}

std::vector<const Rubric*> Rubrics() {
  return {&Shipped()->rubric("epitome"), &Shipped()->rubric("erf")};
}

HumanSheet Sheet(uint64_t seed = 5) {
  const auto items = Items();
  const auto rubrics = Rubrics();
  return MakeHumanSheet(items, rubrics, *Shipped(), {.seed = seed});
}

// The sheet with `score` of a row's number and dimension filled in, rows in another order.
std::string Filled(const HumanSheet& sheet, const auto& score) {
  CsvTable table = ReadCsv(sheet.csv);
  std::string csv = CsvRow({"score", "dimension", "item", "comment", "rater"});
  for (size_t i = table.rows.size(); i-- > 0;) {
    const auto& fields = table.rows[i].fields;
    const std::string& dimension = fields[table.Column("dimension")];
    csv += CsvRow(
        {score(i, dimension), dimension, fields[table.Column("item")], i == 0 ? "-well" : "", ""});
  }
  return csv;
}

std::string Two(size_t, const std::string&) { return "2"; }

TEST(HumanSheet, RoundTrip) {
  const HumanSheet sheet = Sheet();
  const SheetReading reading = ReadHumanSheet(Filled(sheet, Two), sheet.key, "ann");
  EXPECT_THAT(reading.remarks, IsEmpty());
  EXPECT_EQ(reading.expected, 36U);
  ASSERT_THAT(reading.scores, SizeIs(36));
  std::map<std::pair<std::string, std::string>, int> cells;
  size_t comments = 0;
  for (const HumanScore& score : reading.scores) {
    ++cells[{score.item, score.method}];
    EXPECT_EQ(score.score, 2);
    EXPECT_EQ(score.rater, "ann");
    EXPECT_NE(Shipped()->rubric(score.rubric).Find(score.dimension), nullptr);
    if (score.comment == "-well") ++comments;
  }
  EXPECT_EQ(comments, 1U);
  EXPECT_THAT(cells, SizeIs(6));
  EXPECT_EQ((cells[{"talk ja", "secret-two"}]), 6);
}

TEST(HumanSheet, NamesNoMethodAndIsShuffled) {
  const HumanSheet sheet = Sheet();
  for (const std::string& text : {sheet.csv, sheet.html}) {
    EXPECT_THAT(text, Not(HasSubstr("secret")));
    EXPECT_THAT(text, Not(HasSubstr("talk en")));
  }
  EXPECT_THAT(sheet.key, HasSubstr("secret-one"));
  EXPECT_EQ(sheet.csv, Sheet().csv);
  EXPECT_EQ(sheet.html, Sheet().html);
  EXPECT_NE(sheet.csv, Sheet(6).csv);
  std::vector<std::string> order;
  const Json key = Json::parse(sheet.key);
  for (const Json& item : key["items"]) order.push_back(item["item"]);
  std::vector<std::string> plain;
  for (const JudgeItem& item : Items()) plain.push_back(item.id);
  EXPECT_NE(order, plain);
}

TEST(HumanSheet, ShowsTalkQuestionAndScaleInTheTalksLanguage) {
  const CsvTable table = ReadCsv(Sheet().csv);
  bool japanese = false;
  for (const CsvTable::Row& row : table.rows) {
    const std::string& talk = row.fields[table.Column("talk")];
    if (!talk.starts_with("相談者：こんばんは")) continue;
    japanese = true;
    EXPECT_THAT(talk, HasSubstr("\n聴き手：こんばんは。もちろんです"));
    EXPECT_THAT(row.fields[table.Column("question")], HasSubstr("返答"));
    EXPECT_THAT(row.fields[table.Column("scale")], HasSubstr("\n2："));
    EXPECT_THAT(row.fields[table.Column("reply")], HasSubstr("\nline two"));
    EXPECT_TRUE(row.fields[table.Column("reply")].starts_with("'="));  // no formula
  }
  EXPECT_TRUE(japanese);
}

TEST(HumanSheet, FaultsAreCountedAndSaid) {
  const HumanSheet sheet = Sheet();
  std::string csv = Filled(sheet, [](size_t i, const std::string&) -> std::string {
    if (i == 0) return "";
    if (i == 1) return "9";
    if (i == 2) return "good";
    if (i == 3) return " ２.0";  // full width
    if (i == 4) return "1.5";
    return "1";
  });
  const std::string first = csv.substr(csv.find("\r\n") + 2);
  csv += first.substr(0, first.find("\r\n") + 2);  // the same row again
  csv += "2,epitome/explorations,nobody-001,,\r\n";
  csv += "2,epitome/kindness,nobody-001,,\r\n";
  const SheetReading reading = ReadHumanSheet(csv, sheet.key);
  EXPECT_EQ(reading.raters, 1U);
  EXPECT_EQ(reading.missing, 1U);
  EXPECT_EQ(reading.out_of_range, 3U);
  EXPECT_EQ(reading.duplicate, 1U);
  EXPECT_EQ(reading.unknown, 2U);
  EXPECT_THAT(reading.scores, SizeIs(32));
  EXPECT_THAT(reading.remarks,
              ElementsAre(HasSubstr("1 scores are missing"), HasSubstr("3 scores are no number"),
                          HasSubstr("1 rows stand there twice"), HasSubstr("2 rows name")));
}

TEST(HumanSheet, OneNameStandsForAllRowsAndTwoAreToldApart) {
  const HumanSheet sheet = Sheet();
  std::string csv = Filled(sheet, Two);
  csv.replace(csv.find(",\r\n"), 1, ",bob");
  for (const HumanScore& score : ReadHumanSheet(csv, sheet.key, "file").scores) {
    EXPECT_EQ(score.rater, "bob");
  }
  csv.replace(csv.find(",\r\n"), 1, ",eve");
  const SheetReading two = ReadHumanSheet(csv, sheet.key, "file");
  EXPECT_EQ(two.raters, 3U);
  EXPECT_EQ(two.expected, 3U * 36U);
  EXPECT_EQ(two.missing, 2U * 36U);
}

TEST(HumanSheet, AnEmptySheetLacksEverything) {
  const HumanSheet sheet = Sheet();
  const SheetReading reading = ReadHumanSheet(sheet.csv, sheet.key);
  EXPECT_THAT(reading.scores, IsEmpty());
  EXPECT_EQ(reading.missing, 36U);
}

TEST(HumanSheet, ThePageShowsTextAsText) {
  const std::string html = Sheet().html;
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(html, AllOf(HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"),
                          HasSubstr("default-src 'none'"), HasSubstr("<article lang=\"ja\">"),
                          HasSubstr("Your name or initials")));
  EXPECT_THAT(html, Not(HasSubstr("http://")));
  EXPECT_THAT(html, Not(HasSubstr("https://")));
}

std::string Fault(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInput);
    return error.what();
  }
  return "no fault";
}

TEST(HumanSheet, RefusesWhatCannotBeRatedOrRead) {
  std::vector<JudgeItem> items = Items();
  const auto rubrics = Rubrics();
  const auto make = [&] {
    return Fault([&] { static_cast<void>(MakeHumanSheet(items, rubrics, *Shipped())); });
  };
  items[1].method = items[0].method;
  EXPECT_THAT(make(), HasSubstr("stands there twice"));
  items.resize(1);
  items[0].reply = "";
  EXPECT_THAT(make(), HasSubstr("no reply to rate"));
  items.clear();
  EXPECT_THAT(make(), HasSubstr("nothing to rate"));

  const HumanSheet sheet = Sheet();
  const auto read = [](const std::string& csv, const std::string& key) {
    return Fault([&] { static_cast<void>(ReadHumanSheet(csv, key)); });
  };
  EXPECT_THAT(read("item,score\r\n", sheet.key), HasSubstr("no column 'dimension'"));
  EXPECT_THAT(read(sheet.csv, "{}"), HasSubstr("no key of a rating sheet"));
  EXPECT_THAT(read(sheet.csv, "{"), HasSubstr("not valid JSON"));
}

}  // namespace
}  // namespace emostage
