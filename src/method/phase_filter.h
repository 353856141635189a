#ifndef EMOSTAGE_METHOD_PHASE_FILTER_H_
#define EMOSTAGE_METHOD_PHASE_FILTER_H_

#include <vector>

#include "emostage/answer.h"
#include "knowledge/phase_scheme.h"

namespace emostage {

// The belief over phases as a hidden Markov model's forward filter: each client turn's belief is
//   belief_t(p)  ∝  likelihood_t(p) · Σ_q belief_{t-1}(q) · transition(q → p),
// with the scheme's initial distribution before the first turn.
//
// The model does not give the likelihood of the talk under a phase but a distribution over phases,
// P(p | talk); by Bayes' rule that is proportional to likelihood · P(p), so it is divided by the
// model's own leaning P(p) when there is nothing to read.
class PhaseFilter {
 public:
  // `leaning`: P(p) above, summing to 1; empty: none known. `scheme` must outlive the filter.
  PhaseFilter(const PhaseScheme& scheme, std::vector<double> leaning);

  // Takes in one client turn: the model's distribution over the scheme's phases.
  void Update(const std::vector<double>& model);

  [[nodiscard]] const std::vector<double>& belief() const { return belief_; }
  [[nodiscard]] size_t best() const;
  [[nodiscard]] PhaseBelief Belief() const;

 private:
  const PhaseScheme* scheme_;
  std::vector<double> leaning_;
  std::vector<double> belief_;  // empty before the first turn
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_PHASE_FILTER_H_
