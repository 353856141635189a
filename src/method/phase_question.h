#ifndef EMOSTAGE_METHOD_PHASE_QUESTION_H_
#define EMOSTAGE_METHOD_PHASE_QUESTION_H_

#include <functional>
#include <string>

#include "emostage/answer.h"
#include "knowledge/phase_scheme.h"
#include "knowledge/prompts.h"
#include "method/stage.h"

namespace emostage {

// Asks for the phase, by likelihood, at the newest client turn and at every earlier one that this
// session was not asked about, and filters (phase_filter.h). Call it before the first wait of a
// turn, so that its questions run beside the others; the returned function waits for them.
[[nodiscard]] std::function<PhaseBelief()> AskPhase(Stage& stage);

// A reply's cue with what the phase asks for filled in.
[[nodiscard]] std::string CueForPhase(std::string_view cue, const PhaseScheme& scheme,
                                      const PhaseBelief& belief, Language language);

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_PHASE_QUESTION_H_
