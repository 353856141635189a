#ifndef EMOSTAGE_EVAL_METRICS_STATISTICS_H_
#define EMOSTAGE_EVAL_METRICS_STATISTICS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "eval/metrics/resampling.h"

// Is method A better than B? Both answer the same turns of the same dialogues, so what counts are
// the differences A - B, grouped by dialogue. Pure functions, safe from any thread; values must be
// finite. Where there is too little to say anything there is no figure (nullopt), never a NaN.
namespace emostage {

// The differences on the turns of one dialogue. One without turns takes no part.
using DialogueDifferences = std::vector<double>;

// The mean difference over all turns and its bootstrap interval over dialogues. Nullopt for fewer
// than kFewestClusters dialogues.
[[nodiscard]] std::optional<Estimate> MeanDifference(std::span<const DialogueDifferences> dialogues,
                                                     const BootstrapOptions& options = {});

// How likely a mean difference at least as far from 0 is if A and B are alike, so that the
// differences of each whole dialogue could as well have the other sign (Fisher 1935). Up to 14
// dialogues all 2^n flips are tried, beyond that `resamples` random ones: p = (hits + 1) /
// (resamples + 1). From n dialogues p cannot be below 2 / 2^n.
struct SignFlip {
  double p = 1;  // two-sided
  bool exact = false;
  std::size_t dialogues = 0;
};
// Nullopt where no dialogue has a turn.
[[nodiscard]] std::optional<SignFlip> SignFlipTest(std::span<const DialogueDifferences> dialogues,
                                                   std::size_t resamples = 10000,
                                                   std::uint64_t seed = 1);

// Cohen's d_z: the mean difference in standard deviations (n - 1) of the differences; give it one
// difference a dialogue. Nullopt for fewer than two or where all are the same.
[[nodiscard]] std::optional<double> CohensDz(std::span<const double> differences);

// Cliff's delta of two groups: how much likelier a value of `a` is above one of `b` than below, -1
// to 1. Nullopt where a group is empty.
[[nodiscard]] std::optional<double> CliffsDelta(std::span<const double> a,
                                                std::span<const double> b);

// Holm's correction (1979): p values to be held against the level that is to hold for all of them
// together, in the order given.
[[nodiscard]] std::vector<double> Holm(std::span<const double> p);

// Raters, people and models alike, like longer replies better. A reply pair, and what is left of
// the difference where both replies are equally long: the intercept of the regression of score
// differences on differences of the logarithm of length, over all turns; its interval is over
// dialogues.
struct ReplyPair {
  double score_difference = 0;
  double length_a = 0;  // in any unit, the same for both; below 1 counts as 1
  double length_b = 0;
};
struct LengthControlled {
  Estimate at_equal_length;
  double per_log_length = 0;   // how much the score differs for a reply e times as long
  double mean_difference = 0;  // without control
};
// Nullopt for fewer than kFewestClusters dialogues with turns, and where the lengths differ by the
// same factor everywhere, so that length and method cannot be told apart.
[[nodiscard]] std::optional<LengthControlled> LengthControlledDifference(
    std::span<const std::vector<ReplyPair>> dialogues, const BootstrapOptions& options = {});

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_METRICS_STATISTICS_H_
