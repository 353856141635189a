#include "method/strategy_question.h"

#include <algorithm>
#include <cmath>

#include "method/fair_choice.h"

namespace emostage {
namespace {

constexpr double kLeastOfLikeliest = 0.5;
constexpr double kLeast = 0.1;
constexpr std::string_view kNotForPrograms = "self-disclosure";

}  // namespace

std::function<StrategyMix()> AskStrategy(Stage& stage, const std::string& cue,
                                         const std::string& bare_cue, size_t most) {
  const Strategies& strategies = stage.knowledge().strategies();
  const auto asked = AskFairly(stage, "strategy", cue, bare_cue, LabelsOf(strategies, stage));
  return [&stage, &strategies, asked, most] {
    const std::vector<double> probabilities = asked();
    StrategyMix mix;
    for (size_t i = 0; i < probabilities.size(); ++i) mix.emplace_back(i, probabilities[i]);
    std::ranges::stable_sort(mix, std::greater{}, &StrategyMix::value_type::second);
    if (strategies[mix.front().first].id == kNotForPrograms) {
      stage.Remark("strategy", "a program has nothing of its own to disclose: the next is taken");
    }
    std::erase_if(mix,
                  [&](const auto& one) { return strategies[one.first].id == kNotForPrograms; });
    const double least = std::max(kLeast, kLeastOfLikeliest * mix.front().second);
    while (mix.size() > 1 && (mix.size() > most || mix.back().second < least)) mix.pop_back();
    double sum = 0;
    for (const auto& [strategy, share] : mix) sum += share;
    for (auto& [strategy, share] : mix) share /= sum;
    return mix;
  };
}

std::string ActsText(const StrategyMix& mix, const Stage& stage) {
  const bool english = stage.language() == Language::kEnglish;
  std::string text;
  for (const auto& [strategy, share] : mix) {
    if (!text.empty()) text += english ? "; " : "；";
    text += stage.knowledge().strategies()[strategy].definition.in(stage.language());
    if (mix.size() == 1) continue;
    const std::string percent = std::to_string(std::lround(100 * share));
    text += english ? " (" + percent + " %)" : "（" + percent + "%）";
  }
  return text;
}

}  // namespace emostage
