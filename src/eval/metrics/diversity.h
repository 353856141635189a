#ifndef EMOSTAGE_EVAL_METRICS_DIVERSITY_H_
#define EMOSTAGE_EVAL_METRICS_DIVERSITY_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eval/metrics/tokens.h"

// How replies are worded, whatever they answer. Pure functions, safe from any thread. Where there
// is nothing to measure on, there is no figure (nullopt), never a NaN.
namespace emostage {

// Distinct-n after Li et al. 2016: different runs of n units as a share of all such runs, over all
// replies together (no run reaches from one reply into the next). 0 to 1, falling with the amount
// of text: compare only corpora of like size. Nullopt where no reply has n units. Throws
// Error(kInternal) for n = 0.
[[nodiscard]] std::optional<double> Distinct(std::span<const std::string> replies, std::size_t n,
                                             TextUnits units);
// Distinct-1 … distinct-`up_to`, in this order, in the time that the last of them takes.
[[nodiscard]] std::vector<std::optional<double>> DistinctUpTo(std::span<const std::string> replies,
                                                              std::size_t up_to, TextUnits units);

// How much of a reply is said again: the share of its runs of three units that occurred in it
// before. 0 to 1; nullopt for fewer than three units.
[[nodiscard]] std::optional<double> Repetition(std::string_view reply, TextUnits units);

// Whether a reply asks something: it holds "?" or "？", or か at the end of a Japanese sentence.
// Counts "そうですか。", which only acknowledges, as asking.
[[nodiscard]] bool HoldsQuestion(std::string_view reply);
// Share of replies that do, 0 to 1; nullopt for none.
[[nodiscard]] std::optional<double> QuestionRate(std::span<const std::string> replies);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_METRICS_DIVERSITY_H_
