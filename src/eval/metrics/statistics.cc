#include "eval/metrics/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace emostage {
namespace {

struct DialogueSum {
  double sum = 0;
  double turns = 0;
};

std::vector<DialogueSum> Sums(std::span<const DialogueDifferences> dialogues) {
  std::vector<DialogueSum> result;
  for (const DialogueDifferences& one : dialogues) {
    if (one.empty()) continue;
    result.push_back(
        {std::accumulate(one.begin(), one.end(), 0.0), static_cast<double>(one.size())});
  }
  return result;
}

// Sums of flipped differences that are as far from 0 as `seen`. Sums that are equal on paper may
// differ in their last bits, by less than `slack`.
class FlipCount {
 public:
  explicit FlipCount(const std::vector<DialogueSum>& sums) : sums_(sums) {
    double seen = 0;
    double size = 0;
    for (const DialogueSum& one : sums) {
      seen += one.sum;
      size += std::abs(one.sum);
    }
    at_least_ = std::abs(seen) - 1e-12 * size;
  }

  // flip(i): whether dialogue i gets the other sign.
  template <typename Flip>
  void Try(Flip flip) {
    double sum = 0;
    for (std::size_t i = 0; i < sums_.size(); ++i) sum += flip(i) ? -sums_[i].sum : sums_[i].sum;
    if (std::abs(sum) >= at_least_) ++hits_;
  }

  [[nodiscard]] double hits() const { return static_cast<double>(hits_); }

 private:
  const std::vector<DialogueSum>& sums_;
  double at_least_ = 0;
  std::size_t hits_ = 0;
};

// What a straight line through points needs to know of some of them.
struct LineSums {
  double n = 0;
  double x = 0;
  double y = 0;
  double xx = 0;
  double xy = 0;

  void operator+=(const LineSums& other) {
    n += other.n;
    x += other.x;
    y += other.y;
    xx += other.xx;
    xy += other.xy;
  }
};

struct Line {
  double at_zero = 0;
  double slope = 0;
};

// Nullopt where all x are the same but for rounding.
std::optional<Line> Fit(const LineSums& sums) {
  const double spread = sums.xx - sums.x * sums.x / sums.n;
  if (!(spread > 1e-12 * sums.xx)) return std::nullopt;
  const double slope = (sums.xy - sums.x * sums.y / sums.n) / spread;
  return Line{(sums.y - slope * sums.x) / sums.n, slope};
}

LineSums Sum(const std::vector<ReplyPair>& dialogue) {
  LineSums result;
  for (const ReplyPair& pair : dialogue) {
    const double x =
        std::log(std::max(1.0, pair.length_a)) - std::log(std::max(1.0, pair.length_b));
    const double y = pair.score_difference;
    result += {1, x, y, x * x, x * y};
  }
  return result;
}

}  // namespace

std::optional<Estimate> MeanDifference(std::span<const DialogueDifferences> dialogues,
                                       const BootstrapOptions& options) {
  const std::vector<DialogueSum> sums = Sums(dialogues);
  const auto mean = [&](std::span<const std::size_t> drawn) -> std::optional<double> {
    DialogueSum all;
    for (const std::size_t dialogue : drawn) {
      all.sum += sums[dialogue].sum;
      all.turns += sums[dialogue].turns;
    }
    return all.sum / all.turns;
  };
  return Bootstrap(sums.size(), mean, options);
}

std::optional<SignFlip> SignFlipTest(std::span<const DialogueDifferences> dialogues,
                                     std::size_t resamples, std::uint64_t seed) {
  constexpr std::size_t kMostForAllFlips = 14;
  const std::vector<DialogueSum> sums = Sums(dialogues);
  if (sums.empty()) return std::nullopt;
  FlipCount count(sums);
  if (sums.size() <= kMostForAllFlips) {
    const std::size_t all = std::size_t{1} << sums.size();
    for (std::size_t signs = 0; signs < all; ++signs) {
      count.Try([signs](std::size_t i) { return (signs >> i & 1) != 0; });
    }
    return SignFlip{count.hits() / static_cast<double>(all), true, sums.size()};
  }
  SeededDraws draws(seed);
  std::vector<std::uint64_t> signs((sums.size() + 63) / 64);
  for (std::size_t resample = 0; resample < resamples; ++resample) {
    for (std::uint64_t& some : signs) some = draws.Next();
    count.Try([&signs](std::size_t i) { return (signs[i / 64] >> (i % 64) & 1) != 0; });
  }
  return SignFlip{(count.hits() + 1) / (static_cast<double>(resamples) + 1), false, sums.size()};
}

std::optional<double> CohensDz(std::span<const double> differences) {
  const auto n = static_cast<double>(differences.size());
  if (differences.size() < 2) return std::nullopt;
  const auto [least, most] = std::minmax_element(differences.begin(), differences.end());
  if (*least == *most) return std::nullopt;  // asked of the values: their mean may be rounded
  const double mean = std::accumulate(differences.begin(), differences.end(), 0.0) / n;
  double squares = 0;
  for (const double difference : differences) squares += (difference - mean) * (difference - mean);
  return mean / std::sqrt(squares / (n - 1));
}

std::optional<double> CliffsDelta(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) return std::nullopt;
  std::vector<double> sorted(b.begin(), b.end());
  std::sort(sorted.begin(), sorted.end());
  double sum = 0;
  for (const double value : a) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
    sum += static_cast<double>(first - sorted.begin()) - static_cast<double>(sorted.end() - last);
  }
  return sum / (static_cast<double>(a.size()) * static_cast<double>(b.size()));
}

std::vector<double> Holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> result(p.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, p[order[i]] * static_cast<double>(order.size() - i));
    result[order[i]] = std::min(1.0, largest);
  }
  return result;
}

std::optional<LengthControlled> LengthControlledDifference(
    std::span<const std::vector<ReplyPair>> dialogues, const BootstrapOptions& options) {
  std::vector<LineSums> sums;
  LineSums all;
  for (const std::vector<ReplyPair>& dialogue : dialogues) {
    if (dialogue.empty()) continue;
    sums.push_back(Sum(dialogue));
    all += sums.back();
  }
  const auto at_zero = [&](std::span<const std::size_t> drawn) -> std::optional<double> {
    LineSums some;
    for (const std::size_t dialogue : drawn) some += sums[dialogue];
    const std::optional<Line> line = Fit(some);
    if (!line) return std::nullopt;
    return line->at_zero;
  };
  const std::optional<Estimate> estimate = Bootstrap(sums.size(), at_zero, options);
  if (!estimate) return std::nullopt;
  return LengthControlled{*estimate, Fit(all)->slope, all.y / all.n};
}

}  // namespace emostage
