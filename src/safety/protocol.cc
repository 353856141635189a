#include "safety/protocol.h"

#include <algorithm>
#include <utility>

#include "base/json.h"

namespace emostage {
namespace {

constexpr int kListenFor = 3;     // turns of the method between two checks
constexpr int kCalmEnough = 2;    // calm answers in a row before the level falls by one
constexpr size_t kMostLines = 4;  // on a card: more is a directory, not help
constexpr std::string_view kPlace = "{emergency}";

// How urgently a track must be dealt with when two meet: danger to life now first.
int Weight(std::string_view track) {
  constexpr std::string_view kOrder[] = {"third",  "eating", "psychosis", "abuse",
                                         "others", "self",   "medical"};
  return static_cast<int>(std::ranges::find(kOrder, track) - std::begin(kOrder));
}

// The number to call at once. An ambulance, or the police where somebody does the harm.
const std::string& EmergencyFor(const HelplineCountry& country, std::string_view track) {
  const bool police = track == "abuse" || track == "others";
  const auto fits = std::ranges::find_if(country.emergency, [police](const Emergency& one) {
    return one.what == "all" || one.what == (police ? "police" : "ambulance");
  });
  return fits == country.emergency.end() ? country.emergency.front().number : fits->number;
}

// One turn of the protocol.
class Play {
 public:
  Play(const ProtocolState& before, const TurnReading& turn, const ProtocolTexts& texts,
       const HelplineCountry* country)
      : state_(before), was_(before), turn_(turn), texts_(texts), country_(country) {}

  ProtocolMove Next() {
    const bool speaks_already = state_.level >= RiskLevel::kModerate;
    state_.level = std::max(state_.level, turn_.level);
    if (state_.level < RiskLevel::kModerate) return Listen();
    const bool another = turn_.level >= RiskLevel::kModerate && !turn_.track.empty() &&
                         (state_.track.empty() || Weight(turn_.track) > Weight(state_.track));
    if (another) {
      state_.track = turn_.track;
      state_.asked.clear();
    }
    if (state_.track.empty()) state_.track = "self";
    NoteWhatWasSaid();
    TakeAnswer();

    if (state_.level == RiskLevel::kImminent) return Immediate();
    if (!speaks_already || state_.stage.empty()) return Open();
    if (another && was_.track != state_.track) return Say("open");
    if (state_.stage == "open" || state_.stage == "again" || state_.stage == "caution") {
      return AfterOpening();
    }
    if (IsQuestion(state_.stage)) return NextQuestion();
    if (state_.stage == "country") return Resources();
    if (state_.stage == "check") return AfterCheck();
    return Follow();
  }

 private:
  [[nodiscard]] bool Said(std::string_view answer) const { return turn_.answers.contains(answer); }
  [[nodiscard]] bool NewDanger() const { return turn_.level >= RiskLevel::kModerate; }
  [[nodiscard]] bool IsQuestion(std::string_view stage) const {
    const auto& questions = FindTrack(state_.track).questions;
    return std::ranges::find(questions, stage) != questions.end();
  }
  void RaiseTo(RiskLevel level) { state_.level = std::max(state_.level, level); }

  // What the client has told already is not asked.
  void NoteWhatWasSaid() {
    if (turn_.kinds.contains("plan")) state_.asked.insert("plan");
    if (turn_.kinds.contains("means")) state_.asked.insert({"plan", "means"});
    if (turn_.kinds.contains("intent")) state_.asked.insert("intent");
  }

  // An answer to the protocol's own question raises the level; it never lowers it.
  void TakeAnswer() {
    const bool yes = Said("yes") && !Said("no");
    if (state_.stage == "plan" && yes) RaiseTo(RiskLevel::kHigh);
    if (state_.stage == "means" && (yes || Said("at-hand")) && !Said("away")) {
      RaiseTo(RiskLevel::kHigh);
    }
    if (state_.stage == "intent" && yes) RaiseTo(RiskLevel::kHigh);
    if (state_.stage == "time" && (Said("now") || yes) && !Said("no") && !Said("later")) {
      RaiseTo(RiskLevel::kImminent);
    }
    // "Are you safe?" is asked here, so that no is the answer to fear.
    const bool not_safe = Said("unsafe") || (Said("no") && !Said("safe"));
    if (AsksIfSafe() && not_safe) RaiseTo(RiskLevel::kHigh);
    if (state_.stage == "check" && Said("unsafe") && !Said("safe")) RaiseTo(RiskLevel::kHigh);
  }

