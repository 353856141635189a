#include "method/causes.h"

#include <vector>

#include "method/cue_text.h"
#include "method/fair_choice.h"
#include "method/stage.h"

namespace emostage {
namespace {

// How a listener may be left by what it hears: few words, kept in the prompt file, as they are not
// the client's emotions.
std::vector<std::string> OwnFeelings(const PromptFile& prompts) {
  const std::string& gap = prompts.Word("list_gap");
  std::vector<std::string> names;
  std::string_view rest = prompts.Word("own_feelings");
  for (size_t at = 0; (at = rest.find(gap)) != std::string_view::npos;) {
    names.emplace_back(rest.substr(0, at));
    rest.remove_prefix(at + gap.size());
  }
  names.emplace_back(rest);
  return names;
}

}  // namespace

Answer Causes::Respond(Stage& stage) const {
  const PromptFile& prompts = stage.prompts();
  const Emotions& emotions = stage.knowledge().emotions();
  TextMap sides;

  // The client's side, its lines side by side.
  const std::string& client_side = prompts.Cue("client_side");
  Asked<Completion> cause = AskWritten(stage, "cause", client_side);
  Asked<Completion> wants = AskWritten(stage, "wants", client_side);
  Asked<Choice> feels =
      stage.Choose("feels", client_side, prompts.Prefix("feels"), LabelsOf(emotions, stage));
  sides["cause"] = Written(stage, "cause", cause);
  sides["wants"] = Written(stage, "wants", wants);
  sides["feels"] = emotions[feels.get().best].name.in(stage.language());

  // The listener's side, which answers the client's.
  const std::string own_side = Fill(prompts.Cue("own_side"), sides);
  const std::vector<std::string> own_names = OwnFeelings(prompts);
  Asked<Completion> intent = AskWritten(stage, "intent", own_side);
  Asked<Choice> own_feels = stage.Choose("own_feels", own_side, prompts.Prefix("own_feels"),
                                         GapLabels(own_names, prompts));
  sides["intent"] = Written(stage, "intent", intent);
  sides["own_feels"] = own_names[own_feels.get().best];
  return stage.Reply(Fill(prompts.Cue("reply_from_causes"), sides));
}

}  // namespace emostage
