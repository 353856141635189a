#include "method/phase_question.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "emostage/error.h"
#include "method/phase_filter.h"
#include "method/window.h"

namespace emostage {
namespace {

// How many client turns back a session that begins in mid-talk looks. A filter forgets: what lies
// further back changes the belief by less than its reading does.
constexpr size_t kLookBack = 8;

std::vector<std::string> PhaseLabels(const Stage& stage) {
  std::vector<std::string> labels;
  for (const Phase& phase : stage.scheme().phases) {
    labels.push_back(stage.prompts().Word("label_gap") + phase.name.in(stage.language()));
  }
  return labels;
}

}  // namespace

std::function<PhaseBelief()> AskPhase(Stage& stage) {
  const std::vector<std::string> labels = PhaseLabels(stage);
  const std::vector<double> leaning = stage.Leaning("phase leaning", stage.prompts().Cue("notes"),
                                                    stage.prompts().Prefix("phase"), labels);
  const size_t turns = stage.client_turns();
  const size_t seed = std::hash<std::string>()(stage.scheme().file.id +
                                               std::string(LanguageCode(stage.language())));

  std::vector<Memory::PhaseReading>& readings = stage.memory().phase_readings;
  readings.resize(turns);
  using Waiting = std::vector<std::pair<size_t, Asked<Choice>>>;
  const auto waiting = std::make_shared<Waiting>();
  const size_t oldest = turns > kLookBack ? turns - kLookBack : 0;
  // Newest first: it reads the dialogue to its end, and the earlier ones find themselves read.
  for (size_t turn = turns; turn-- > oldest;) {
    const size_t key = stage.KeyUpTo(turn, seed);
    if (readings[turn].key == key && !readings[turn].probabilities.empty()) continue;
    readings[turn] = {key, {}};
    const std::vector<Message> messages = stage.MessagesUpTo(turn);
    if (messages.empty()) continue;  // folded away
    const std::string name = turn + 1 == turns ? "phase" : "phase of an earlier turn";
    waiting->emplace_back(turn, stage.Choose(name, stage.prompts().Cue("notes"),
                                             stage.prompts().Prefix("phase"), labels, messages));
  }
  return [&stage, &readings, leaning, waiting, oldest] {
    for (auto& [turn, choice] : *waiting) readings[turn].probabilities = choice.get().probabilities;
    PhaseFilter filter(stage.scheme(), leaning);
    for (size_t turn = oldest; turn < readings.size(); ++turn) {
      if (!readings[turn].probabilities.empty()) filter.Update(readings[turn].probabilities);
    }
    return filter.Belief();
  };
}

TextMap PhaseValues(const PhaseBelief& belief, const PhaseScheme& scheme, Language language) {
  const auto index = scheme.IndexOf(belief.label);
  if (!index) throw Error(ErrorCode::kInternal, "an unknown phase was believed in");
  const Phase& phase = scheme.phases[*index];
  return {{"phase", phase.name.in(language)},
          {"aims", phase.aims.in(language)},
          {"do", phase.actions.in(language)},
          {"too_early", phase.too_early.in(language)}};
}

}  // namespace emostage
