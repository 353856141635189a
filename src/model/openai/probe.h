#ifndef EMOSTAGE_MODEL_OPENAI_PROBE_H_
#define EMOSTAGE_MODEL_OPENAI_PROBE_H_

#include <string>
#include <vector>

#include "model/openai/openai_model.h"
#include "model/openai/traits.h"

namespace emostage::openai {

// What was found at each address.
struct AddressState {
  bool healthy = false;
  std::string problem;
  double round_trip_ms = 0;
};

// Asks every address for its models and marks in the pool which are well. Throws where none is.
// Fills in transport.model and transport.models.
[[nodiscard]] std::vector<AddressState> ProbeAddresses(Transport& transport,
                                                       const OpenAiOptions& options,
                                                       Traits& traits);

// Finds out what the servers can do, by short questions to one that is well. A question that is
// refused is something that it cannot do.
void ProbeAbilities(const Transport& transport, const OpenAiOptions& options, Traits& traits);

}  // namespace emostage::openai

#endif  // EMOSTAGE_MODEL_OPENAI_PROBE_H_
