#include "eval/metrics/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "emostage/error.h"

namespace emostage {
namespace {

// The negation is true of a NaN too.
bool IsProbability(double p) { return p >= 0 && p <= 1; }

void Require(std::size_t truth, const std::vector<double>& probabilities) {
  if (truth >= probabilities.size()) {
    throw Error(ErrorCode::kInternal, "label " + std::to_string(truth) + " has no probability");
  }
  if (!std::all_of(probabilities.begin(), probabilities.end(), IsProbability)) {
    throw Error(ErrorCode::kInternal, "a probability is not within 0 to 1");
  }
}

std::vector<CalibrationBin> EmptyBins(std::size_t bins) {
  std::vector<CalibrationBin> result(bins);
  for (std::size_t b = 0; b < bins; ++b) {
    result[b].low = static_cast<double>(b) / static_cast<double>(bins);
    result[b].high = static_cast<double>(b + 1) / static_cast<double>(bins);
  }
  return result;
}

// A confidence of 0, which lies above no bin's lower end, goes into the first.
CalibrationBin& BinOf(std::vector<CalibrationBin>& bins, double confidence) {
  return *std::find_if(bins.begin(), bins.end() - 1,
                       [&](const CalibrationBin& bin) { return confidence <= bin.high; });
}

double Brier(std::size_t truth, const std::vector<double>& probabilities) {
  double sum = 0;
  for (std::size_t label = 0; label < probabilities.size(); ++label) {
    const double off = probabilities[label] - (label == truth ? 1 : 0);
    sum += off * off;
  }
  return sum;
}

}  // namespace

std::optional<Calibration> Calibrate(std::span<const std::size_t> truth,
                                     std::span<const std::vector<double>> probabilities,
                                     std::size_t bins) {
  if (truth.size() != probabilities.size() || bins == 0) {
    throw Error(ErrorCode::kInternal, "labels and probabilities that do not fit together");
  }
  if (truth.empty()) return std::nullopt;
  const auto items = static_cast<double>(truth.size());
  Calibration result;
  result.bins = EmptyBins(bins);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const std::vector<double>& given = probabilities[i];
    Require(truth[i], given);
    const auto chosen = std::max_element(given.begin(), given.end());
    CalibrationBin& bin = BinOf(result.bins, *chosen);
    ++bin.items;
    bin.confidence += *chosen;
    if (chosen == given.begin() + static_cast<std::ptrdiff_t>(truth[i])) bin.accuracy += 1;
    result.brier += Brier(truth[i], given) / items;
    result.log_likelihood +=
        std::log(std::max(given[truth[i]], std::numeric_limits<double>::epsilon())) / items;
  }
  for (CalibrationBin& bin : result.bins) {
    if (bin.items == 0) continue;
    result.ece += std::abs(bin.accuracy - bin.confidence) / items;
    bin.confidence /= static_cast<double>(bin.items);
    bin.accuracy /= static_cast<double>(bin.items);
  }
  return result;
}

}  // namespace emostage
