#ifndef EMOSTAGE_METHOD_STRATEGY_QUESTION_H_
#define EMOSTAGE_METHOD_STRATEGY_QUESTION_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "method/stage.h"

namespace emostage {

// Strategies by index, each with its share of the reply; the likeliest first, shares summing to 1.
using StrategyMix = std::vector<std::pair<size_t, double>>;

// Asks what the reply should do: a distribution over our strategies by likelihood, the leaning
// divided out (AskFairly). Returns what waits for it and gives the `most` strategies at most that
// the reply is to carry out: the likeliest, and others at least half as likely and at least 0.1.
// Never self-disclosure, whatever its probability: a program has no life to tell of.
[[nodiscard]] std::function<StrategyMix()> AskStrategy(Stage& stage, const std::string& cue,
                                                       const std::string& bare_cue, size_t most);

// The mix as a cue tells it: what each strategy does, in words; of several, with their shares.
[[nodiscard]] std::string ActsText(const StrategyMix& mix, const Stage& stage);

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_STRATEGY_QUESTION_H_
