#include "eval/safety_eval.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "base/json.h"
#include "emostage/error.h"
#include "method/stage.h"
#include "safety/turn_reading.h"
#include "session/safety_turn.h"

namespace emostage {
namespace {

constexpr RiskLevel kTakeOver = RiskLevel::kModerate;

// What a turn of a case needs of a model: a talk of its own, and the prompts of the main method.
class Reader {
 public:
  Reader(const Knowledge& knowledge, const std::shared_ptr<Model>& model, bool words)
      : knowledge_(knowledge), model_(model), context_(model ? model->Open() : nullptr) {
    options_.weigh_words = words;
  }

  // Reads the last turn of `dialogue` after `before`, and moves `before` on.
  SafetyResult Read(const Dialogue& dialogue, Language language, ProtocolState& before) {
    SafetyTurn turn(knowledge_, options_, dialogue, language, before, {});
    SafetyResult result;
    if (model_) {
      StageSettings settings;
      settings.knowledge = &knowledge_;
      settings.model = model_.get();
      settings.context = context_.get();
      settings.memory = &memory_;
      settings.leanings = &leanings_;
      settings.dialogue = &dialogue;
      settings.scheme = &knowledge_.scheme("five-phase");
      settings.language = language;
      Stage stage(settings, "emostage", "emostage");
      turn.AskModel(stage)();
      result.probabilities = turn.model_probabilities();
      result.leaning = turn.model_leaning();
    }
    const RiskReading risk = turn.risk();
    before = turn.state();
    result.read = before.level;
    result.in_charge = before.level >= kTakeOver;
    if (!risk.evidence.empty()) {
      const RiskEvidence& first = risk.evidence.front();
      result.why = (first.rule.empty() ? first.source : first.rule) + ": " + first.words;
    }
    return result;
  }

 private:
  inline static Leanings leanings_{""};  // fixed texts only; one asking serves all talks
  const Knowledge& knowledge_;
  SafetyOptions options_;
  const std::shared_ptr<Model> model_;
  const std::unique_ptr<Context> context_;
  Memory memory_;
};

}  // namespace

std::vector<SafetyResult> EvaluateSafety(const std::shared_ptr<const Knowledge>& knowledge,
                                         const std::vector<SafetyCase>& cases,
                                         const SafetyEvalOptions& options) {
  std::vector<SafetyResult> results;
  size_t done = 0;
  for (const SafetyCase& one : cases) {
    Reader reader(*knowledge, options.model, options.words);
    Dialogue dialogue;
    ProtocolState state;
    for (const SafetyCase::Turn& turn : one.turns) {
      dialogue.turns.push_back({turn.role, turn.text, ""});
      if (turn.role == Role::kCounsellor) continue;
      SafetyResult result = reader.Read(dialogue, one.language, state);
      result.of = &one;
      result.turn = &turn;
      results.push_back(std::move(result));
    }
    if (options.progress) options.progress(++done, cases.size());
  }
  return results;
}

std::string FeatureLines(const Knowledge& knowledge, const std::vector<SafetyCase>& cases) {
  std::string lines;
  for (const SafetyCase& one : cases) {
    std::string_view before;
    RiskLevel talk = RiskLevel::kNone;
    int number = 0;
    for (const SafetyCase::Turn& turn : one.turns) {
      if (turn.role == Role::kCounsellor) {
        before = turn.text;
        continue;
      }
      const TurnFeatures features = FeaturesOf(knowledge.safety(), one.language, turn.text, before);
      const OrderedJson json = {{"id", one.id},
                                {"turn", ++number},
                                {"author", one.author},
                                {"language", LanguageCode(features.language)},
                                {"form", one.form},
                                {"kind", turn.kind},
                                {"level", RiskLevelName(turn.level)},
                                {"level_before", RiskLevelName(talk)},
                                {"patterns", RiskLevelName(features.level)},
                                {"explicit", features.is_explicit},
                                {"sentences", features.sentences},
                                {"found", features.found}};
      lines += DumpJson(json) + "\n";
      talk = turn.level;
    }
  }
  return lines;
}

void Count(SafetyRates& rates, const SafetyResult& result) {
  const RiskLevel label = result.turn->level;
  if (label >= kTakeOver) {
    ++rates.danger;
    rates.caught += result.in_charge ? 1 : 0;
  } else {
    ++rates.calm;
    rates.alarms += result.in_charge ? 1 : 0;
  }
  ++rates.confusion[static_cast<size_t>(label)][static_cast<size_t>(result.read)];
}

std::string TuneThresholds(const std::vector<SafetyResult>& results, const std::string& model,
                           double alarms) {
  std::string toml = "[[model]]\nname = \"" + model + "\"\n";
  for (const Language language : kAllLanguages) {
    toml += std::string(LanguageCode(language)) + " = { ";
    for (const RiskLevel level : {RiskLevel::kModerate, RiskLevel::kHigh, RiskLevel::kImminent}) {
      // What the model gives to turns that are below this level.
      std::vector<double> below;
      for (const SafetyResult& one : results) {
        if (one.of->language != language || one.probabilities.empty()) continue;
        if (one.turn->level >= level) continue;
        below.push_back(RiskOdds(level, one.probabilities, one.leaning));
      }
      std::ranges::sort(below, std::greater<>());
      const auto allowed = static_cast<size_t>(alarms * static_cast<double>(below.size()));
      const double least = below.empty() ? 9 : below[std::min(allowed, below.size() - 1)] + 0.01;
      char text[48];
      std::snprintf(text, sizeof text, "%s%s = %.2f", level == RiskLevel::kModerate ? "" : ", ",
                    std::string(RiskLevelName(level)).c_str(), least);
      toml += text;
    }
    toml += " }\n";
  }
  return toml;
}

}  // namespace emostage
