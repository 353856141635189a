#include "method/emostage_method.h"

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "method/perspective.h"
#include "method/phase_question.h"
#include "method/stage.h"

namespace emostage {

std::string_view EmoStage::name() const {
  if (!parts_.perspective) return "emostage-without-perspective";
  return parts_.phase ? "emostage" : "emostage-without-phase";
}

std::string_view EmoStage::summary() const {
  if (!parts_.perspective) return "control: EmoStage that recognises the phase only";
  return parts_.phase ? "takes the client's perspective, recognises the phase, then replies in "
                        "step with both (our reading of EmoStage, 2025)"
                      : "control: EmoStage that takes the perspective only";
}

Answer EmoStage::Respond(Stage& stage) const {
  const PromptFile& prompts = stage.prompts();
  Answer& found = stage.answer();

  // Both questions read nothing but the dialogue: asked together, answered side by side.
  const std::string cue = prompts.Cue("perspective");
  const std::string prefix = prompts.Prefix("perspective");
  std::function<PhaseBelief()> phase;
  std::optional<Asked<Completion>> perspective;
  if (parts_.phase) phase = AskPhase(stage);
  if (parts_.perspective) {
    perspective = stage.Note("perspective", cue, prefix,
                             PerspectiveSchema(stage.knowledge(), stage.language()));
  }

  std::vector<Exchange> notes;
  if (perspective) {
    const std::string note = perspective->get().text;
    found.state = ParsePerspective(note, stage.knowledge(), stage.language());
    notes.push_back({cue, prefix, note});
  }
  if (phase) found.phase = phase();

  if (!parts_.phase) return stage.Reply(prompts.Cue("reply_without_phase"), std::move(notes));
  const std::string& reply_cue =
      prompts.Cue(parts_.perspective ? "reply" : "reply_without_perspective");
  return stage.Reply(CueForPhase(reply_cue, stage.scheme(), *found.phase, stage.language()),
                     std::move(notes));
}

}  // namespace emostage
