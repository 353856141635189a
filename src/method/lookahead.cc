#include "method/lookahead.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "method/draft_text.h"
#include "method/perspective.h"
#include "method/perspective_questions.h"
#include "method/stage.h"
#include "method/window.h"

namespace emostage {
namespace {

constexpr size_t kTried = 3;       // strategies, the likeliest ones
constexpr double kHabit = 0.4;     // what a strategy's own probability counts beside its outlook
constexpr int kClientTokens = 24;  // of the simulated client's turn

// One strategy tried out.
struct Trial {
  const Strategy* strategy = nullptr;
  double probability = 0;
  std::string draft;             // empty: nothing that may be said
  std::vector<Exchange> before;  // the draft, then what the simulated client says to it
  double outlook = 0;            // from -1 (the client feels worse) to 1 (better)
  [[nodiscard]] double score() const { return outlook + kHabit * probability; }
};

std::vector<Trial> LikeliestStrategies(Stage& stage) {
  const PromptFile& prompts = stage.prompts();
  const std::vector<const Strategy*> strategies = ReplyStrategies(stage.knowledge());
  std::vector<std::string> labels;
  for (const Strategy* strategy : strategies) {
    labels.push_back(prompts.Word("label_gap") + strategy->name.in(stage.language()));
  }
  const Choice choice =
      stage.Choose("strategy", prompts.Cue("strategy_choice"), prompts.Prefix("strategy"), labels)
          .get();
  std::vector<Trial> trials;
  for (size_t i = 0; i < strategies.size(); ++i) {
    trials.push_back({.strategy = strategies[i], .probability = choice.probabilities[i]});
  }
  std::ranges::stable_sort(trials, std::greater{}, &Trial::probability);
  trials.resize(std::min(trials.size(), kTried));
  return trials;
}

// A draft by each strategy. Those with nothing that may be said are tried no further.
void WriteDrafts(Stage& stage, std::vector<Trial>& trials) {
  std::vector<Asked<std::vector<Completion>>> asked;
  for (Trial& trial : trials) {
    const std::string cue = Fill(stage.prompts().Cue("reply_with_strategy"),
                                 {{"strategy", trial.strategy->name.in(stage.language())}});
    trial.before.push_back({cue, "", ""});
    asked.push_back(stage.Drafts("draft", cue, 1));
  }
  for (size_t i = 0; i < trials.size(); ++i) {
    const std::vector<Completion> drafts = asked[i].get();
    if (drafts.empty()) continue;
    trials[i].draft = drafts.front().text;
    trials[i].before.back().answer = WithoutCues(trials[i].draft, stage.prompts());
  }
  std::erase_if(trials, [](const Trial& trial) { return trial.draft.empty(); });
}

void SimulateClient(Stage& stage, std::vector<Trial>& trials) {
  const PromptFile& prompts = stage.prompts();
  const std::string& cue = prompts.Cue("client");
  std::vector<Asked<Completion>> asked;
  for (const Trial& trial : trials) {
    asked.push_back(
        stage.NoteAfter(trial.before, "client", cue, prompts.Prefix("client"),
                        LineSchema(stage.language(), stage.fixed().note, kClientTokens)));
  }
  for (size_t i = 0; i < trials.size(); ++i) {
    // A client who says nothing is none to judge by: the draft is, alone.
    const std::string said = ForCue(LineText(asked[i].get()), prompts);
    if (!said.empty()) trials[i].before.push_back({cue, prompts.Prefix("client"), said});
  }
}

void ReadOutlook(Stage& stage, std::vector<Trial>& trials) {
  const PromptFile& prompts = stage.prompts();
  std::vector<std::string> labels;
  for (const char* word : {"better", "same", "worse"}) {
    labels.push_back(prompts.Word("label_gap") + prompts.Word(word));
  }
  std::vector<Asked<Choice>> asked;
  for (const Trial& trial : trials) {
    asked.push_back(stage.ChooseAfter(trial.before, "outlook", prompts.Cue("outlook"),
                                      prompts.Prefix("outlook"), labels));
  }
  for (size_t i = 0; i < trials.size(); ++i) {
    const std::vector<double> shares = asked[i].get().probabilities;
    trials[i].outlook = shares[0] - shares[2];
  }
}

}  // namespace

Answer Lookahead::Respond(Stage& stage) const {
  stage.RequireLikelihoods();
  std::vector<Trial> trials = LikeliestStrategies(stage);
  WriteDrafts(stage, trials);
  SimulateClient(stage, trials);
  ReadOutlook(stage, trials);

  // Of equals the likelier strategy: without a look ahead, the greedy choice.
  std::ranges::stable_sort(trials, std::greater{}, &Trial::score);
  OrderedJson ranking = OrderedJson::array();
  for (const Trial& trial : trials) {
    ranking.push_back({{"strategy", trial.strategy->id},
                       {"probability", trial.probability},
                       {"outlook", trial.outlook},
                       {"score", trial.score()}});
  }
  stage.Conclude("ranking", DumpJson({{"ranking", ranking}}));
  return stage.ReplyWith(trials.empty() ? "" : trials.front().draft);
}

}  // namespace emostage
