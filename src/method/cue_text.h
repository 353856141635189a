#ifndef EMOSTAGE_METHOD_CUE_TEXT_H_
#define EMOSTAGE_METHOD_CUE_TEXT_H_

#include <string>
#include <string_view>

#include "knowledge/prompts.h"
#include "method/stage.h"

namespace emostage {

// What a model wrote, made fit to stand in another cue: one line of at most 240 bytes, without a
// full stop of its own, nothing in it that looks like a cue. Empty where there is no letter in it.
[[nodiscard]] std::string CueText(std::string_view text, const PromptFile& prompts);

// Asks for one written line of a few words.
[[nodiscard]] Asked<Completion> AskWritten(Stage& stage, std::string_view step,
                                           const std::string& cue);
// Waits for it and gives it as a CueText. Where the model wrote nothing that could be read, the
// word for what is not known stands in, and the trace says so.
[[nodiscard]] std::string Written(Stage& stage, std::string_view step, Asked<Completion>& line);

// Whether a word of `text` that carries meaning (in Chinese and Japanese, two neighbouring
// characters that are not both hiragana) stands in what the client has said.
[[nodiscard]] bool TakesUpClient(const Stage& stage, std::string_view text);

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_CUE_TEXT_H_
