#include "knowledge/risk_question.h"

#include <algorithm>
#include <cmath>

namespace emostage {
namespace {

constexpr RiskLevel kLevels[] = {RiskLevel::kNone, RiskLevel::kLow, RiskLevel::kModerate,
                                 RiskLevel::kHigh, RiskLevel::kImminent};
constexpr double kNever = 99;
constexpr RiskLevel kTuned[] = {RiskLevel::kModerate, RiskLevel::kHigh, RiskLevel::kImminent};

}  // namespace

std::string_view RiskLevelName(RiskLevel level) {
  constexpr std::string_view kNames[] = {"none", "low", "moderate", "high", "imminent"};
  return kNames[static_cast<size_t>(level)];
}

std::optional<RiskLevel> RiskLevelFromName(std::string_view name) {
  for (const RiskLevel level : kLevels) {
    if (name == RiskLevelName(level)) return level;
  }
  return std::nullopt;
}

RiskQuestion::RiskQuestion(const TomlDocument& document) : file(document.InfoWithoutId()) {
  const TomlTable root = document.root();
  root.AllowOnly({"version", "language", "source", "cue", "prefix", "label_gap", "labels"});
  const std::string code = root.Text("language");
  if (!LanguageFromCode(code) || !document.stem().ends_with("." + code)) {
    root.FailAt("language", "language is '" + code + "'", "it must be the file name's");
  }
  cue = root.Text("cue");
  if (cue.front() != '[' || cue.find('\n') != std::string::npos) {
    root.FailAt("cue", "a cue is one line that begins with '['");
  }
  prefix = root.AnyText("prefix");
  const std::string gap = root.AnyText("label_gap");
  const TomlTable table = root.Table("labels");
  table.AllowOnly({"none", "low", "moderate", "high", "imminent"});
  for (const RiskLevel level : kLevels) {
    std::string label = gap + table.Text(RiskLevelName(level));
    if (std::ranges::find(labels, label) != labels.end()) {
      table.FailAt(RiskLevelName(level), "the label '" + label + "' stands here twice");
    }
    labels.push_back(std::move(label));
  }
}

RiskThresholds::RiskThresholds(const TomlDocument& file) : file_(file.InfoWithoutId()) {
  const TomlTable root = file.root();
  root.AllowOnly({"version", "source", "model"});
  for (const TomlTable& table : root.Tables("model")) {
    table.AllowOnly({"name", "en", "zh", "ja"});
    Entry entry;
    entry.model = table.Text("name");
    for (const Language language : kAllLanguages) {
      const TomlTable least = table.Table(LanguageCode(language));
      least.AllowOnly({"moderate", "high", "imminent"});
      for (size_t i = 0; i < std::size(kTuned); ++i) {
        entry.least[static_cast<size_t>(language)][i] = least.Number(RiskLevelName(kTuned[i]));
      }
    }
    entries_.push_back(std::move(entry));
  }
  if (std::ranges::find(entries_, "*", &Entry::model) == entries_.end()) {
    root.Fail("there is no model named '*'", "it stands for all that have no entry of their own");
  }
}

double RiskOdds(RiskLevel level, const std::vector<double>& probabilities,
                const std::vector<double>& leaning) {
  constexpr double kLeast = 1e-9;  // a label the model all but excludes
  double graver = 0;
  double rest = 0;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    const double weight = std::max(probabilities[i], kLeast) /
                          std::max(i < leaning.size() ? leaning[i] : 1.0, kLeast);
    (i >= static_cast<size_t>(level) ? graver : rest) += weight;
  }
  return std::log(graver / rest);
}

const RiskThresholds::Entry& RiskThresholds::For(std::string_view model) const {
  const Entry* entry = nullptr;
  for (const Entry& one : entries_) {
    if (one.model == model || (one.model == "*" && entry == nullptr)) entry = &one;
  }
  return *entry;
}

bool RiskThresholds::Counts(std::string_view model, Language language) const {
  return For(model).least[static_cast<size_t>(language)][0] < kNever;
}

RiskLevel RiskThresholds::Level(std::string_view model, Language language,
                                const std::vector<double>& probabilities,
                                const std::vector<double>& leaning) const {
  const Entry* entry = &For(model);
  RiskLevel level = RiskLevel::kNone;
  for (size_t i = 0; i < std::size(kTuned); ++i) {
    const double least = entry->least[static_cast<size_t>(language)][i];
    if (RiskOdds(kTuned[i], probabilities, leaning) < least) break;
    level = kTuned[i];
  }
  return level;
}

}  // namespace emostage
