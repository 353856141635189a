#include "method/perspective_questions.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "method/draft_text.h"
#include "method/perspective.h"

namespace emostage {
namespace {

constexpr int kStrengths = 5;
constexpr double kSecondShare = 0.5;  // of the likeliest one's probability

template <typename Entries>
std::vector<std::string> Labels(const Entries& entries, const Stage& stage) {
  std::vector<std::string> labels;
  for (const auto& entry : entries) {
    labels.push_back(stage.prompts().Word("label_gap") + entry.name.in(stage.language()));
  }
  return labels;
}

std::vector<Feeling> Feelings(const Choice& emotion, const Choice& strength,
                              const Knowledge& knowledge) {
  const double mean = MeanStrength(strength.probabilities);
  const std::vector<size_t> strongest = Strongest(emotion.probabilities);
  std::vector<Feeling> feels;
  for (const size_t which : strongest) {
    // The strength was asked of the strongest; a second one has its share of it.
    const double share = emotion.probabilities[which] / emotion.probabilities[strongest.front()];
    feels.push_back(
        {knowledge.emotions()[which].id, std::max(1, static_cast<int>(std::lround(mean * share)))});
  }
  return feels;
}

}  // namespace

std::vector<size_t> Strongest(const std::vector<double>& probabilities) {
  std::vector<size_t> order(probabilities.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, std::greater{}, [&](size_t i) { return probabilities[i]; });
  const bool second =
      order.size() > 1 && probabilities[order[1]] >= kSecondShare * probabilities[order[0]];
  order.resize(second ? 2 : std::min<size_t>(1, order.size()));
  return order;
}

double MeanStrength(const std::vector<double>& probabilities) {
  double mean = 0;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    mean += static_cast<double>(i + 1) * probabilities[i];
  }
  return mean;
}

Asked<Completion> AskLine(Stage& stage, const std::string& line) {
  return stage.Note(line, stage.prompts().Cue("notes"), stage.prompts().Prefix(line),
                    LineSchema(stage.language(), stage.fixed().note));
}

std::string LineText(const Completion& line) {
  const OrderedJson json = OrderedJson::parse(line.text, nullptr, false);
  return std::string(Trim(json.is_string() ? json.get<std::string>() : line.text));
}

std::function<ClientState()> AskPerspective(Stage& stage, bool written) {
  const PromptFile& prompts = stage.prompts();
  const Knowledge& knowledge = stage.knowledge();
  const std::string& cue = prompts.Cue("notes");
  std::vector<std::string> strengths;
  for (int i = 1; i <= kStrengths; ++i) strengths.push_back(std::to_string(i));

  // The written line first: it takes longest, and the others read what it has not.
  struct Questions {
    std::optional<Asked<Completion>> thinks;
    Asked<Choice> emotion, strength, needs;
  };
  const auto asked = std::make_shared<Questions>(Questions{
      written ? std::optional(AskLine(stage, "thinks")) : std::nullopt,
      stage.Choose("feels", cue, prompts.Prefix("feels"), Labels(knowledge.emotions(), stage)),
      stage.Choose("strength", cue, prompts.Prefix("strength"), strengths),
      stage.Choose("needs", cue, prompts.Prefix("needs"), Labels(knowledge.needs(), stage))});
  return [&stage, asked] {
    ClientState state;
    if (asked->thinks) state.thinks = LineText(asked->thinks->get());
    const Choice emotion = asked->emotion.get();
    state.feels = Feelings(emotion, asked->strength.get(), stage.knowledge());
    for (const size_t need : Strongest(asked->needs.get().probabilities)) {
      state.needs.push_back(stage.knowledge().needs()[need].id);
    }
    return state;
  };
}

TextMap PerspectiveValues(const ClientState& state, const Knowledge& knowledge,
                          const PromptFile& prompts) {
  const std::string& gap = prompts.Word("list_gap");
  std::string feels;
  for (const Feeling& feeling : state.feels) {
    const Emotion* emotion = knowledge.emotions().Find(feeling.emotion);
    if (emotion == nullptr) continue;
    feels += (feels.empty() ? "" : gap) + emotion->name.in(prompts.language) + " " +
             std::to_string(feeling.intensity) + "/5";
  }
  std::string needs;
  for (const std::string& id : state.needs) {
    const Need* need = knowledge.needs().Find(id);
    if (need != nullptr) needs += (needs.empty() ? "" : gap) + need->name.in(prompts.language);
  }
  return {{"feels", feels}, {"needs", needs}, {"thinks", ForCue(state.thinks, prompts)}};
}

}  // namespace emostage
