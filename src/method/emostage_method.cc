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

std::string_view EmoStage::ReplyCue(bool restated) const {
  if (!parts_.perspective) return "reply_without_perspective";
  if (!parts_.phase) return restated ? "reply_from_notes_without_phase" : "reply_without_phase";
  return restated ? "reply_from_notes" : "reply";
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

  TextMap values;
  std::vector<Exchange> before;
  if (perspective) {
    const std::string note = perspective->get().text;
    found.state = ParsePerspective(note, stage.knowledge(), stage.language());
    values = PerspectiveValues(*found.state, stage.knowledge(), prompts);
    if (!prompts.restates_notes) before.push_back({cue, prefix, note});
  }
  if (phase) {
    found.phase = phase();
    values.merge(PhaseValues(*found.phase, stage.scheme(), stage.language()));
  }
  return stage.Reply(Fill(prompts.Cue(ReplyCue(prompts.restates_notes)), values),
                     std::move(before));
}

}  // namespace emostage
