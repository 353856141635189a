#ifndef EMOSTAGE_SAFETY_PROTOCOL_H_
#define EMOSTAGE_SAFETY_PROTOCOL_H_

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "emostage/safety.h"
#include "knowledge/safety_knowledge.h"
#include "safety/turn_reading.h"

namespace emostage {

// Where a talk stands with the protocol. docs/safety.md draws the states.
struct ProtocolState {
  RiskLevel level = RiskLevel::kNone;  // sticky: only an explicit easing step lowers it
  std::string track;                   // what the danger concerns; empty: nothing yet
  // What the protocol said last: "open", "again", a question of the track, "denied", "resources",
  // "country", "imminent", "stay", "check", "caution"; "follow": the method speaks again; empty:
  // the protocol has not spoken.
  std::string stage;
  std::set<std::string, std::less<>> asked;  // questions of the track that are answered or were put
  std::map<std::string, int, std::less<>> said;  // by "track/stage": wordings used so far
  int listening = 0;                             // turns the method has spoken since the last check
  int calm_answers = 0;                          // in a row, to checks
  std::string country;                           // as the client answered
  bool card_shown = false;
};

[[nodiscard]] std::string ProtocolToJson(const ProtocolState& state);
// Its inverse; anything else reads as a state that has not spoken.
[[nodiscard]] ProtocolState ProtocolFromJson(std::string_view json);

// What is to be done with a turn.
struct ProtocolMove {
  ProtocolState state;
  std::string reply;       // empty: the method speaks
  bool card = false;       // show people to turn to beside it
  bool urgent = false;     // the emergency number first
  bool took_over = false;  // the protocol has just taken over, or has come back after listening
};

// The protocol's next step. A pure function: equal states and turns, equal moves.
// `country`: the operator's setting or the client's answer; may be null.
[[nodiscard]] ProtocolMove Advance(const ProtocolState& before, const TurnReading& turn,
                                   const ProtocolTexts& texts, const HelplineCountry* country);

// The card for a danger: the emergency number where it is urgent, then lines that fit the track.
[[nodiscard]] RiskCard CardFor(const ProtocolState& state, const ProtocolTexts& texts,
                               const Helplines& helplines, const HelplineCountry& country,
                               Language language, bool urgent);

}  // namespace emostage

#endif  // EMOSTAGE_SAFETY_PROTOCOL_H_
