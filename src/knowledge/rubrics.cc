#include "knowledge/rubrics.h"

#include <cmath>
#include <utility>

#include "knowledge/toml_reader.h"

namespace emostage {
namespace {

int ReadScore(const TomlTable& table) {
  const double number = table.Number("score");
  if (!(number >= 0 && number <= 9) || number != std::floor(number)) {
    table.FailAt("score", "a score must be a whole number from 0 to 9");
  }
  return static_cast<int>(number);
}

RubricDimension ReadDimension(const TomlTable& entry, const Rubric& rubric) {
  RubricDimension dimension;
  dimension.id = entry.Id("id");
  const TomlTable table = entry.Named("dimension '" + dimension.id + "'");
  table.AllowOnly({"id", "name", "question", "anchor"});
  if (rubric.Find(dimension.id) != nullptr) {
    table.FailAt("id", "the id '" + dimension.id + "' is used twice");
  }
  dimension.name = table.Fragment("name");
  dimension.question = table.Translated("question");
  for (const TomlTable& anchor : table.Tables("anchor")) {
    anchor.AllowOnly({"score", "text"});
    const int score = ReadScore(anchor);
    if (dimension.anchors.empty()) {
      dimension.lowest = score;
    } else if (score != dimension.highest() + 1) {
      anchor.FailAt(
          "score",
          "score " + std::to_string(score) + " stands after " + std::to_string(dimension.highest()),
          "write every score from the lowest to the highest");
    }
    dimension.anchors.push_back(anchor.Fragment("text"));
  }
  if (dimension.anchors.size() < 2) {
    table.FailAt("anchor", "a scale needs at least two scores");
  }
  return dimension;
}

}  // namespace

std::string_view RubricScopeName(RubricScope scope) {
  return scope == RubricScope::kReply ? "reply" : "session";
}

std::string RubricDimension::AnchorList(Language language) const {
  std::string list;
  for (std::size_t i = 0; i < anchors.size(); ++i) {
    if (i > 0) list += '\n';
    list += std::to_string(lowest + static_cast<int>(i)) +
            (language == Language::kEnglish ? ": " : "：") + anchors[i].in(language);
  }
  return list;
}

const RubricDimension* Rubric::Find(std::string_view dimension) const {
  for (const RubricDimension& one : dimensions) {
    if (one.id == dimension) return &one;
  }
  return nullptr;
}

Rubric ReadRubric(const TomlDocument& document) {
  const TomlTable root = document.root();
  root.AllowOnly({"id", "version", "source", "judges", "title", "dimension"});
  Rubric rubric;
  rubric.file = document.Info();
  rubric.title = root.Fragment("title");
  const std::string judges = root.Text("judges");
  if (judges == "session") {
    rubric.scope = RubricScope::kSession;
  } else if (judges != "reply") {
    root.FailAt("judges", "judges is '" + judges + "'", "it must be \"reply\" or \"session\"");
  }
  for (const TomlTable& entry : root.Tables("dimension")) {
    rubric.dimensions.push_back(ReadDimension(entry, rubric));
  }
  return rubric;
}

}  // namespace emostage
