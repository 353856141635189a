#include "method/phase_filter.h"

#include <algorithm>
#include <utility>

#include "emostage/error.h"

namespace emostage {
namespace {

// Keeps one over-sure reading from ruling a phase out for good, and a leaning near zero from
// making a phase certain.
constexpr double kLeast = 0.01;

void Normalise(std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += value;
  for (double& value : values) value /= sum;
}

std::vector<double> Floored(std::vector<double> values) {
  for (double& value : values) value = std::max(value, kLeast);
  Normalise(values);
  return values;
}

}  // namespace

PhaseFilter::PhaseFilter(const PhaseScheme& scheme, std::vector<double> leaning)
    : scheme_(&scheme), leaning_(std::move(leaning)) {
  if (leaning_.empty()) leaning_.assign(scheme.phases.size(), 1.0);
  if (leaning_.size() != scheme.phases.size()) {
    throw Error(ErrorCode::kInternal, "a phase leaning of the wrong size");
  }
  leaning_ = Floored(leaning_);
}

void PhaseFilter::Update(const std::vector<double>& model) {
  const size_t n = scheme_->phases.size();
  if (model.size() != n) throw Error(ErrorCode::kInternal, "a phase reading of the wrong size");
  std::vector<double> next = scheme_->initial;
  if (!belief_.empty()) {
    std::fill(next.begin(), next.end(), 0.0);
    for (size_t from = 0; from < n; ++from) {
      for (size_t to = 0; to < n; ++to) next[to] += belief_[from] * scheme_->transition[from][to];
    }
  }
  const std::vector<double> reading = Floored(model);
  for (size_t p = 0; p < n; ++p) next[p] *= reading[p] / leaning_[p];
  Normalise(next);
  belief_ = std::move(next);
}

size_t PhaseFilter::best() const {
  return static_cast<size_t>(std::max_element(belief_.begin(), belief_.end()) - belief_.begin());
}

PhaseBelief PhaseFilter::Belief() const {
  PhaseBelief belief;
  belief.scheme = scheme_->file.id;
  if (belief_.empty()) return belief;
  belief.label = scheme_->phases[best()].id;
  for (size_t p = 0; p < belief_.size(); ++p) {
    belief.probabilities.emplace_back(scheme_->phases[p].id, belief_[p]);
  }
  return belief;
}

}  // namespace emostage
