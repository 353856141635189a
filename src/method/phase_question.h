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

// What fills a cue with what the phase asks for: phase, aims, do, too_early.
[[nodiscard]] TextMap PhaseValues(const PhaseBelief& belief, const PhaseScheme& scheme,
                                  Language language);

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_PHASE_QUESTION_H_
