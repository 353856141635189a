#include "session/safety_turn.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <utility>

#include "emostage/error.h"

namespace emostage {
namespace {

constexpr double kLongAway = 7 * 24;  // hours
constexpr double kRemindEvery = 3;

std::string_view LastOf(const Dialogue& dialogue, size_t before, Role role) {
  for (size_t i = before; i-- > 0;) {
    if (dialogue.turns[i].role == role) return dialogue.turns[i].text;
  }
  return "";
}

std::string Formatted(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

// An answer to "which country?", or a country named beside.
std::string CountryAfter(const SafetyKnowledge& safety, const SafetyOptions& options,
                         const ProtocolState& state, std::string_view text) {
  if (state.stage == "country") {
    if (const HelplineCountry* named = safety.helplines.FindInText(text)) return named->code;
  }
  if (!state.country.empty()) return state.country;
  return options.country;
}

}  // namespace

SafetyTurn::SafetyTurn(const Knowledge& knowledge, const SafetyOptions& options,
                       const Dialogue& dialogue, Language language, const ProtocolState& before,
                       const TalkTimes& times)
    : safety_(knowledge.safety()),
      options_(options),
      dialogue_(dialogue),
      language_(language),
      before_(before),
      times_(times) {
  const size_t last = dialogue.turns.size() - 1;
  const std::string& text = dialogue.turns[last].text;
  reading_ = ReadTurn(safety_, language, text, LastOf(dialogue, last, Role::kCounsellor),
                      options.weigh_words);
  country_ = CountryAfter(safety_, options, before, text);
  Move();
}

void SafetyTurn::Move() {
  const HelplineCountry* country = safety_.helplines.Find(country_);
  move_ = Advance(before_, reading_, safety_.in(language_).texts, country);
  move_.state.country = country_ == options_.country ? "" : country_;
}

bool SafetyTurn::WouldAsk(const Model& model) const {
  return options_.ask_model && safety_.thresholds.Counts(model.info().name, language_);
}

std::function<void()> SafetyTurn::AskModel(Stage& stage) {
  const RiskQuestion& question = safety_.in(language_).question;
  leaning_ = stage.Leaning("risk leaning", question.cue, question.prefix, question.labels);
  const auto asked = std::make_shared<Asked<Choice>>(
      stage.Choose("risk", question.cue, question.prefix, question.labels));
  return [this, asked, &stage] {
    try {
      const Choice choice = asked->get();
      probabilities_ = choice.probabilities;
      const RiskLevel level =
          safety_.thresholds.Level(stage.answer().model, language_, choice.probabilities, leaning_);
      AddModelReading(reading_, level,
                      Formatted(RiskOdds(RiskLevel::kModerate, choice.probabilities, leaning_)));
      Move();
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kCancelled) throw;
      ModelFailed();
      stage.Remark("risk", error.what());
    }
  };
}

void SafetyTurn::ModelFailed() {
  model_failed_ = true;
  // A hint that the model might have read as more: rather ask too much.
  if (reading_.level == RiskLevel::kLow && before_.level < RiskLevel::kModerate) {
    reading_.level = RiskLevel::kModerate;
    reading_.kinds.clear();
    Move();
  }
}

std::string SafetyTurn::Disclosure() const {
  const ProtocolTexts::Disclosure& texts = safety_.in(language_).texts.disclosure();
  if (reading_.answers.contains("asks-if-human")) {
    return texts.asked[dialogue_.turns.size() / 2 % texts.asked.size()];
  }
  if (dialogue_.turns.size() == 1) return texts.first;
  if (times_.away_hours >= kLongAway) return texts.away;
  const bool reminds = std::floor(times_.together_hours / kRemindEvery) >
                       std::floor(times_.together_hours_before / kRemindEvery);
  if (options_.minors && reminds) return texts.hours;
  return "";
}

RiskReading SafetyTurn::risk() const {
  RiskReading risk;
  risk.level = RiskLevelName(move_.state.level);
  risk.turn_level = RiskLevelName(reading_.level);
  risk.evidence = reading_.evidence;
  risk.took_over = Speaks();
  risk.model_failed = model_failed_;
  const ProtocolState calm;
  const std::string protocol = ProtocolToJson(move_.state);
  if (protocol != ProtocolToJson(calm)) risk.protocol = protocol;
  if (move_.card) {
    if (const HelplineCountry* country = safety_.helplines.Find(country_)) {
      risk.card = CardFor(move_.state, safety_.in(language_).texts, safety_.helplines, *country,
                          language_, move_.urgent);
    }
  }
  return risk;
}

void SafetyTurn::Finish(Answer& answer) const {
  const std::string held_back = std::move(answer.risk.held_back);
  answer.risk = risk();
  answer.risk.held_back = held_back;
  if (Speaks()) answer.reply = move_.reply;
}

void SafetyTurn::Report(const Answer& answer) const {
  if (!options_.on_event) return;
  RiskEvent event;
  event.from = before_.level;
  event.to = move_.state.level;
  event.track = move_.state.track;
  event.language = language_;
  const auto tell = [&](const char* what) {
    event.what = what;
    options_.on_event(event);
  };
  if (event.from != event.to) tell("level_changed");
  if (move_.took_over) tell("took_over");
  if (!answer.risk.held_back.empty()) tell("reply_held_back");
}

ProtocolState ReplayProtocol(const SafetyKnowledge& safety, const SafetyOptions& options,
                             const Dialogue& dialogue, std::optional<Language> language) {
  ProtocolState state;
  std::string_view before;
  Dialogue heard;
  for (size_t i = 0; i + 1 < dialogue.turns.size(); ++i) {
    const Turn& turn = dialogue.turns[i];
    if (turn.role == Role::kCounsellor) {
      before = turn.text;
      continue;
    }
    heard.turns.assign(1, turn);
    const Language spoken = language.value_or(DetectLanguage(heard));
    const std::string country = CountryAfter(safety, options, state, turn.text);
    const TurnReading reading = ReadTurn(safety, spoken, turn.text, before, options.weigh_words);
    state = Advance(state, reading, safety.in(spoken).texts, safety.helplines.Find(country)).state;
    state.country = country == options.country ? "" : country;
  }
  return state;
}

}  // namespace emostage
