#include "knowledge/rubrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/text.h"
#include "emostage/error.h"
#include "knowledge/knowledge.h"
#include "knowledge/toml_reader.h"

namespace emostage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const Knowledge& Shipped() {
  static const Knowledge knowledge =
      Knowledge::Load(std::filesystem::path(EMOSTAGE_SOURCE_DIR) / "data");
  return knowledge;
}

constexpr const char* kGood = R"(id = "x"
version = 1
source = "ours"
judges = "reply"
title = { en = "a", zh = "b", ja = "c" }
[[dimension]]
id = "d"
name = { en = "a", zh = "b", ja = "c" }
question = { en = "a?", zh = "b", ja = "c" }
[[dimension.anchor]]
score = 1
text = { en = "a", zh = "b", ja = "c" }
[[dimension.anchor]]
score = 2
text = { en = "a", zh = "b", ja = "c" }
)";

// What reading says with the last `from` replaced.
std::string Fault(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const std::size_t at = text.rfind(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  try {
    static_cast<void>(ReadRubric(TomlDocument("x.toml", "x", text)));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kKnowledge);
    return error.what();
  }
  return "no fault";
}

TEST(Rubrics, ShippedOnesHaveTheirScales) {
  std::vector<std::string> shapes;
  for (const Rubric& rubric : Shipped().rubrics()) {
    std::string shape = rubric.file.id + " " + std::string(RubricScopeName(rubric.scope));
    for (const RubricDimension& dimension : rubric.dimensions) {
      shape += " " + std::to_string(dimension.lowest) + "-" + std::to_string(dimension.highest());
    }
    shapes.push_back(shape);
    EXPECT_THAT(rubric.file.source, StartsWith("our reading of"));
  }
  EXPECT_THAT(shapes, ElementsAre("cpsycoun session 0-2 0-3 0-3 0-1", "epitome reply 0-2 0-2 0-2",
                                  "erf reply 1-5 1-5 1-5", "esc session 1-5 1-5 1-5 1-5 1-5",
                                  "feel session 0-3 0-3 0-3 0-3 0-3 0-3"));
}

// A text that stands twice on one scale tells a judge nothing; a text in the wrong language would
// go unseen.
TEST(Rubrics, AnchorsDifferAndAreWrittenInTheirLanguage) {
  for (const Rubric& rubric : Shipped().rubrics()) {
    for (const RubricDimension& dimension : rubric.dimensions) {
      SCOPED_TRACE(rubric.file.id + " " + dimension.id);
      for (const Language language : kAllLanguages) {
        std::string all = dimension.question.in(language);
        std::vector<std::string> anchors;
        for (const Localized& anchor : dimension.anchors) {
          anchors.push_back(anchor.in(language));
          all += anchor.in(language);
        }
        const ScriptCounts scripts = CountScripts(all);
        EXPECT_EQ(scripts.latin > 0, language == Language::kEnglish) << all;
        EXPECT_EQ(scripts.kana > 0, language == Language::kJapanese) << all;
        std::ranges::sort(anchors);
        EXPECT_EQ(std::ranges::adjacent_find(anchors), anchors.end());
      }
    }
  }
}

TEST(Rubrics, FaultsNameTheirLine) {
  EXPECT_EQ(Fault("ours", "ours"), "no fault");
  EXPECT_EQ(Fault("score = 2", "score = 3"),
            "x.toml line 14: [[anchor]]: score 3 stands after 1; write every score from the lowest "
            "to the highest");
  EXPECT_THAT(Fault("score = 2", "score = 2.5"), HasSubstr("line 14: [[anchor]]: a score must be"));
  EXPECT_THAT(Fault("score = 1", "score = -1"), HasSubstr("line 11: [[anchor]]: a score must be"));
  EXPECT_THAT(Fault("score = 1", "score = 1e300"), HasSubstr("line 11: [[anchor]]: a score must"));
  EXPECT_THAT(Fault("\"reply\"", "\"talk\""), HasSubstr("line 4: judges is 'talk'; it must be"));
  EXPECT_THAT(Fault(", ja = \"c\"", ""), HasSubstr("line 15"));
  EXPECT_THAT(Fault("judges", "judge"), HasSubstr("line 4: unknown key 'judge'"));
  EXPECT_THAT(Fault("id = \"d\"", "id = \"D\""), HasSubstr("line 7"));
  EXPECT_THAT(Fault("[[dimension.anchor]]\nscore = 2\n", "[[dimension]]\nid = \"d\"\nx = 1\n"),
              HasSubstr("a scale needs at least two scores"));
  EXPECT_THAT(Fault("\"x\"", "\"y\""), HasSubstr("line 1: id is 'y' but the file is called 'x"));
}

TEST(Rubrics, AnUnknownNameListsThoseThereAre) {
  try {
    static_cast<void>(Shipped().rubric("kindness"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_STREQ(
        error.what(),
        "there is no rubric 'kindness'; the rubrics are cpsycoun, epitome, erf, esc, feel");
  }
}

TEST(Rubrics, AnchorsAreListedWithTheirScores) {
  const RubricDimension& safety = *Shipped().rubric("cpsycoun").Find("safety");
  EXPECT_THAT(safety.AnchorList(Language::kEnglish), StartsWith("0: asks for"));
  EXPECT_THAT(safety.AnchorList(Language::kChinese), HasSubstr("\n1："));
}

std::string TextsFault(const std::string& from, const std::string& to) {
  std::string text =
      ReadFile(std::filesystem::path(EMOSTAGE_SOURCE_DIR) / "data/evaluation/judge.en.toml");
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  try {
    static_cast<void>(ReadJudgeTexts(TomlDocument("judge.en.toml", "judge.en", text)));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kKnowledge);
    return error.what();
  }
  return "no fault";
}

TEST(JudgeTexts, FaultsNameTheirLine) {
  EXPECT_EQ(TextsFault("ours", "ours"), "no fault");
  EXPECT_THAT(TextsFault("{{anchors}}", "{{anchor}}"), HasSubstr("'{{anchors}}' is missing"));
  EXPECT_THAT(TextsFault("{{anchors}}", "{{anchors}} {{more}}"), HasSubstr("too many"));
  EXPECT_THAT(TextsFault("[Task judge]", "Task judge"), HasSubstr("must begin with '['"));
  EXPECT_THAT(TextsFault("language = \"en\"", "language = \"ja\""), HasSubstr("line 4"));
  EXPECT_THAT(TextsFault("save =", "store ="), HasSubstr("unknown key 'store'"));
}

TEST(JudgeTexts, EveryLanguageHasAsManyDegradedReplies) {
  for (const Language language : kAllLanguages) {
    EXPECT_EQ(Shipped().judge_texts(language).insulting.size(), 4U);
    EXPECT_EQ(Shipped().judge_texts(language).off_topic.size(), 4U);
  }
}

}  // namespace
}  // namespace emostage
