#ifndef EMOSTAGE_EVAL_METRICS_CALIBRATION_H_
#define EMOSTAGE_EVAL_METRICS_CALIBRATION_H_

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

// Whether probabilities of labels can be believed. Pure functions, safe from any thread.
namespace emostage {

struct CalibrationBin {
  double low = 0;   // confidences above this …
  double high = 0;  // … and up to this
  std::size_t items = 0;
  double confidence = 0;  // mean over the items; 0 where there are none
  double accuracy = 0;    // share of the items whose chosen label is true; 0 where there are none
};
struct Calibration {
  // Expected calibration error (Guo et al. 2017): how far accuracy and confidence are apart, a mean
  // over items by way of their bins. 0 to 1.
  double ece = 0;
  std::vector<CalibrationBin> bins;  // of equal width, from 0 to 1: a reliability diagram
  // Brier's score: summed over labels, so 0 (sure and right) to 2 (sure and wrong).
  double brier = 0;
  // Mean of the natural logarithm of what the true label was given; at most 0. A probability below
  // 2.2e-16 counts as that.
  double log_likelihood = 0;
};
// `probabilities` holds, of each item, one for each label; the chosen label is the likeliest, of
// equal ones the first, and its probability the confidence. Nullopt for no items. Throws
// Error(kInternal) where the lists differ in length, a true label has no probability or a
// probability is not within 0 to 1.
[[nodiscard]] std::optional<Calibration> Calibrate(
    std::span<const std::size_t> truth, std::span<const std::vector<double>> probabilities,
    std::size_t bins = 15);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_METRICS_CALIBRATION_H_
