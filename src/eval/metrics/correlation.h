#ifndef EMOSTAGE_EVAL_METRICS_CORRELATION_H_
#define EMOSTAGE_EVAL_METRICS_CORRELATION_H_

#include <optional>
#include <span>
#include <vector>

// How far two ratings of the same items go together. Pure functions, safe from any thread. Each is
// -1 to 1, or nullopt for fewer than two items or where one rating is the same for all of them.
// Error(kInternal) where the two differ in length. Values must be finite.
namespace emostage {

[[nodiscard]] std::optional<double> Pearson(std::span<const double> x, std::span<const double> y);

// Of ranks; equal values share the mean of their ranks.
[[nodiscard]] std::optional<double> Spearman(std::span<const double> x, std::span<const double> y);

// Kendall's tau-b, which allows for ties. Takes time with the square of the items.
[[nodiscard]] std::optional<double> KendallTauB(std::span<const double> x,
                                                std::span<const double> y);

// Krippendorff's alpha: agreement of any number of raters beyond chance, at most 1; items may lack
// ratings. ratings[rater][item]. Nominal: values agree or not; ordinal: they are steps of unknown
// height; interval: their distance counts. Nullopt where no item has two ratings or all ratings of
// such items are the same.
enum class AlphaScale { kNominal, kOrdinal, kInterval };
[[nodiscard]] std::optional<double> KrippendorffAlpha(
    std::span<const std::vector<std::optional<double>>> ratings, AlphaScale scale);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_METRICS_CORRELATION_H_
