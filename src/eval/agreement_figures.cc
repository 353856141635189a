#include "eval/agreement_figures.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "emostage/error.h"

namespace emostage::agreement {
namespace {

constexpr size_t kFewestClusters = 6;

void SameLength(size_t x, size_t y) {
  if (x != y) throw Error(ErrorCode::kInternal, "two ratings differ in length");
}

std::vector<double> Ranks(std::span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) { return values[i]; });
  std::vector<double> ranks(values.size());
  for (size_t from = 0; from < order.size();) {
    size_t to = from;
    while (to < order.size() && values[order[to]] == values[order[from]]) ++to;
    const double shared = static_cast<double>(from + to - 1) / 2;
    for (; from < to; ++from) ranks[order[from]] = shared;
  }
  return ranks;
}

}  // namespace

std::optional<double> Pearson(std::span<const double> x, std::span<const double> y) {
  SameLength(x.size(), y.size());
  if (x.size() < 2) return std::nullopt;
  const auto n = static_cast<double>(x.size());
  const double mean_x = std::accumulate(x.begin(), x.end(), 0.0) / n;
  const double mean_y = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xx = 0;
  double yy = 0;
  double xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  // What rounding leaves of values that are all the same is no spread.
  const double least = 1e-20 * n;
  if (xx <= least * (1 + mean_x * mean_x) || yy <= least * (1 + mean_y * mean_y)) {
    return std::nullopt;
  }
  return std::clamp(xy / std::sqrt(xx) / std::sqrt(yy), -1.0, 1.0);
}

std::optional<double> Spearman(std::span<const double> x, std::span<const double> y) {
  SameLength(x.size(), y.size());
  return Pearson(Ranks(x), Ranks(y));
}

std::optional<double> QuadraticKappa(std::span<const int> x, std::span<const int> y) {
  SameLength(x.size(), y.size());
  if (x.empty()) return std::nullopt;
  // Weights being squares, chance's share needs no table: E(X - Y)^2 of independent X and Y.
  const auto n = static_cast<double>(x.size());
  double apart = 0;
  double sum_x = 0;
  double sum_y = 0;
  double squares = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double a = x[i];
    const double b = y[i];
    apart += (a - b) * (a - b);
    sum_x += a;
    sum_y += b;
    squares += a * a + b * b;
  }
  const double by_chance = squares / n - 2 * (sum_x / n) * (sum_y / n);
  if (by_chance <= 1e-12) return std::nullopt;
  return 1 - apart / n / by_chance;
}

uint64_t Draws::Next() {
  uint64_t mixed = (state_ += 0x9e3779b97f4a7c15ULL);
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebULL;
  return mixed ^ (mixed >> 31U);
}

size_t Draws::Below(size_t n) {
  const uint64_t whole = UINT64_MAX - UINT64_MAX % n;  // the rest would favour small numbers
  uint64_t drawn = Next();
  while (drawn >= whole) drawn = Next();
  return static_cast<size_t>(drawn % n);
}

std::optional<Interval> BootstrapInterval(
    size_t clusters, const std::function<std::optional<double>(std::span<const size_t>)>& figure,
    uint64_t seed, size_t draws) {
  if (clusters < kFewestClusters || draws == 0) return std::nullopt;
  Draws random(seed);
  std::vector<size_t> drawn(clusters);
  std::vector<double> values;
  for (size_t i = 0; i < draws; ++i) {
    for (size_t& cluster : drawn) cluster = random.Below(clusters);
    if (const auto value = figure(drawn)) values.push_back(*value);
  }
  if ((draws - values.size()) * 20 > draws) return std::nullopt;
  std::ranges::sort(values);
  const auto at = [&](double share) {
    return values[static_cast<size_t>(std::lround(share * static_cast<double>(values.size() - 1)))];
  };
  return Interval{at(0.025), at(0.975)};
}

}  // namespace emostage::agreement
