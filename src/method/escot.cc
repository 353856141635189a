#include "method/escot.h"

#include <functional>

#include "method/cue_text.h"
#include "method/fair_choice.h"
#include "method/stage.h"
#include "method/strategy_question.h"

namespace emostage {

Answer Escot::Respond(Stage& stage) const {
  const PromptFile& prompts = stage.prompts();
  const Emotions& emotions = stage.knowledge().emotions();
  TextMap chain;
  const auto cue = [&](std::string_view name) { return Fill(prompts.Cue(name), chain); };
  const auto write = [&](std::string_view link, std::string_view cue_name) {
    Asked<Completion> line = AskWritten(stage, link, cue(cue_name));
    return Written(stage, link, line);
  };

  // Each link reads those before it, so none can be asked beside another.
  const Choice emotion =
      stage.Choose("emotion", cue("chain"), prompts.Prefix("emotion"), LabelsOf(emotions, stage))
          .get();
  chain["emotion"] = emotions[emotion.best].name.in(stage.language());

  chain["stimulus"] = write("stimulus", "chain_stimulus");
  // A chain that begins with what nobody said would argue well for the wrong thing.
  if (chain["stimulus"] != prompts.Word("unknown") && !TakesUpClient(stage, chain["stimulus"])) {
    stage.Remark("stimulus", "no word of it is the client's: left out");
    chain["stimulus"] = prompts.Word("unknown");
  }
  chain["appraisal"] = write("appraisal", "chain_appraisal");

  const StrategyMix chosen = AskStrategy(stage, cue("chain_strategy"), prompts.Cue("chain"), 1)();
  chain["strategy"] = ActsText(chosen, stage);
  chain["reason"] = write("reason", "chain_reason");
  return stage.Reply(cue("reply_from_chain"));
}

}  // namespace emostage
