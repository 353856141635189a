#ifndef EMOSTAGE_EVAL_SIMULATED_CLIENT_H_
#define EMOSTAGE_EVAL_SIMULATED_CLIENT_H_

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "emostage/model.h"
#include "eval/data_set.h"
#include "eval/eval_texts.h"

namespace emostage {

// A language model that plays the client of a scenario: with a persona, so much openness, and
// something that is told only once the client feels safe. What they say first is what the recorded
// client said first, so that every method meets the same beginning.
//
// What it shows is how methods differ with one and the same made-up client, not how people would
// have answered. Not thread-safe.
class SimulatedClient {
 public:
  // `scenario` and `texts` outlive the client. A scenario without a persona is played from its
  // first words alone.
  SimulatedClient(std::shared_ptr<Model> model, const EvalTexts& texts,
                  const EvalDialogue& scenario, uint64_t seed);

  // What the client says next. `talk` ends with the counsellor, or is empty.
  [[nodiscard]] std::string Say(const Dialogue& talk, const std::stop_token& stop);

 private:
  const std::shared_ptr<Model> model_;
  const std::unique_ptr<Context> context_;
  const EvalTexts* texts_;
  const EvalDialogue* scenario_;
  const uint64_t seed_;
  std::string system_;
};

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_SIMULATED_CLIENT_H_
