#ifndef EMOSTAGE_METHOD_WINDOW_H_
#define EMOSTAGE_METHOD_WINDOW_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "emostage/dialogue.h"
#include "emostage/model.h"
#include "knowledge/prompts.h"
#include "method/memory.h"

namespace emostage {

// A dialogue as a model with a limited context shall see it.
struct Window {
  std::vector<Message> messages;     // begins and ends with the client
  std::vector<size_t> client_turns;  // of each message: which client turn it is, or kNone
  size_t cut_turns = 0;              // turns that were shortened since one alone was too long
  bool folded_now = false;           // memory.fold was made or extended
  static constexpr size_t kNone = static_cast<size_t>(-1);
};

struct WindowLimits {
  int tokens = 0;  // for all messages together
  std::function<int(std::string_view)> count;
  // Sums up messages in a few sentences; called only when something must be folded.
  std::function<std::string(const std::vector<Message>&)> summarise;
};

// All of the dialogue where it fits. Else: its opening and its newest turns, and in their middle a
// summary of the rest, kept in `fold` so that it is not made again every turn. Folding frees half
// of the window, so that it happens seldom. Client text that looks like one of our cues is made to
// look different, that no client can ask for a task.
[[nodiscard]] Window FitDialogue(const Dialogue& dialogue, const PromptFile& prompts,
                                 const WindowLimits& limits, Memory::Fold& fold);

// Text in which nothing looks like a cue: "[Task" becomes "(Task".
[[nodiscard]] std::string WithoutCues(std::string text, const PromptFile& prompts);

// A key for the first `count` turns of a dialogue.
[[nodiscard]] size_t KeyOf(const Dialogue& dialogue, size_t count, size_t seed = 0);

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_WINDOW_H_
