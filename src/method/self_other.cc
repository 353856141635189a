#include "method/self_other.h"

#include <cmath>

#include "method/cue_text.h"
#include "method/fair_choice.h"
#include "method/perspective.h"
#include "method/stage.h"

namespace emostage {
namespace {

constexpr double kAlone = 0.9;  // a view with this share of the weight speaks alone

Asked<Completion> AskView(Stage& stage, const Stage::Side& side, std::string_view step) {
  return stage.NoteOn(side, step, stage.prompts().Cue("view"), stage.prompts().Prefix(step),
                      LineSchema(stage.language(), stage.fixed().note));
}

}  // namespace

Answer SelfOther::Respond(Stage& stage) const {
  const PromptFile& prompts = stage.prompts();
  const Emotions& emotions = stage.knowledge().emotions();
  const std::string& cue = prompts.Cue("view");

  // Differentiate: each side is read without the other. The weight needs both, in order.
  const Stage::Side client = stage.SideOf(Speaker::kClient);
  const Stage::Side own = stage.SideOf(Speaker::kCounsellor);
  Asked<Completion> client_view = AskView(stage, client, "client_view");
  Asked<Choice> feels =
      stage.ChooseOn(client, "feels", cue, prompts.Prefix("feels"), LabelsOf(emotions, stage));
  TextMap views;
  // One side after the other: questions of several contexts side by side share batches as it
  // happens, and the same seed would not give the same reply.
  views["client_view"] = Written(stage, "client_view", client_view);
  views["feels"] = emotions[feels.get().best].name.in(stage.language());
  const bool has_own_view = !own.messages.empty();
  if (has_own_view) {
    Asked<Completion> own_view = AskView(stage, own, "own_view");
    views["own_view"] = Written(stage, "own_view", own_view);
  }
  const auto weigh =
      AskFairly(stage, "weight", cue, cue,
                GapLabels({prompts.Word("weight_client"), prompts.Word("weight_own")}, prompts));
  const double client_share = weigh().front();

  // Modulate: by their shares, or the one alone that has nearly all the weight.
  const long percent = std::lround(100 * client_share);
  views["client_share"] = std::to_string(percent);
  views["own_share"] = std::to_string(100 - percent);
  std::string_view reply = "reply_from_views";
  if (client_share >= kAlone || !has_own_view) {
    reply = "reply_from_client_view";
  } else if (client_share <= 1 - kAlone) {
    reply = "reply_from_own_view";
  }
  return stage.Reply(Fill(prompts.Cue(reply), views));
}

}  // namespace emostage
