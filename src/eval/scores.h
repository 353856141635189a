#ifndef EMOSTAGE_EVAL_SCORES_H_
#define EMOSTAGE_EVAL_SCORES_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "eval/run_folder.h"

namespace emostage {

// A figure that every reply has, or most.
struct MetricInfo {
  std::string id;
  std::string title;
  std::string group;   // overlap, text, safety, cost, judge
  std::string better;  // higher, lower, neither
  std::string unit;
  std::string about;     // one line
  bool compared = true;  // whether methods are tested against the baseline in it
};

// One reply with everything it is measured by.
struct ScoredItem {
  const EvalItem* item = nullptr;
  const EvalDialogue* dialogue = nullptr;
  std::string reference;                              // the recorded reply; empty: none
  const ClientLabels* labels = nullptr;               // of the client turn answered; null: none
  std::map<std::string, double, std::less<>> values;  // by MetricInfo::id
};

// Methods that are none, so that a figure can be told from what comes for nothing: the client's
// own words given back, and the reply recorded at another place of the same set.
inline constexpr std::string_view kCopyBaseline = "copy-last-turn";
inline constexpr std::string_view kRandomBaseline = "random-reply";
[[nodiscard]] bool IsTrivialBaseline(std::string_view method);

// The items that trivial baselines give, wherever a method has one. `seed` chooses the replies.
[[nodiscard]] std::vector<EvalItem> TrivialItems(const FinishedRun& run, uint64_t seed);

// The metrics of single replies, in the order of a report.
[[nodiscard]] const std::vector<MetricInfo>& ReplyMetrics();

// Scores every item that has an answer. `items` and `dialogues` outlive what is returned.
[[nodiscard]] std::vector<ScoredItem> ScoreItems(const std::vector<EvalItem>& items,
                                                 const std::vector<EvalDialogue>& dialogues);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_SCORES_H_
