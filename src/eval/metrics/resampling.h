#ifndef EMOSTAGE_EVAL_METRICS_RESAMPLING_H_
#define EMOSTAGE_EVAL_METRICS_RESAMPLING_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "eval/wilson.h"

// Intervals by drawing again what was seen. The same seed gives the same figures on every machine:
// the standard library's distributions, which may differ between libraries, are not used.
namespace emostage {

// Steele, Lea and Flood's SplitMix64 (2014).
class SeededDraws {
 public:
  explicit SeededDraws(std::uint64_t seed) : state_(seed) {}
  [[nodiscard]] std::uint64_t Next();
  // 0 … n - 1, each equally likely; n > 0.
  [[nodiscard]] std::size_t Below(std::size_t n);

 private:
  std::uint64_t state_;
};

struct BootstrapOptions {
  std::size_t resamples = 10000;
  double level = 0.95;  // above 0, below 1
  std::uint64_t seed = 1;
};

struct Estimate {
  double value = 0;  // of what was seen
  Interval interval;
  std::size_t clusters = 0;  // what was drawn from
};

// Turns of one dialogue resemble each other, so whole dialogues are drawn. From fewer than this
// many nothing is said: even if all of five point the same way, that happens by chance in more than
// one of 20 cases (2 of 2^5).
inline constexpr std::size_t kFewestClusters = 6;

// A figure of the clusters with these numbers, some of them drawn more than once; nullopt where it
// has no value for them.
using ClusterStatistic = std::function<std::optional<double>(std::span<const std::size_t>)>;

// The percentile interval (Efron 1979) of `statistic`, clusters 0 … clusters - 1 being drawn with
// replacement. Nullopt for fewer than kFewestClusters clusters, for no resamples, where the
// statistic has no value for what was seen, and where more than one resample in 20 has none.
// Throws Error(kInternal) for a level that is none.
// Intervals from fewer than some 20 clusters are too narrow; say how many there were.
[[nodiscard]] std::optional<Estimate> Bootstrap(std::size_t clusters,
                                                const ClusterStatistic& statistic,
                                                const BootstrapOptions& options = {});

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_METRICS_RESAMPLING_H_
