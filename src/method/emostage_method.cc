#include "method/emostage_method.h"

#include <functional>
#include <optional>
#include <utility>

#include "emostage/error.h"
#include "method/perspective_questions.h"
#include "method/phase_question.h"
#include "method/stage.h"

namespace emostage {

std::string_view EmoStage::name() const {
  if (!parts_.perspective) return "emostage-without-perspective";
  if (!parts_.written) return "emostage-labels";
  return parts_.phase ? "emostage" : "emostage-without-phase";
}

std::string_view EmoStage::summary() const {
  if (!parts_.perspective) return "control: EmoStage that recognises the phase only";
  if (!parts_.written)
    return "EmoStage whose perspective is labels by likelihood, none of it written: faster";
  return parts_.phase ? "takes the client's perspective, recognises the phase, then replies in "
                        "step with both (our reading of EmoStage, 2025)"
                      : "control: EmoStage that takes the perspective only";
}

std::string_view EmoStage::source() const {
  const bool whole = parts_.perspective && parts_.phase && parts_.written;
  return whole ? "EmoStage (2025), our reading of its abstract" : "ours, after EmoStage (2025)";
}

std::vector<std::string_view> EmoStage::steps() const {
  std::vector<std::string_view> steps;
  const bool written = parts_.perspective && parts_.written;
  if (written) steps.emplace_back("thinks");
  if (parts_.perspective) steps.insert(steps.end(), {"feels", "strength", "needs"});
  if (parts_.phase) steps.emplace_back("phase");
  if (written) steps.emplace_back("situation");
  steps.emplace_back("reply");
  return steps;
}

int EmoStage::calls() const { return static_cast<int>(steps().size()); }

std::string_view EmoStage::ReplyCue() const {
  if (!parts_.perspective) return "reply_without_perspective";
  if (!parts_.written) return "reply_from_labels";
  return parts_.phase ? "reply" : "reply_without_phase";
}

Answer EmoStage::Respond(Stage& stage) const {
  Answer& found = stage.answer();

  // All of these read nothing but the dialogue: asked together, answered side by side.
  std::function<ClientState()> perspective;
  std::function<PhaseBelief()> phase;
  if (parts_.perspective) perspective = AskPerspective(stage, parts_.written);
  if (parts_.phase) phase = AskPhase(stage);

  TextMap values;
  if (perspective) {
    found.state = perspective();
    values = PerspectiveValues(*found.state, stage.knowledge(), stage.prompts());
  }
  if (phase) {
    found.phase = phase();
    values.merge(PhaseValues(*found.phase, stage.scheme(), stage.language()));
  }

  // What happened the reply can read in the client's own words. Whoever looks on wants it in short:
  // written beside the reply, it keeps nobody waiting.
  std::optional<Asked<Completion>> situation;
  if (perspective && parts_.written) situation = AskLine(stage, "situation");
  return stage.Reply(Fill(stage.prompts().Cue(ReplyCue()), values), {}, [&] {
    if (!situation) return;
    try {
      found.state->situation = LineText(situation->get());
    } catch (const Error& error) {
      // The client has read the reply by now: a turn is not lost for want of a note on it.
      stage.Remark("situation", error.what());
    }
  });
}

}  // namespace emostage
