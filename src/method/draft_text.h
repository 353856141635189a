#ifndef EMOSTAGE_METHOD_DRAFT_TEXT_H_
#define EMOSTAGE_METHOD_DRAFT_TEXT_H_

#include <string>
#include <vector>

#include "knowledge/knowledge.h"

namespace emostage {

// The model's own words made fit to stand in a later cue: on one line, without the full stop that
// the cue sets itself, and like no cue.
[[nodiscard]] std::string ForCue(std::string text, const PromptFile& prompts);

// The strategies by which a program can reply: it has no life of its own to disclose, and "others"
// names no way of replying.
[[nodiscard]] std::vector<const Strategy*> ReplyStrategies(const Knowledge& knowledge);

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_DRAFT_TEXT_H_
