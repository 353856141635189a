#ifndef EMOSTAGE_EVAL_WILSON_H_
#define EMOSTAGE_EVAL_WILSON_H_

#include <cstddef>

namespace emostage {

struct Interval {
  double low = 0;
  double high = 1;
};

// The 95 % interval of a share, after Wilson (1927): also right for shares near 0 and 1, and of
// few. hits <= of; nothing is known of a share of 0.
[[nodiscard]] Interval Wilson(size_t hits, size_t of);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_WILSON_H_