  // Whether the protocol's last words asked if they are safe, rather than if they are in danger.
  [[nodiscard]] bool AsksIfSafe() const {
    if (state_.stage == "caution" || state_.stage == "safe") return true;
    return state_.track == "abuse" && (state_.stage == "open" || state_.stage == "again");
  }
  // Whether it could be answered by yes or no at all.
  [[nodiscard]] bool AsksYesOrNo() const {
    return state_.stage == "caution" || (state_.track != "third" && state_.track != "medical");
  }

  ProtocolMove Listen() {
    ProtocolMove move;
    move.state = state_;
    return move;
  }

  ProtocolMove Say(const std::string& stage) {
    ProtocolMove move;
    const std::vector<std::string>& wordings = texts_.Wordings(state_.track, stage);
    int& said = state_.said[state_.track + "/" + stage];
    move.reply = wordings[static_cast<size_t>(said) % wordings.size()];
    ++said;
    state_.stage = stage;
    if (IsQuestion(stage)) state_.asked.insert(stage);
    state_.listening = 0;
    move.took_over = was_.stage.empty() || was_.stage == "follow";
    move.state = state_;
    return move;
  }

  ProtocolMove WithCard(ProtocolMove move, bool urgent) {
    // Never the same card twice: a second time only where it has become urgent.
    move.card = country_ != nullptr && (urgent || !state_.card_shown);
    move.urgent = urgent;
    move.state.card_shown = state_.card_shown || move.card;
    return move;
  }

  ProtocolMove Open() {
    const bool only_the_model = turn_.track.empty() || turn_.kinds.empty();
    return Say(only_the_model ? "caution" : "open");
  }

  ProtocolMove AfterOpening() {
    const bool denies = AsksIfSafe()
                            ? Said("safe") || (Said("yes") && !Said("no") && !Said("unsafe"))
                            : AsksYesOrNo() && Said("no") && !Said("yes");
    if (denies && !NewDanger() && state_.level < RiskLevel::kHigh) {
      return WithCard(Say("denied"), false);
    }
    const bool answered = NewDanger() || Said("yes") || Said("no") || Said("unsafe") ||
                          Said("safe") || !AsksYesOrNo();
    if (!answered && state_.stage == "open") return Say("again");
    return NextQuestion();
  }

  ProtocolMove NextQuestion() {
    for (const std::string_view question : FindTrack(state_.track).questions) {
      if (!state_.asked.contains(question)) return Say(std::string(question));
    }
    return Resources();
  }

  ProtocolMove Resources() {
    if (country_ == nullptr && state_.stage != "country" && !state_.said.contains("any/country")) {
      ++state_.said["any/country"];
      return Say("country");
    }
    return WithCard(Say("resources"), false);
  }

  ProtocolMove Immediate() {
    const bool told = state_.stage == "imminent" || state_.stage == "stay";
    if (!told) {
      ProtocolMove move = Say("imminent");
      const std::string number = country_ != nullptr ? EmergencyFor(*country_, state_.track)
                                                     : texts_.words().emergency_unknown;
      if (const size_t at = move.reply.find(kPlace); at != std::string::npos) {
        move.reply.replace(at, kPlace.size(), number);
      }
      return WithCard(std::move(move), true);
    }
    const bool calmer =
        (Said("safe") || Said("with-someone") || Said("away")) && !Said("unsafe") && !NewDanger();
    if (!calmer) return Say("stay");
    state_.level = RiskLevel::kHigh;  // the explicit step: they say that the moment has passed
    return Say("check");
  }

  ProtocolMove Follow() {
    if (NewDanger() && turn_.level > was_.level) return NextQuestion();
    if (was_.stage == "denied" && (NewDanger() || (Said("yes") && !Said("no")))) {
      return NextQuestion();  // admitted after all
    }
    state_.stage = "follow";
    if (++state_.listening > kListenFor) return Say("check");
    return Listen();
  }

