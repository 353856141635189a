#ifndef EMOSTAGE_ANSWER_H_
#define EMOSTAGE_ANSWER_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "emostage/dialogue.h"

namespace emostage {

// The trace of one reply: what was found out on the way to it and what that cost. One type,
// everywhere the same: terminal, JSON, and whatever stores or compares replies.

// One emotion of the client's. `emotion` is an id of data/emotions.toml.
struct Feeling {
  std::string emotion;
  int intensity = 0;  // 1 (slight) to 5 (overwhelming)
};

// The client's perspective as the model takes it.
struct ClientState {
  std::vector<Feeling> feels;      // strongest claim first; 1 to 2
  std::string situation;           // what happened
  std::string thinks;              // what they think of it and of themselves
  std::vector<std::string> needs;  // ids of data/needs.toml
};

// A belief over the phases of a scheme.
struct PhaseBelief {
  std::string label;                                          // the likeliest phase's id
  std::string scheme;                                         // e.g. "five-phase"
  std::vector<std::pair<std::string, double>> probabilities;  // by id, in the scheme's order
};

// One model call, or one piece of work of the program's own, on the way to the reply.
struct Step {
  std::string name;
  double ms = 0;          // from asking to answer; steps side by side overlap
  int prompt_tokens = 0;  // the whole question, as if nothing were shared
  int reused_tokens = 0;  // of those, found already read
  int output_tokens = 0;  // the answer's
  std::string output;     // JSON; what the step found
};

// Why a turn was read as dangerous.
struct RiskEvidence {
  std::string source;  // "patterns", "words" (learned weights) or "model"
  std::string level;   // that it speaks for
  std::string kind;    // "ideation", "abuse", …; empty: the model does not tell
  std::string rule;    // the pattern's id; empty: not a pattern's
  std::string words;   // of the turn, normalised; of the model: its odds
};

// People to turn to, as it is shown beside a reply.
struct RiskCard {
  struct Line {
    std::string name;
    std::string number;
    std::string hours;  // may be empty
  };
  std::string title;
  std::string text;
  std::vector<Line> lines;
};

// What safety made of the client's turn; see docs/safety.md.
struct RiskReading {
  // Of the talk after this turn: none, low, moderate, high, imminent; it does not fall by itself.
  // Empty: not read.
  std::string level;
  std::string turn_level;              // of this turn's words alone
  std::vector<RiskEvidence> evidence;  // the gravest first
  bool took_over = false;              // the reply is the protocol's, not the method's
  bool model_failed = false;           // the model could not be asked; patterns alone decided
  std::string held_back;               // the rule that a draft of the model's broke; empty: none
  std::string protocol;                // where the protocol stands, as JSON; empty: calm
  std::optional<RiskCard> card;
};

struct Answer {
  std::string reply;
  std::string method;
  std::string model;
  Language language = Language::kEnglish;
  RiskReading risk;
  std::string disclosure;  // to be shown before the reply: that this is a program; or empty
  std::optional<ClientState> state;  // methods that take no perspective have none
  std::optional<PhaseBelief> phase;  // methods that recognise no phase have none
  std::vector<Step> steps;           // in the order asked
  double total_ms = 0;               // from the turn's arrival to the reply's end
  double first_token_ms = 0;         // to the reply's first characters; not part of the JSON
  bool cancelled = false;            // stopped on request; the reply is what there was
  bool cut_off = false;  // reached its most tokens (not told by 'one-call'); not part of the JSON
};

// The JSON object of docs/wire.md, in its key order; indent < 0 gives one line.
[[nodiscard]] std::string AnswerToJson(const Answer& answer, int indent = -1);
// One of its `steps`, on one line.
[[nodiscard]] std::string StepToJson(const Step& step);
// AnswerToJson's inverse. Throws Error(kInput) for anything else.
[[nodiscard]] Answer AnswerFromJson(std::string_view json);

}  // namespace emostage

#endif  // EMOSTAGE_ANSWER_H_
