#include "eval/metrics/resampling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "emostage/error.h"

namespace emostage {
namespace {

// Of sorted values, with straight lines between them.
double Quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

std::uint64_t SeededDraws::Next() {
  state_ += 0x9E3779B97F4A7C15U;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
  return mixed ^ (mixed >> 31);
}

std::size_t SeededDraws::Below(std::size_t n) {
  // Draws beyond the last full round of n would favour small numbers.
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t full = kMax - kMax % n;
  std::uint64_t draw = Next();
  while (draw >= full) draw = Next();
  return static_cast<std::size_t>(draw % n);
}

std::optional<Estimate> Bootstrap(std::size_t clusters, const ClusterStatistic& statistic,
                                  const BootstrapOptions& options) {
  if (!(options.level > 0 && options.level < 1)) {
    throw Error(ErrorCode::kInternal, "an interval of a level not within 0 to 1");
  }
  if (clusters < kFewestClusters || options.resamples == 0) return std::nullopt;
  std::vector<std::size_t> drawn(clusters);
  std::iota(drawn.begin(), drawn.end(), std::size_t{0});
  const std::optional<double> seen = statistic(drawn);
  if (!seen) return std::nullopt;
  SeededDraws draws(options.seed);
  std::vector<double> values;
  values.reserve(options.resamples);
  for (std::size_t resample = 0; resample < options.resamples; ++resample) {
    for (std::size_t& cluster : drawn) cluster = draws.Below(clusters);
    if (const std::optional<double> value = statistic(drawn)) values.push_back(*value);
  }
  if ((options.resamples - values.size()) * 20 > options.resamples) return std::nullopt;
  std::sort(values.begin(), values.end());
  const double tail = (1 - options.level) / 2;
  return Estimate{*seen, {Quantile(values, tail), Quantile(values, 1 - tail)}, clusters};
}

}  // namespace emostage
