#ifndef EMOSTAGE_EVAL_DATA_SET_H_
#define EMOSTAGE_EVAL_DATA_SET_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "emostage/answer.h"
#include "emostage/dialogue.h"

namespace emostage {

// What people say of one client turn. Whatever a set does not label is empty.
struct ClientLabels {
  std::string phase;              // id of the scheme "five-phase"
  std::vector<Feeling> emotions;  // the strongest first
  std::vector<std::string> needs;
  std::string risk;
};

// One turn of a recorded talk with its labels.
struct EvalTurn {
  Role role = Role::kClient;
  std::string text;
  ClientLabels client;                 // of a client turn
  std::optional<ClientLabels> second;  // by another labeller, who did not see the first's
  std::string strategy;                // of a counsellor turn: id of data/strategies.toml
  std::string second_strategy;
  std::string timing;  // of a counsellor turn: well, early, late, off
  std::string second_timing;
};

// A recorded talk, and who its client is, for whoever plays that client (simulated_client.h).
struct EvalDialogue {
  std::string id;
  Language language = Language::kEnglish;
  std::string topic;        // "work", "grief", …
  std::string weight;       // calm, middling, heavy
  std::string counselling;  // good, mixed, poor
  std::string split;        // tune, held-out
  std::string persona;
  std::string hidden;  // what the client tells only when they feel safe
  int openness = 3;    // 1 (closed) to 5 (tells all)
  std::vector<EvalTurn> turns;

  // The first `turns` turns as any other talk.
  [[nodiscard]] Dialogue UpTo(size_t turns) const;
  [[nodiscard]] Dialogue Talk() const { return UpTo(turns.size()); }
};

struct DataSet {
  std::string name;
  std::string sha256;  // of all that was read
  std::vector<EvalDialogue> dialogues;
  // What was wrong with the data and what was done about it, each in one line with a count.
  std::vector<std::string> remarks;
};

struct DataSetFilter {
  std::vector<Language> languages;  // empty: all
  std::string split = "held-out";   // of our own scenarios; "all": both halves
  size_t limit = 0;                 // dialogues of each language; 0: all
};

// `source`: "scenarios" (our own, data/scenarios/), or a file or folder in any form that
// dialogue/readers.h knows, in that of the scenarios, or a .tsv of GoEmotions with its labels.txt.
// `data`: a folder in place of the built-in data, may be empty. Dialogues that hold the same words
// as an earlier one, lines that are none, and turns without text are left out and counted in
// `remarks`; nothing else is. Throws Error(kInput) where nothing is left, Error(kIo).
[[nodiscard]] DataSet ReadDataSet(const std::string& source, const DataSetFilter& filter,
                                  const std::string& data = "");

// One dialogue as a line of the scenarios' form, and back. Throws Error(kInput) in one line.
[[nodiscard]] OrderedJson EvalDialogueToJson(const EvalDialogue& dialogue);
[[nodiscard]] EvalDialogue EvalDialogueFromJson(const Json& json);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_DATA_SET_H_
