#ifndef EMOSTAGE_EVAL_REPORT_H_
#define EMOSTAGE_EVAL_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "eval/run_folder.h"
#include "eval/scores.h"
#include "knowledge/knowledge.h"

namespace emostage {

// A figure that was measured elsewhere (a judge's) for items of the run: by method, dialogue and
// turn; a whole session's stands at its last turn.
struct ExtraScore {
  std::string metric;  // MetricInfo::id
  std::string method;
  std::string dialogue;
  size_t turn = 0;
  double value = 0;
};

struct ReportOptions {
  std::string baseline;  // a method of the run; empty: "direct" where it is there, else the first
  uint64_t seed = 1;     // of resampling
  size_t resamples = 2000;
  size_t examples = 3;  // worst and best of each method, by the first quality metric
  std::vector<MetricInfo> extra_metrics;
  std::vector<ExtraScore> extra_scores;
  OrderedJson judges = OrderedJson::array();  // what "judges" shall hold
  std::vector<std::string> notes;             // more warnings
};

// All that a run shows, as docs/evaluation.md describes report.json. Figures for which there are
// too few dialogues are null, with the reason beside them.
[[nodiscard]] OrderedJson BuildReport(const FinishedRun& run, const Knowledge& knowledge,
                                      const ReportOptions& options);

// Two runs over the same data, method by method: report.json with the part "compare".
[[nodiscard]] OrderedJson CompareRuns(const FinishedRun& a, const FinishedRun& b,
                                      const Knowledge& knowledge, const ReportOptions& options);

// The parts "metrics" (values and comparisons) and "labels" of a report as one table.
[[nodiscard]] std::string ReportCsv(const OrderedJson& report);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_REPORT_H_
