#ifndef EMOSTAGE_METHOD_TRANSITION_H_
#define EMOSTAGE_METHOD_TRANSITION_H_

#include <functional>
#include <string_view>
#include <vector>

#include "knowledge/transition_data.h"

namespace emostage {

class Stage;

// The counsellor's own feeling, beside any method: our reading of the personality-affected emotion
// transition of PELD. The work trains what a turn provokes; here the model tells it by likelihood.
//
//   provoked = sum over emotions of p(emotion | the client's words) * point(emotion)
//   feeling  = before + pull * (provoked - before) * weight(personality)      (side by side)
//   the reply is written in the emotion whose point is nearest

// `probabilities` are those of data.emotions, in their order.
[[nodiscard]] Vad NextFeeling(const TransitionData& data,
                              const TransitionData::Personality& personality, const Vad& before,
                              const std::vector<double>& probabilities);

// Asks what the client's turn provokes (step "provoked"), and returns what waits for the answer,
// enters the feeling in the trace (step "own feeling") and in the session's memory, and tells it in
// the reply's cue. A method that asks for its reply with a cue of its own, as 'one-call', does not
// show it. Throws Error(kUsage) for an unknown personality.
[[nodiscard]] std::function<void()> AskTransition(Stage& stage, std::string_view personality);

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_TRANSITION_H_
