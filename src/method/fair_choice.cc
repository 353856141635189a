#include "method/fair_choice.h"

#include <memory>
#include <utility>

#include "method/leanings.h"

namespace emostage {

std::vector<std::string> GapLabels(std::vector<std::string> names, const PromptFile& prompts) {
  for (std::string& name : names) name.insert(0, prompts.Word("label_gap"));
  return names;
}

std::function<std::vector<double>()> AskFairly(Stage& stage, const std::string& step,
                                               const std::string& cue, const std::string& bare_cue,
                                               const std::vector<std::string>& labels) {
  const std::string& prefix = stage.prompts().Prefix(step);
  std::vector<double> leaning;
  if (stage.model().capabilities.log_probabilities) {
    leaning = stage.Leaning(step + " leaning", bare_cue, prefix, labels);
  }
  const auto asked =
      std::make_shared<Asked<Choice>>(stage.Choose(step, cue, prefix, labels, {}, leaning));
  return [asked, leaning] { return WithoutLeaning(asked->get().probabilities, leaning); };
}

}  // namespace emostage