  ProtocolMove AfterCheck() {
    if (NewDanger() || Said("unsafe") || Said("now")) {
      state_.calm_answers = 0;
      return NextQuestion();
    }
    if (Said("safe")) {  // a bare yes or no may answer either of two questions
      ++state_.calm_answers;
    } else {
      state_.calm_answers = 0;
    }
    if (state_.calm_answers >= kCalmEnough) {
      state_.calm_answers = 0;
      state_.level = static_cast<RiskLevel>(static_cast<int>(state_.level) - 1);
      ProtocolMove move = Say("easing");
      move.state.stage = move.state.level >= RiskLevel::kModerate ? "follow" : "";
      if (move.state.level < RiskLevel::kModerate) {
        move.state.track.clear();
        move.state.asked.clear();
        move.state.card_shown = false;
      }
      return move;
    }
    state_.stage = "follow";
    state_.listening = 1;
    return Listen();
  }

  ProtocolState state_;
  const ProtocolState& was_;
  const TurnReading& turn_;
  const ProtocolTexts& texts_;
  const HelplineCountry* country_;
};

}  // namespace

ProtocolMove Advance(const ProtocolState& before, const TurnReading& turn,
                     const ProtocolTexts& texts, const HelplineCountry* country) {
  return Play(before, turn, texts, country).Next();
}

RiskCard CardFor(const ProtocolState& state, const ProtocolTexts& texts, const Helplines& helplines,
                 const HelplineCountry& country, Language language, bool urgent) {
  const ProtocolTexts::Words& words = texts.words();
  RiskCard card;
  card.title = urgent ? words.card_urgent : words.card_title;
  card.text = words.card_note;
  const auto put = [&card](std::string_view place, const std::string& value) {
    if (const size_t at = card.text.find(place); at != std::string::npos) {
      card.text.replace(at, place.size(), value);
    }
  };
  put("{date}", helplines.checked_on());
  put("{country}", country.name.in(language));
  const auto hours = [&words](const std::string& text) {
    return text == "24/7" ? words.hours_always : text;
  };
  if (urgent) {
    for (const Emergency& emergency : country.emergency) {
      const std::string& what = texts.Wordings("any", emergency.what).front();
      card.lines.push_back({what, emergency.number, words.hours_always});
    }
  }
  // Those for this danger first, in the file's order otherwise.
  const auto rank = [&state](const Helpline& line) {
    if (state.track == "abuse") return line.kind == "violence" ? 0 : line.kind == "child" ? 1 : 2;
    if (line.kind == "suicide") return 0;
    if (line.kind == "crisis") return 1;
    return line.kind == "general" ? 2 : 3;
  };
  std::vector<const Helpline*> lines;
  for (const Helpline& line : country.lines) lines.push_back(&line);
  std::ranges::stable_sort(lines, {}, [&](const Helpline* line) { return rank(*line); });
  for (const Helpline* line : lines) {
    if (card.lines.size() >= kMostLines) break;
    std::string name = line->local.empty() ? line->name : line->local;
    const bool foreign =
        std::ranges::any_of(name, [](char c) { return static_cast<signed char>(c) < 0; });
    if (language == Language::kEnglish && foreign) name = line->name + " / " + name;
    card.lines.push_back({name, line->number, hours(line->hours)});
  }
  return card;
}

std::string ProtocolToJson(const ProtocolState& state) {
  OrderedJson json;
  json["level"] = RiskLevelName(state.level);
  json["track"] = state.track;
  json["stage"] = state.stage;
  json["asked"] = state.asked;
  json["said"] = state.said;
  json["listening"] = state.listening;
  json["calm_answers"] = state.calm_answers;
  json["country"] = state.country;
  json["card_shown"] = state.card_shown;
  return DumpJson(json);
}

namespace {

// What is counted here stays small, whatever a file says.
int Count(const Json& json) { return std::clamp(json.get<int>(), 0, 1'000'000); }

}  // namespace

ProtocolState ProtocolFromJson(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  ProtocolState state;
  try {
    if (!json.is_object()) return state;
    state.level = RiskLevelFromName(json.at("level").get<std::string>()).value_or(RiskLevel::kNone);
    state.track = json.at("track").get<std::string>();
    if (!state.track.empty()) static_cast<void>(FindTrack(state.track));
    state.stage = json.at("stage").get<std::string>();
    for (const Json& one : json.at("asked")) state.asked.insert(one.get<std::string>());
    for (const auto& [key, value] : json.at("said").items()) {
      state.said[key] = Count(value);
    }
    state.listening = Count(json.at("listening"));
    state.calm_answers = Count(json.at("calm_answers"));
    state.country = json.at("country").get<std::string>();
    state.card_shown = json.at("card_shown").get<bool>();
    return state;
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace emostage
