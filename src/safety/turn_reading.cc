#include "safety/turn_reading.h"

#include <algorithm>

#include "base/text.h"
#include "knowledge/text_units.h"

namespace emostage {
namespace {

std::string_view TrackOf(const RiskRule& rule) {
  if (rule.about_other) return "third";
  if (rule.kind == "harm-to-others") return "others";
  if (rule.kind == "abuse" || rule.kind == "minor") return "abuse";
  if (rule.kind == "medical" || rule.kind == "psychosis") return rule.kind;
  if (rule.kind == "eating-disorder") return "eating";
  return "self";
}

}  // namespace

TurnReading ReadTurn(const SafetyKnowledge& safety, Language language, std::string_view text,
                     std::string_view before) {
  const ScriptCounts scripts = CountScripts(text);
  const std::vector<std::string> units = ReadUnits(text);
  TurnReading reading;
  std::vector<RiskFinding> findings;
  for (const Language one : kAllLanguages) {
    bool reads = one == language;
    switch (one) {
      case Language::kEnglish:
        reads = reads || scripts.latin > 0;
        break;
      case Language::kChinese:  // not what is Japanese without a kana: 自殺 is a word of both
        reads = reads || (scripts.han > 0 && scripts.kana == 0 && language != Language::kJapanese);
        break;
      case Language::kJapanese:
        reads = reads || scripts.kana > 0;
        break;
    }
    if (!reads) continue;
    const SafetyKnowledge::Words& words = safety.in(one);
    const std::vector<std::string> read =
        one == Language::kChinese ? safety.traditional.Simplify(units) : units;
    for (const RiskFinding& finding : words.risk.Read(read, before)) findings.push_back(finding);
    reading.answers.merge(words.answers.Read(read));
  }
  std::ranges::stable_sort(findings, std::greater<>(),
                           [](const RiskFinding& one) { return one.rule->level; });
  for (const RiskFinding& finding : findings) {
    const RiskRule& rule = *finding.rule;
    if (reading.track.empty()) reading.track = TrackOf(rule);
    reading.level = std::max(reading.level, rule.level);
    if (rule.level >= RiskLevel::kModerate) reading.kinds.insert(rule.kind);
    reading.evidence.push_back({.source = "patterns",
                                .level = std::string(RiskLevelName(rule.level)),
                                .kind = rule.kind,
                                .rule = rule.id,
                                .words = finding.words});
  }
  return reading;
}

void AddModelReading(TurnReading& reading, RiskLevel level, const std::string& detail) {
  if (level > reading.level) reading.level = level;
  if (level >= RiskLevel::kModerate && reading.track.empty()) reading.track = "self";
  if (level > RiskLevel::kNone) {
    reading.evidence.push_back({.source = "model",
                                .level = std::string(RiskLevelName(level)),
                                .kind = "",
                                .rule = "",
                                .words = detail});
  }
}

}  // namespace emostage
