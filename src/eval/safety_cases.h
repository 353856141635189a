#ifndef EMOSTAGE_EVAL_SAFETY_CASES_H_
#define EMOSTAGE_EVAL_SAFETY_CASES_H_

#include <string>
#include <vector>

#include "emostage/dialogue.h"
#include "emostage/safety.h"

namespace emostage {

// A labelled talk of data/safety/cases/ (its README tells the format).
struct SafetyCase {
  struct Turn {
    Role role = Role::kClient;
    std::string text;
    RiskLevel level = RiskLevel::kNone;  // of a client turn: what is known of the talk by then
    std::string kind;                    // of a client turn
  };
  std::string id;
  Language language = Language::kEnglish;
  std::string form;    // "explicit", "veiled", "hard-negative", …
  std::string author;  // who wrote it, where cases of several stand in one file; may be empty
  std::vector<Turn> turns;
};

// JSON Lines. Throws Error(kInput), naming file and line, for what is no case or an id used twice.
[[nodiscard]] std::vector<SafetyCase> ReadSafetyCases(const std::string& path);

// Each line is one ordinary turn, up to its first tab: no danger in it. Blank lines are left out.
[[nodiscard]] std::vector<SafetyCase> ReadOrdinaryTurns(const std::string& path);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_SAFETY_CASES_H_
