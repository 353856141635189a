#ifndef EMOSTAGE_SAFETY_TURN_READING_H_
#define EMOSTAGE_SAFETY_TURN_READING_H_

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "emostage/answer.h"
#include "emostage/safety.h"
#include "knowledge/knowledge.h"

namespace emostage {

// What one turn of the client's says about danger.
struct TurnReading {
  RiskLevel level = RiskLevel::kNone;          // the higher of both sources
  std::string track;                           // of the gravest finding; empty: none
  std::set<std::string, std::less<>> kinds;    // of the findings at kModerate and above
  std::set<std::string, std::less<>> answers;  // "yes", "no", "now", … (AnswerPatterns)
  std::vector<RiskEvidence> evidence;          // the gravest first
};

// Reads a turn by what needs no model: patterns, those of each language whose script the text has,
// since people change language, and of `language`; and beside them, unless `weigh_words` is false,
// the learned weights of the language it is mostly written in, which may raise none and low to
// moderate, and lower a moderate that no pattern says outright to low. `before`: the listener's
// turn before it, may be empty. A pure function of its arguments; costs well under a millisecond.
[[nodiscard]] TurnReading ReadTurn(const SafetyKnowledge& safety, Language language,
                                   std::string_view text, std::string_view before,
                                   bool weigh_words = true);

// What the learned weights see of a turn; tools/train_risk_words.py learns from it.
struct TurnFeatures {
  Language language = Language::kEnglish;           // whose weights would read it
  std::vector<std::vector<std::string>> sentences;  // of each, its features
  std::vector<std::string> found;                   // of what the patterns found
  RiskLevel level = RiskLevel::kNone;               // as the patterns read it
  bool is_explicit = false;                         // and one of them says it outright
};
[[nodiscard]] TurnFeatures FeaturesOf(const SafetyKnowledge& safety, Language language,
                                      std::string_view text, std::string_view before);

// Takes the model's level in: `probabilities` of the labels of RiskQuestion.
void AddModelReading(TurnReading& reading, RiskLevel level, const std::string& detail);

}  // namespace emostage

#endif  // EMOSTAGE_SAFETY_TURN_READING_H_
