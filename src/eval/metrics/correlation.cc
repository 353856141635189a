#include "eval/metrics/correlation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <numeric>
#include <utility>

#include "emostage/error.h"

namespace emostage {
namespace {

void RequirePairs(std::size_t x, std::size_t y) {
  if (x != y) throw Error(ErrorCode::kInternal, "two ratings of different length");
}

double Mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

bool IsConstant(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; });
}

std::vector<double> Ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first + 1;
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    const double rank = static_cast<double>(first + 1 + end) / 2;
    for (; first < end; ++first) ranks[order[first]] = rank;
  }
  return ranks;
}

int Sign(double a, double b) { return (a > b) - (a < b); }

// What the ratings of items with two or more are: how often each value stands beside each other
// one within an item, an item of m ratings counting m in all.
class Coincidences {
 public:
  explicit Coincidences(std::span<const std::vector<std::optional<double>>> ratings) {
    std::size_t items = 0;
    for (const auto& rater : ratings) items = std::max(items, rater.size());
    for (std::size_t item = 0; item < items; ++item) AddItem(ratings, item);
  }

  // The same for any agreement: `distance` is symmetric and 0 for equal values.
  template <typename Distance>
  [[nodiscard]] std::optional<double> Alpha(Distance distance) const {
    double total = 0;
    for (const auto& [value, times] : times_) total += times;
    double found = 0;
    double by_chance = 0;
    for (const auto& [a, times_a] : times_) {
      for (const auto& [b, times_b] : times_) {
        if (a == b) continue;
        const double apart = distance(a, b);
        by_chance += times_a * times_b * apart;
        const auto beside = beside_.find({a, b});
        if (beside != beside_.end()) found += beside->second * apart;
      }
    }
    if (by_chance == 0) return std::nullopt;
    return 1 - (total - 1) * found / by_chance;
  }

  // How many ratings lie between two values, each of the two counted half: their distance where
  // only the order of values is known.
  [[nodiscard]] double RatingsBetween(double a, double b) const {
    const auto low = times_.find(std::min(a, b));
    const auto high = times_.find(std::max(a, b));
    double sum = -(low->second + high->second) / 2;
    for (auto at = low; at != std::next(high); ++at) sum += at->second;
    return sum;
  }

 private:
  void AddItem(std::span<const std::vector<std::optional<double>>> ratings, std::size_t item) {
    std::vector<double> given;
    for (const auto& rater : ratings) {
      if (item < rater.size() && rater[item]) given.push_back(*rater[item]);
    }
    if (given.size() < 2) return;
    for (std::size_t i = 0; i < given.size(); ++i) {
      times_[given[i]] += 1;
      for (std::size_t j = 0; j < given.size(); ++j) {
        if (i != j) beside_[{given[i], given[j]}] += 1 / static_cast<double>(given.size() - 1);
      }
    }
  }

  std::map<double, double> times_;
  std::map<std::pair<double, double>, double> beside_;
};

}  // namespace

std::optional<double> Pearson(std::span<const double> x, std::span<const double> y) {
  RequirePairs(x.size(), y.size());
  if (x.size() < 2 || IsConstant(x) || IsConstant(y)) return std::nullopt;
  const double mean_x = Mean(x);
  const double mean_y = Mean(y);
  double xy = 0;
  double xx = 0;
  double yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean_x) * (y[i] - mean_y);
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
  }
  const double scale = std::sqrt(xx) * std::sqrt(yy);
  if (!(scale > 0)) return std::nullopt;  // spread too small for a double
  return std::clamp(xy / scale, -1.0, 1.0);
}

std::optional<double> Spearman(std::span<const double> x, std::span<const double> y) {
  RequirePairs(x.size(), y.size());
  return Pearson(Ranks(x), Ranks(y));
}

std::optional<double> KendallTauB(std::span<const double> x, std::span<const double> y) {
  RequirePairs(x.size(), y.size());
  std::ptrdiff_t together = 0;  // pairs in the same order less pairs in opposite order
  std::size_t untied_x = 0;
  std::size_t untied_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      together += std::ptrdiff_t{Sign(x[i], x[j])} * Sign(y[i], y[j]);
      untied_x += x[i] != x[j] ? 1 : 0;
      untied_y += y[i] != y[j] ? 1 : 0;
    }
  }
  if (untied_x == 0 || untied_y == 0) return std::nullopt;
  return std::clamp(static_cast<double>(together) / (std::sqrt(static_cast<double>(untied_x)) *
                                                     std::sqrt(static_cast<double>(untied_y))),
                    -1.0, 1.0);
}

std::optional<double> KrippendorffAlpha(std::span<const std::vector<std::optional<double>>> ratings,
                                        AlphaScale scale) {
  const Coincidences coincidences(ratings);
  switch (scale) {
    case AlphaScale::kNominal:
      return coincidences.Alpha([](double, double) { return 1.0; });
    case AlphaScale::kInterval:
      return coincidences.Alpha([](double a, double b) { return (a - b) * (a - b); });
    case AlphaScale::kOrdinal:
      break;
  }
  return coincidences.Alpha([&](double a, double b) {
    const double between = coincidences.RatingsBetween(a, b);
    return between * between;
  });
}

}  // namespace emostage
