#ifndef EMOSTAGE_EVAL_JUDGE_ENSEMBLE_H_
#define EMOSTAGE_EVAL_JUDGE_ENSEMBLE_H_

#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "eval/human_scores.h"
#include "eval/judge_scores.h"

namespace emostage {

// What one judge's word counts in one dimension.
struct JudgeWeight {
  std::string judge;
  std::string rubric;
  std::string dimension;
  double weight = 1;  // at least 0
};

// The name under which several judges speak together.
inline constexpr const char* kEnsemble = "ensemble";

// One score for each item and dimension: the judges' distributions averaged by their weights, after
// the idea of FEEL (2024). In a dimension that no weight is for, all judges count equally; so they
// do where all weights of those who scored an item are 0. Elsewhere a judge without a weight counts
// nothing. Scores come out in the order in which their items and dimensions first occur; a judge's
// second score of the same thing is left out. Throws Error(kInput) where judges used different
// scales or versions of a rubric.
[[nodiscard]] std::vector<JudgeScore> CombineJudges(std::span<const JudgeScore> scores,
                                                    std::span<const JudgeWeight> weights = {});

// Each judge's weight in each dimension: its rank correlation with people, or 0 where that is
// negative or has no value (fewer than two items, or always the same score).
[[nodiscard]] std::vector<JudgeWeight> FitJudgeWeights(std::span<const JudgeScore> scores,
                                                       std::span<const HumanScore> people);

[[nodiscard]] OrderedJson JudgeWeightsToJson(std::span<const JudgeWeight> weights);
[[nodiscard]] std::vector<JudgeWeight> JudgeWeightsFromJson(const Json& json);  // Error(kInput)

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_JUDGE_ENSEMBLE_H_
