#ifndef EMOSTAGE_METHOD_PERSPECTIVE_QUESTIONS_H_
#define EMOSTAGE_METHOD_PERSPECTIVE_QUESTIONS_H_

#include <functional>
#include <string>
#include <vector>

#include "emostage/answer.h"
#include "knowledge/knowledge.h"
#include "method/stage.h"

namespace emostage {

// The client's perspective asked line by line: what they think in a few words of their own, and
// beside it emotion, its strength and need as distributions over our sets, none of them generated.
// All lines have the same cue, so together they read little more than one would.
//
// Asks, and returns what waits for the answers and tells them: all but `situation`, and where
// nothing shall be `written`, without `thinks`.
[[nodiscard]] std::function<ClientState()> AskPerspective(Stage& stage, bool written);

// Asks for one written line of the notes: "thinks" or "situation".
[[nodiscard]] Asked<Completion> AskLine(Stage& stage, const std::string& line);
// What such a line says, without its quotation marks.
[[nodiscard]] std::string LineText(const Completion& line);

// The entries that a distribution speaks for: the likeliest, and a second that is at least half as
// likely. Ours.
[[nodiscard]] std::vector<size_t> Strongest(const std::vector<double>& probabilities);
// The mean of a distribution over 1, 2, … (the whole scale counts, not its likeliest point alone).
[[nodiscard]] double MeanStrength(const std::vector<double>& probabilities);

// What fills the reply's cue: thinks, feels, needs. The model's own words are made to look like no
// cue.
[[nodiscard]] TextMap PerspectiveValues(const ClientState& state, const Knowledge& knowledge,
                                        const PromptFile& prompts);

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_PERSPECTIVE_QUESTIONS_H_
