#include "eval/metrics/label_metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "emostage/error.h"

namespace emostage {
namespace {

void RequirePairs(std::size_t truth, std::size_t chosen) {
  if (truth != chosen) {
    throw Error(ErrorCode::kInternal, std::to_string(truth) + " true labels beside " +
                                          std::to_string(chosen) + " chosen ones");
  }
}

void RequireLabel(std::size_t label, std::size_t labels) {
  if (label >= labels) {
    throw Error(ErrorCode::kInternal,
                "label " + std::to_string(label) + " of " + std::to_string(labels));
  }
}

double Share(std::size_t part, std::size_t of) {
  return of == 0 ? 0 : static_cast<double>(part) / static_cast<double>(of);
}

LabelScore Score(std::size_t hits, std::size_t times_true, std::size_t times_chosen) {
  return {Share(hits, times_chosen), Share(hits, times_true),
          Share(2 * hits, times_true + times_chosen), times_true, times_chosen};
}

// Mean F1 of the labels in use, of which there is at least one.
double MacroF1(const std::vector<LabelScore>& labels) {
  double sum = 0;
  std::size_t used = 0;
  for (const LabelScore& label : labels) {
    if (label.times_true + label.times_chosen == 0) continue;
    sum += label.f1;
    ++used;
  }
  return sum / static_cast<double>(used);
}

// One sweep of Bradley and Terry's iteration, in place. wins(i, j): how often i won against j.
template <typename Wins>
void Sweep(std::vector<double>& strengths, Wins wins) {
  for (std::size_t i = 0; i < strengths.size(); ++i) {
    double won = 0;
    double lost = 0;
    for (std::size_t j = 0; j < strengths.size(); ++j) {
      if (j == i) continue;
      won += wins(i, j) * strengths[j] / (strengths[i] + strengths[j]);
      lost += wins(j, i) / (strengths[i] + strengths[j]);
    }
    strengths[i] = won / lost;
  }
  const double mean = std::accumulate(strengths.begin(), strengths.end(), 0.0) /
                      static_cast<double>(strengths.size());
  for (double& strength : strengths) strength /= mean;
}

}  // namespace

Confusion::Confusion(std::size_t labels) : labels_(labels), cells_(labels * labels) {}

Confusion::Confusion(std::span<const std::size_t> truth, std::span<const std::size_t> chosen,
                     std::size_t labels)
    : Confusion(labels) {
  RequirePairs(truth.size(), chosen.size());
  for (std::size_t i = 0; i < truth.size(); ++i) Add(truth[i], chosen[i]);
}

void Confusion::Add(std::size_t truth, std::size_t chosen, std::size_t times) {
  RequireLabel(std::max(truth, chosen), labels_);
  cells_[truth * labels_ + chosen] += times;
}

std::size_t Confusion::At(std::size_t truth, std::size_t chosen) const {
  RequireLabel(std::max(truth, chosen), labels_);
  return cells_[truth * labels_ + chosen];
}

std::size_t Confusion::Total() const {
  return std::accumulate(cells_.begin(), cells_.end(), std::size_t{0});
}

std::size_t Confusion::TimesTrue(std::size_t label) const {
  std::size_t sum = 0;
  for (std::size_t other = 0; other < labels_; ++other) sum += At(label, other);
  return sum;
}

std::size_t Confusion::TimesChosen(std::size_t label) const {
  std::size_t sum = 0;
  for (std::size_t other = 0; other < labels_; ++other) sum += At(other, label);
  return sum;
}

std::optional<LabelScores> ScoreLabels(const Confusion& confusion) {
  const std::size_t total = confusion.Total();
  if (total == 0) return std::nullopt;
  LabelScores result;
  std::size_t hits = 0;
  for (std::size_t label = 0; label < confusion.labels(); ++label) {
    const std::size_t right = confusion.At(label, label);
    hits += right;
    result.labels.push_back(Score(right, confusion.TimesTrue(label), confusion.TimesChosen(label)));
    result.weighted_f1 += result.labels.back().f1 * Share(confusion.TimesTrue(label), total);
  }
  result.accuracy = Share(hits, total);
  result.macro_f1 = MacroF1(result.labels);
  return result;
}

std::optional<double> CohensKappa(const Confusion& confusion, KappaWeights weights) {
  // Both sums of whole numbers: exact, so that "no disagreement by chance" is known for certain.
  double found = 0;
  double by_chance = 0;
  for (std::size_t i = 0; i < confusion.labels(); ++i) {
    for (std::size_t j = 0; j < confusion.labels(); ++j) {
      if (i == j) continue;
      const double steps = static_cast<double>(i) - static_cast<double>(j);
      const double weight = weights == KappaWeights::kQuadratic ? steps * steps : 1;
      found += weight * static_cast<double>(confusion.At(i, j));
      by_chance += weight * static_cast<double>(confusion.TimesTrue(i)) *
                   static_cast<double>(confusion.TimesChosen(j));
    }
  }
  if (by_chance == 0) return std::nullopt;
  return 1 - found * static_cast<double>(confusion.Total()) / by_chance;
}

std::optional<StrategyPreference> PreferenceBias(const Confusion& confusion) {
  std::vector<std::size_t> part;
  for (std::size_t label = 0; label < confusion.labels(); ++label) {
    if (confusion.TimesTrue(label) + confusion.TimesChosen(label) > 0) part.push_back(label);
  }
  if (part.size() < 2) return std::nullopt;
  std::vector<double> strengths(part.size(), 1.0);
  constexpr int kSweeps = 20;
  constexpr double kAddedWins = 1e-6;
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    Sweep(strengths, [&](std::size_t i, std::size_t j) {
      return static_cast<double>(confusion.At(part[j], part[i])) + kAddedWins;
    });
  }
  StrategyPreference result;
  result.preferences.resize(confusion.labels());
  double squares = 0;
  for (std::size_t i = 0; i < part.size(); ++i) {
    result.preferences[part[i]] = strengths[i];
    squares += (strengths[i] - 1) * (strengths[i] - 1);
  }
  result.bias = std::sqrt(squares / static_cast<double>(part.size()));
  return result;
}

std::optional<MultiLabelScores> ScoreMultiLabels(std::span<const std::vector<std::size_t>> truth,
                                                 std::span<const std::vector<std::size_t>> chosen,
                                                 std::size_t labels) {
  RequirePairs(truth.size(), chosen.size());
  std::vector<std::size_t> hits(labels);
  std::vector<std::size_t> times_true(labels);
  std::vector<std::size_t> times_chosen(labels);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    for (const std::size_t label : truth[i]) {
      RequireLabel(label, labels);
      ++times_true[label];
    }
    for (const std::size_t label : chosen[i]) {
      RequireLabel(label, labels);
      ++times_chosen[label];
      if (std::find(truth[i].begin(), truth[i].end(), label) != truth[i].end()) ++hits[label];
    }
  }
  const auto sum = [](const std::vector<std::size_t>& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  };
  const LabelScore all = Score(sum(hits), sum(times_true), sum(times_chosen));
  if (all.times_true + all.times_chosen == 0) return std::nullopt;
  MultiLabelScores result;
  for (std::size_t label = 0; label < labels; ++label) {
    result.labels.push_back(Score(hits[label], times_true[label], times_chosen[label]));
  }
  result.micro_f1 = all.f1;
  result.macro_f1 = MacroF1(result.labels);
  return result;
}

}  // namespace emostage
