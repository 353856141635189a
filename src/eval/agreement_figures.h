#ifndef EMOSTAGE_EVAL_AGREEMENT_FIGURES_H_
#define EMOSTAGE_EVAL_AGREEMENT_FIGURES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "eval/wilson.h"

// The few figures that comparing judges with people needs, behind one header, so that they can
// give way to those of eval/metrics/. Pure functions; nullopt where a figure has no value, never a
// NaN. Error(kInternal) where two ratings differ in length.
namespace emostage::agreement {

// -1 to 1; nullopt for fewer than two items or where one rating is the same for all.
[[nodiscard]] std::optional<double> Pearson(std::span<const double> x, std::span<const double> y);
// Of ranks; equal values share the mean of their ranks.
[[nodiscard]] std::optional<double> Spearman(std::span<const double> x, std::span<const double> y);

// Cohen's kappa with quadratic weights, at most 1. Nullopt for no items, or where chance alone
// would always agree.
[[nodiscard]] std::optional<double> QuadraticKappa(std::span<const int> x, std::span<const int> y);

// Numbers that are the same on every machine: SplitMix64 (Steele, Lea and Flood 2014).
class Draws {
 public:
  explicit Draws(uint64_t seed) : state_(seed) {}
  [[nodiscard]] uint64_t Next();
  [[nodiscard]] size_t Below(size_t n);  // 0 … n - 1, n > 0

  // Every order equally likely.
  template <typename T>
  void Shuffle(std::vector<T>& values) {
    for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[Below(i)]);
  }

 private:
  uint64_t state_;
};

// The 95 % percentile interval (Efron 1979) of a figure of some of the clusters 0 … clusters - 1,
// drawn with replacement. Nullopt for fewer than six clusters, or where more than one draw in 20
// has no value.
[[nodiscard]] std::optional<Interval> BootstrapInterval(
    size_t clusters, const std::function<std::optional<double>(std::span<const size_t>)>& figure,
    uint64_t seed = 1, size_t draws = 2000);

}  // namespace emostage::agreement

#endif  // EMOSTAGE_EVAL_AGREEMENT_FIGURES_H_
