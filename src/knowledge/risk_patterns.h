#ifndef EMOSTAGE_KNOWLEDGE_RISK_PATTERNS_H_
#define EMOSTAGE_KNOWLEDGE_RISK_PATTERNS_H_

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "emostage/safety.h"
#include "knowledge/patterns.h"

namespace emostage {

// What a client can be in danger of; the names of data/safety/patterns.*.toml and of the wire.
inline constexpr std::string_view kRiskKinds[] = {
    "ideation",       "plan",  "means",   "intent",    "past-attempt",    "self-harm",
    "harm-to-others", "abuse", "medical", "psychosis", "eating-disorder", "minor"};

struct RiskRule {
  std::string id;
  std::string kind;
  RiskLevel level = RiskLevel::kNone;
  bool about_other = false;  // somebody else is in danger
  bool is_explicit = false;  // says it outright: no other reading may weigh it down
};

struct RiskFinding {
  const RiskRule* rule = nullptr;
  std::string words;  // as they were read: normalised
};

// The patterns of one language, data/safety/patterns.LANGUAGE.toml.
class RiskPatterns {
 public:
  explicit RiskPatterns(const TomlDocument& file);

  [[nodiscard]] const DataFileInfo& file() const { return file_; }
  [[nodiscard]] Language language() const { return language_; }
  // The gravest first. `before`: the listener's turn just before, for answers such as "yes".
  // `dropped`, unless null, gets the ids of the [[not_risk]] that dropped a finding.
  [[nodiscard]] std::vector<RiskFinding> Read(
      const std::vector<std::string>& units, std::string_view before,
      std::set<std::string, std::less<>>* dropped = nullptr) const;
  [[nodiscard]] size_t rules() const { return rules_.size(); }

 private:
  struct Entry {
    RiskRule rule;
    bool exempts = false;         // of [[not_risk]]: drops what overlaps it, up to rule.level
    std::optional<size_t> asked;  // the rule, of the same set, that the turn before must match
    bool is_question = false;     // such a rule: of the listener's turns
  };
  DataFileInfo file_;
  Language language_;
  PatternSet patterns_;
  std::vector<Entry> rules_;  // by PatternSet's numbers
};

// data/safety/answers.LANGUAGE.toml: what a turn says in answer to a direct question.
class AnswerPatterns {
 public:
  explicit AnswerPatterns(const TomlDocument& file);
  [[nodiscard]] const DataFileInfo& file() const { return file_; }
  // The ids of what was found: "yes", "no", "now", …
  [[nodiscard]] std::set<std::string, std::less<>> Read(
      const std::vector<std::string>& units) const;

 private:
  DataFileInfo file_;
  PatternSet patterns_;
  std::vector<std::string> ids_;
};

// data/safety/output.LANGUAGE.toml: what a reply must never say.
class OutputPatterns {
 public:
  // How much of a streamed reply is held back while it is read, in units; no pattern is longer.
  static constexpr size_t kWindow = 12;
  static constexpr size_t kCjkWindow = 32;  // Chinese, Japanese

  explicit OutputPatterns(const TomlDocument& file);
  [[nodiscard]] const DataFileInfo& file() const { return file_; }
  // The name of the rule that the text breaks ("diagnosis"); empty: none.
  [[nodiscard]] std::string Read(const std::vector<std::string>& units) const;

 private:
  DataFileInfo file_;
  PatternSet patterns_;
  std::vector<std::string> rules_;  // empty: of [[not_output]]
};

// Traditional characters that stand for the simplified ones of the patterns, from
// data/safety/traditional.toml.
class Traditional {
 public:
  explicit Traditional(const TomlDocument& file);
  [[nodiscard]] std::vector<std::string> Simplify(std::vector<std::string> units) const;

 private:
  std::map<std::string, std::string> pairs_;
};

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_RISK_PATTERNS_H_
