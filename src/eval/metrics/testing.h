#ifndef EMOSTAGE_EVAL_METRICS_TESTING_H_
#define EMOSTAGE_EVAL_METRICS_TESTING_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/json.h"

namespace emostage {

// What other implementations say: written by tools/metrics_reference.py.
inline const Json& Reference() {
  static const Json reference =
      ParseJson(ReadFile(std::string(EMOSTAGE_SOURCE_DIR) + "/tests/metrics-reference.json"),
                "metrics-reference.json");
  return reference;
}

// Equal but for rounding; a null in the reference is no figure here.
inline void ExpectFigure(const std::optional<double>& ours, const Json& theirs) {
  ASSERT_EQ(ours.has_value(), !theirs.is_null());
  if (!ours) return;
  const double expected = theirs.get<double>();
  EXPECT_NEAR(*ours, expected, 1e-9 * std::max(1.0, std::abs(expected)));
}

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_METRICS_TESTING_H_
