#include "method/persona.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "method/cue_text.h"
#include "method/stage.h"
#include "method/strategy_question.h"

namespace emostage {
namespace {

constexpr int kMostLines = 4;
constexpr int kLineTokens = 14;
constexpr int kCjkLineTokens = 24;

// How much a strategy leans on the persona, by its id, as a share of the lines told. The order is
// PAL's weights for its contrast between a model with and one without the persona; scaled so that
// the greatest tells all lines. What is not named here tells none.
const std::map<std::string, double, std::less<>>& PersonaShares() {
  static const std::map<std::string, double, std::less<>> shares = {{"restatement", 1.0},
                                                                    {"affirmation", 1.0},
                                                                    {"suggestions", 1.0},
                                                                    {"information", 1.0},
                                                                    {"others", 0.5}};
  return shares;
}

std::string LinesSchema(const Stage& stage) {
  const int tokens = stage.language() == Language::kEnglish ? kLineTokens : kCjkLineTokens;
  return OrderedJson({{"type", "array"},
                      {"minItems", 1},
                      {"maxItems", kMostLines},
                      {"items", {{"type", "string"}, {"x-max-tokens", tokens}}}})
      .dump();
}

// Empty where the answer is no list of words.
std::vector<std::string> LinesOf(const Completion& answer, const PromptFile& prompts) {
  std::vector<std::string> lines;
  const OrderedJson json = OrderedJson::parse(answer.text, nullptr, false);
  if (!json.is_array()) return lines;
  for (const OrderedJson& one : json) {
    if (!one.is_string() || lines.size() == kMostLines) continue;
    std::string line = CueText(one.get<std::string>(), prompts);
    if (!line.empty() && std::ranges::find(lines, line) == lines.end()) {
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

std::string Joined(const std::vector<std::string>& lines, size_t count, const Stage& stage) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) text += stage.language() == Language::kEnglish ? "; " : "；";
    text += lines[i];
  }
  return text;
}

}  // namespace

Answer Persona::Respond(Stage& stage) const {
  const PromptFile& prompts = stage.prompts();
  Memory::Persona& kept = stage.memory().persona;
  const size_t turn = stage.client_turns() - 1;
  const size_t seed = std::hash<std::string_view>()(LanguageCode(stage.language()));
  const size_t key_before = turn == 0 ? 0 : stage.KeyUpTo(turn - 1, seed);
  // Lines that belong to other words than those before this turn are not this talk's.
  std::vector<std::string> known;
  if (turn > 0 && kept.key == key_before) known = kept.lines;
  if (turn > 0 && kept.known_key == key_before) known = kept.known;  // answered again

  const std::string cue = known.empty() ? prompts.Cue("persona")
                                        : Fill(prompts.Cue("persona_again"),
                                               {{"persona", Joined(known, known.size(), stage)}});
  const std::string& strategy_cue = prompts.Cue("strategy");
  const auto strategy = AskStrategy(stage, strategy_cue, strategy_cue, 1);
  Asked<Completion> asked =
      stage.Note("persona", cue, prompts.Prefix("persona"), LinesSchema(stage));

  const StrategyMix chosen = strategy();
  const Completion written = asked.get();
  std::vector<std::string> lines = LinesOf(written, prompts);
  if (lines.empty()) {
    stage.Remark("persona", "no line that could be read was written: the earlier ones stay");
    lines = known;
  }
  // Half a list must not be remembered.
  if (written.finish != FinishReason::kCancelled) {
    kept = {stage.KeyUpTo(turn, seed), lines, key_before, known};
  }

  TextMap values = {{"acts", ActsText(chosen, stage)}};
  const auto share = PersonaShares().find(stage.knowledge().strategies()[chosen.front().first].id);
  const auto told =
      share == PersonaShares().end()
          ? 0
          : static_cast<size_t>(std::ceil(share->second * static_cast<double>(lines.size())));
  if (told == 0) return stage.Reply(Fill(prompts.Cue("reply_by_strategy"), values));
  values["persona"] = Joined(lines, told, stage);
  return stage.Reply(Fill(prompts.Cue("reply_to_persona"), values));
}

}  // namespace emostage
