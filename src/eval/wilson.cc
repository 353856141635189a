#include "eval/wilson.h"

#include <algorithm>
#include <cmath>

namespace emostage {

Interval Wilson(size_t hits, size_t of) {
  if (of == 0) return {};
  constexpr double kZ = 1.959963984540054;  // of 95 %
  const auto n = static_cast<double>(of);
  const double p = static_cast<double>(hits) / n;
  const double scale = 1 + kZ * kZ / n;
  const double middle = p + kZ * kZ / (2 * n);
  const double reach = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  return {std::max(0.0, (middle - reach) / scale), std::min(1.0, (middle + reach) / scale)};
}

}  // namespace emostage
