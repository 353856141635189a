#include "method/strategy.h"

#include "method/stage.h"
#include "method/strategy_question.h"

namespace emostage {
namespace {

constexpr size_t kMost = 3;  // strategies in one reply; more would leave each of them no sentence

}  // namespace

Answer StrategyFirst::Respond(Stage& stage) const {
  const std::string& cue = stage.prompts().Cue("strategy");
  const StrategyMix mix = AskStrategy(stage, cue, cue, kMost)();
  return stage.Reply(
      Fill(stage.prompts().Cue("reply_by_strategy"), {{"acts", ActsText(mix, stage)}}));
}

}  // namespace emostage
