#ifndef EMOSTAGE_METHOD_FAIR_CHOICE_H_
#define EMOSTAGE_METHOD_FAIR_CHOICE_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "method/stage.h"

namespace emostage {

// Names as labels that may follow an answer's beginning.
[[nodiscard]] std::vector<std::string> GapLabels(std::vector<std::string> names,
                                                 const PromptFile& prompts);
template <typename Entries>
[[nodiscard]] std::vector<std::string> LabelsOf(const Entries& entries, const Stage& stage) {
  std::vector<std::string> names;
  for (const auto& entry : entries) names.push_back(entry.name.in(stage.language()));
  return GapLabels(std::move(names), stage.prompts());
}

// A label by likelihood with the model's leaning divided out (WithoutLeaning). Asks, and returns
// what waits and gives the corrected distribution.
// `bare_cue`: what stands in for `cue` where the leaning is asked. It must be fixed text: leanings
// outlive the session. A model that gives no probabilities picks a label, and has no leaning.
[[nodiscard]] std::function<std::vector<double>()> AskFairly(
    Stage& stage, const std::string& step, const std::string& cue, const std::string& bare_cue,
    const std::vector<std::string>& labels);

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_FAIR_CHOICE_H_
