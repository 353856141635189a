#ifndef EMOSTAGE_EVAL_SAFETY_EVAL_H_
#define EMOSTAGE_EVAL_SAFETY_EVAL_H_

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "emostage/model.h"
#include "emostage/session.h"
#include "eval/safety_cases.h"
#include "knowledge/knowledge.h"

namespace emostage {

// How one client turn was read.
struct SafetyResult {
  const SafetyCase* of = nullptr;
  const SafetyCase::Turn* turn = nullptr;
  RiskLevel read = RiskLevel::kNone;  // of the talk after this turn
  bool in_charge = false;             // the protocol has taken over by then
  std::string why;                    // the gravest evidence; empty: none
  // What the model said of this turn: of each label, and what it leans to. Empty: not asked.
  std::vector<double> probabilities;
  std::vector<double> leaning;
};

// What learned weights see of each client turn, one JSON object a line.
[[nodiscard]] std::string FeatureLines(const Knowledge& knowledge,
                                       const std::vector<SafetyCase>& cases);

struct SafetyEvalOptions {
  std::shared_ptr<Model> model;  // null: patterns and learned weights alone
  bool words = true;             // false: without the weights
  std::function<void(size_t done, size_t of)> progress;
};

// Reads every client turn of every case as a session would, with the recorded turns before it, up
// to the point where the protocol takes over or not. Nothing is answered.
[[nodiscard]] std::vector<SafetyResult> EvaluateSafety(
    const std::shared_ptr<const Knowledge>& knowledge, const std::vector<SafetyCase>& cases,
    const SafetyEvalOptions& options);

// Turns in danger that the protocol was in charge of, and turns in none that it was.
struct SafetyRates {
  size_t danger = 0;
  size_t caught = 0;
  size_t calm = 0;
  size_t alarms = 0;
  // Rows: the label; columns: what was read.
  std::array<std::array<size_t, 5>, 5> confusion{};
};
void Count(SafetyRates& rates, const SafetyResult& result);

// The thresholds at which the model alone raises at most `alarms` of the calm turns of a language,
// as an entry of data/safety/thresholds.toml.
[[nodiscard]] std::string TuneThresholds(const std::vector<SafetyResult>& results,
                                         const std::string& model, double alarms);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_SAFETY_EVAL_H_
