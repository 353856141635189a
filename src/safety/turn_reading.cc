#include "safety/turn_reading.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/text.h"
#include "knowledge/text_units.h"
#include "knowledge/word_features.h"

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

// What the patterns found, and what the weights need besides.
struct Found {
  std::vector<RiskFinding> findings;  // the gravest first
  std::set<std::string, std::less<>> dropped;
  std::set<std::string, std::less<>> answers;
  Language written = Language::kEnglish;  // mostly
  std::vector<std::string> units;         // as its patterns read them
};

Language WrittenIn(const ScriptCounts& scripts, Language talk) {
  // A word of Chinese or Japanese says about as much as four letters.
  if (4 * (scripts.han + scripts.kana) <= scripts.latin) {
    return scripts.latin == 0 ? talk : Language::kEnglish;
  }
  if (scripts.kana > 0 || talk == Language::kJapanese) return Language::kJapanese;
  return Language::kChinese;
}

Found ReadPatterns(const SafetyKnowledge& safety, Language language, std::string_view text,
                   std::string_view before) {
  const ScriptCounts scripts = CountScripts(text);
  const std::vector<std::string> units = ReadUnits(text);
  Found found;
  found.written = WrittenIn(scripts, language);
  found.units = units;
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
    for (const RiskFinding& finding : words.risk.Read(read, before, &found.dropped)) {
      found.findings.push_back(finding);
    }
    found.answers.merge(words.answers.Read(read));
    if (one == found.written) found.units = read;
  }
  std::ranges::stable_sort(found.findings, std::greater<>(),
                           [](const RiskFinding& one) { return one.rule->level; });
  return found;
}

// The features `p:…` of word weights: which rules matched, of which level and kind, which
// exceptions dropped one.
std::vector<std::string> FeaturesOf(const Found& found) {
  std::vector<std::string> features;
  for (const RiskFinding& finding : found.findings) {
    features.push_back("p:" + finding.rule->id);
    features.push_back("p:kind " + finding.rule->kind);
    features.push_back("p:some " + std::string(RiskLevelName(finding.rule->level)));
  }
  if (!found.findings.empty()) {
    features.push_back("p:most " + std::string(RiskLevelName(found.findings[0].rule->level)));
  }
  for (const std::string& id : found.dropped) features.push_back("p:not " + id);
  return features;
}

bool SaysOutright(const Found& found) {
  return std::ranges::any_of(found.findings,
                             [](const RiskFinding& one) { return one.rule->is_explicit; });
}

std::string Formatted(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

void AddWordsReading(const SafetyKnowledge& safety, const Found& found, TurnReading& reading) {
  if (reading.level > RiskLevel::kModerate) return;  // nothing could change it
  if (reading.level == RiskLevel::kModerate && SaysOutright(found)) return;
  const WordWeights& weights = safety.in(found.written).weights;
  const WordWeights::Reading words = weights.Read(found.units, FeaturesOf(found));
  if (reading.level < RiskLevel::kModerate && words.danger >= weights.take_over()) {
    reading.level = RiskLevel::kModerate;
    reading.track = words.track;
    reading.evidence.insert(
        reading.evidence.begin(),
        {.source = "words",
         .level = std::string(RiskLevelName(reading.level)),
         .kind = "",
         .rule = "",
         .words = Formatted(words.danger) + (words.words.empty() ? "" : " " + words.words)});
  } else if (reading.level == RiskLevel::kModerate && words.danger < weights.calm()) {
    reading.level = RiskLevel::kLow;
    reading.track.clear();
    reading.kinds.clear();
    reading.evidence.push_back({.source = "words",
                                .level = std::string(RiskLevelName(reading.level)),
                                .kind = "",
                                .rule = "",
                                .words = Formatted(words.danger)});
  }
}

}  // namespace

TurnReading ReadTurn(const SafetyKnowledge& safety, Language language, std::string_view text,
                     std::string_view before, bool weigh_words) {
  Found found = ReadPatterns(safety, language, text, before);
  TurnReading reading;
  for (const RiskFinding& finding : found.findings) {
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
  if (weigh_words) AddWordsReading(safety, found, reading);
  reading.answers = std::move(found.answers);
  return reading;
}

TurnFeatures FeaturesOf(const SafetyKnowledge& safety, Language language, std::string_view text,
                        std::string_view before) {
  const Found found = ReadPatterns(safety, language, text, before);
  TurnFeatures features;
  features.language = found.written;
  features.found = FeaturesOf(found);
  features.is_explicit = SaysOutright(found);
  if (!found.findings.empty()) features.level = found.findings.front().rule->level;
  for (const Units sentence : SentencesOf(found.units)) {
    features.sentences.emplace_back();
    ForEachFeature(found.written, sentence,
                   [&](std::string_view one) { features.sentences.back().emplace_back(one); });
  }
  return features;
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
