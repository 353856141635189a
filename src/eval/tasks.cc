#include "eval/tasks.h"

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "emostage/error.h"
#include "method/perspective_questions.h"
#include "method/phase_question.h"
#include "method/stage.h"

namespace emostage {

std::vector<EvalItem> LabelTurns(const std::shared_ptr<Model>& model, const EvalDialogue& dialogue,
                                 const RunOptions& options) {
  const Knowledge& knowledge = *options.session.knowledge;
  const Language language = dialogue.language;
  const EvalTexts& texts = (*options.texts)[static_cast<size_t>(language)];
  const std::unique_ptr<Context> context = model->Open();
  Memory memory;
  std::vector<std::string> strategies;
  for (const Strategy& one : knowledge.strategies()) strategies.push_back(one.name.in(language));
  const std::string strategy_cue =
      Fill(texts.strategy_cue, {{"strategies", DefinitionList(knowledge.strategies(), language)}});

  std::vector<EvalItem> items;
  for (const size_t turn : AnswerableTurns(dialogue)) {
    if (options.stop.stop_requested()) throw Error(ErrorCode::kCancelled, "stopped");
    const auto begun = std::chrono::steady_clock::now();
    const Dialogue talk = dialogue.UpTo(turn + 1);
    StageSettings settings;
    settings.knowledge = &knowledge;
    settings.model = model.get();
    settings.context = context.get();
    settings.memory = &memory;
    settings.leanings = options.session.leanings.get();
    settings.dialogue = &talk;
    settings.scheme = &knowledge.scheme(options.session.scheme);
    settings.language = language;
    settings.stop = options.stop;
    Stage stage(settings, "emostage", "emostage");
    if (const std::string& id = options.session.stimulus; !id.empty()) {
      stage.EndQuestionsWith(knowledge.stimuli().Get(id).text.in(language));
    }
    const std::function<ClientState()> state = AskPerspective(stage, /*written=*/false);
    const std::function<PhaseBelief()> phase = AskPhase(stage);
    Asked<Choice> strategy =
        stage.Choose(kStrategyStep, strategy_cue, texts.strategy_prefix, strategies);
    EvalItem item;
    item.method = kLabelsMethod;
    item.dialogue = dialogue.id;
    item.turn = turn;
    stage.answer().state = state();
    stage.answer().phase = phase();
    static_cast<void>(strategy.get());
    item.answer = std::move(stage.answer());
    item.answer.total_ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace emostage
