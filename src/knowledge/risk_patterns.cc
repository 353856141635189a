#include "knowledge/risk_patterns.h"

#include <algorithm>
#include <utility>

#include "knowledge/text_units.h"

namespace emostage {
namespace {

constexpr std::string_view kAnswers[] = {"yes",     "no",     "now",           "later",
                                         "at-hand", "away",   "with-someone",  "alone",
                                         "safe",    "unsafe", "asks-if-human", "asks-secret"};
constexpr std::string_view kOutputRules[] = {
    "diagnosis",        "medication", "harm-method", "claims-human",
    "claims-therapist", "secrecy",    "dependence",  "isolation",
    "encouragement",    "sexual",     "number"};

template <typename List>
void CheckName(const TomlTable& table, std::string_view key, const List& known,
               const std::string& name) {
  if (std::ranges::find(known, name) != std::ranges::end(known)) return;
  std::string all;
  for (const std::string_view one : known) all += (all.empty() ? "" : ", ") + std::string(one);
  table.FailAt(key, std::string(key) + " is '" + name + "'", "it must be one of " + all);
}

Language LanguageOf(const TomlDocument& file) {
  const TomlTable root = file.root();
  const std::string code = root.Text("language");
  const auto language = LanguageFromCode(code);
  if (!language || !file.stem().ends_with("." + code)) {
    root.FailAt("language", "language is '" + code + "'",
                "it must be the file name's: en, zh or ja");
  }
  return *language;
}

RiskLevel LevelOf(const TomlTable& table, std::string_view key) {
  const std::string name = table.Text(key);
  const auto level = RiskLevelFromName(name);
  if (!level || *level == RiskLevel::kNone) {
    table.FailAt(key, std::string(key) + " is '" + name + "'",
                 "it must be low, moderate, high or imminent");
  }
  return *level;
}

std::string NewId(const TomlTable& table, std::set<std::string>& ids) {
  std::string id = table.Id("id");
  if (!ids.insert(id).second) table.FailAt("id", "the id '" + id + "' is used twice");
  return id;
}

std::string Words(const std::vector<std::string>& units, size_t begin, size_t end) {
  std::string words;
  for (size_t i = begin; i < end; ++i) {
    if (units[i] == kSentenceEnd) continue;
    if (!words.empty() && !IsCjkUnit(units[i])) words += ' ';
    words += units[i];
  }
  return words;
}

}  // namespace

RiskPatterns::RiskPatterns(const TomlDocument& file)
    : file_(file.InfoWithoutId()), language_(LanguageOf(file)), patterns_(file.root()) {
  const TomlTable root = file.root();
  root.AllowOnly({"version", "language", "source", "concepts", "risk", "not_risk"});
  std::set<std::string> ids;
  for (const TomlTable& table : root.Tables("risk")) {
    table.AllowOnly({"id", "kind", "level", "match", "about", "asked", "explicit", "note"});
    Entry entry;
    entry.rule.id = NewId(table, ids);
    entry.rule.kind = table.Text("kind");
    CheckName(table, "kind", kRiskKinds, entry.rule.kind);
    entry.rule.level = LevelOf(table, "level");
    if (table.Has("about")) {
      const std::string about = table.Text("about");
      CheckName(table, "about", std::vector<std::string_view>{"self", "other"}, about);
      entry.rule.about_other = about == "other";
    }
    // Who answers yes to a direct question has said it.
    entry.rule.is_explicit =
        table.Has("asked") || (table.Has("explicit") && table.Flag("explicit"));
    if (table.Has("asked")) {
      entry.asked = patterns_.Add(table, "asked");
      Entry question;
      question.is_question = true;
      rules_.push_back(std::move(question));
    }
    patterns_.Add(table);
    rules_.push_back(std::move(entry));
  }
  for (const TomlTable& table : root.Tables("not_risk")) {
    table.AllowOnly({"id", "match", "upto", "note"});
    Entry entry;
    entry.rule.id = NewId(table, ids);
    entry.rule.level = table.Has("upto") ? LevelOf(table, "upto") : RiskLevel::kHigh;
    entry.exempts = true;
    patterns_.Add(table);
    rules_.push_back(std::move(entry));
  }
}

std::vector<RiskFinding> RiskPatterns::Read(const std::vector<std::string>& units,
                                            std::string_view before,
                                            std::set<std::string, std::less<>>* dropped) const {
  const std::vector<PatternSet::Hit> hits =
      patterns_.Find(units, [this](size_t rule) { return !rules_[rule].is_question; });
  std::optional<std::vector<PatternSet::Hit>> asked;
  std::vector<RiskFinding> findings;
  for (const PatternSet::Hit& hit : hits) {
    const Entry& entry = rules_[hit.rule];
    if (entry.exempts) continue;
    if (entry.asked) {
      if (!asked) {
        asked = patterns_.Find(ReadUnits(before),
                               [this](size_t rule) { return rules_[rule].is_question; });
      }
      if (std::ranges::find(*asked, *entry.asked, &PatternSet::Hit::rule) == asked->end()) continue;
    }
    const auto by = std::ranges::find_if(hits, [&](const PatternSet::Hit& other) {
      const Entry& exempting = rules_[other.rule];
      return exempting.exempts && entry.rule.level <= exempting.rule.level &&
             other.begin < hit.end && hit.begin < other.end;
    });
    const bool exempt = by != hits.end();
    if (exempt && dropped != nullptr) dropped->insert(rules_[by->rule].rule.id);
    const bool again = std::ranges::any_of(
        findings, [&](const RiskFinding& one) { return one.rule == &entry.rule; });
    if (!exempt && !again) findings.push_back({&entry.rule, Words(units, hit.begin, hit.end)});
  }
  std::ranges::stable_sort(findings, std::greater<>(),
                           [](const RiskFinding& one) { return one.rule->level; });
  return findings;
}

AnswerPatterns::AnswerPatterns(const TomlDocument& file)
    : file_(file.InfoWithoutId()), patterns_(file.root()) {
  static_cast<void>(LanguageOf(file));
  const TomlTable root = file.root();
  root.AllowOnly({"version", "language", "source", "concepts", "answer"});
  for (const TomlTable& table : root.Tables("answer")) {
    table.AllowOnly({"id", "match", "note"});
    const std::string id = table.Id("id");
    CheckName(table, "id", kAnswers, id);
    patterns_.Add(table);
    ids_.push_back(id);
  }
}

std::set<std::string, std::less<>> AnswerPatterns::Read(
    const std::vector<std::string>& units) const {
  std::set<std::string, std::less<>> found;
  for (const PatternSet::Hit& hit : patterns_.Find(units)) found.insert(ids_[hit.rule]);
  return found;
}

OutputPatterns::OutputPatterns(const TomlDocument& file)
    : file_(file.InfoWithoutId()), patterns_(file.root()) {
  const size_t window = LanguageOf(file) == Language::kEnglish ? kWindow : kCjkWindow;
  const TomlTable root = file.root();
  root.AllowOnly({"version", "language", "source", "concepts", "output", "not_output"});
  std::set<std::string> ids;
  for (const TomlTable& table : root.Tables("output")) {
    table.AllowOnly({"id", "rule", "match", "note"});
    static_cast<void>(NewId(table, ids));
    const std::string rule = table.Text("rule");
    CheckName(table, "rule", kOutputRules, rule);
    patterns_.Add(table, "match", window);
    rules_.push_back(rule);
  }
  for (const TomlTable& table : root.Tables("not_output")) {
    table.AllowOnly({"id", "match", "note"});
    static_cast<void>(NewId(table, ids));
    patterns_.Add(table, "match", window);
    rules_.emplace_back();
  }
}

std::string OutputPatterns::Read(const std::vector<std::string>& units) const {
  const std::vector<PatternSet::Hit> hits = patterns_.Find(units);
  for (const PatternSet::Hit& hit : hits) {
    if (rules_[hit.rule].empty()) continue;
    const bool exempt = std::ranges::any_of(hits, [&](const PatternSet::Hit& other) {
      return rules_[other.rule].empty() && other.begin < hit.end && hit.begin < other.end;
    });
    if (!exempt) return rules_[hit.rule];
  }
  return "";
}

Traditional::Traditional(const TomlDocument& file) {
  const TomlTable root = file.root();
  root.AllowOnly({"version", "source", "pairs"});
  static_cast<void>(file.InfoWithoutId());
  for (const std::string& line : root.Texts("pairs")) {
    const std::vector<std::string> pair = ReadPhrase(line);
    if (pair.size() != 2) {
      root.FailAt("pairs", "'" + line + "' is no pair",
                  "write a traditional character and its simplified one");
    }
    pairs_.emplace(pair[0], pair[1]);
  }
}

std::vector<std::string> Traditional::Simplify(std::vector<std::string> units) const {
  for (std::string& unit : units) {
    const auto pair = pairs_.find(unit);
    if (pair != pairs_.end()) unit = pair->second;
  }
  return units;
}

}  // namespace emostage
