#include "method/draft_text.h"

#include <utility>

#include "base/text.h"
#include "method/window.h"

namespace emostage {

std::string ForCue(std::string text, const PromptFile& prompts) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  text = Trim(text);
  for (const std::string_view stop : {".", "。"}) {
    if (text.ends_with(stop)) text.resize(text.size() - stop.size());
  }
  return WithoutCues(std::move(text), prompts);
}

std::vector<const Strategy*> ReplyStrategies(const Knowledge& knowledge) {
  std::vector<const Strategy*> usable;
  for (const Strategy& strategy : knowledge.strategies()) {
    if (strategy.id != "self-disclosure" && strategy.id != "others") usable.push_back(&strategy);
  }
  return usable;
}

}  // namespace emostage
