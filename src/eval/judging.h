#ifndef EMOSTAGE_EVAL_JUDGING_H_
#define EMOSTAGE_EVAL_JUDGING_H_

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "eval/human_scores.h"
#include "eval/judge.h"
#include "eval/report.h"
#include "eval/run_folder.h"

namespace emostage {

struct JudgingOptions {
  std::function<void(size_t done, size_t of)> progress;  // talks
  std::stop_token stop;
};

// A run as judges and people get it. A rubric for replies has an item for each reply; one for
// sessions an item for each whole session, and none where replies stand in recorded talks.
[[nodiscard]] std::vector<JudgeItem> JudgeItems(const FinishedRun& run, RubricScope scope);

// Lets every judge score every reply of a run and writes FOLDER/judgements.jsonl, a unit (judge,
// rubric, method, dialogue) at a time; what stands there already is not asked again. Returns all
// scores, in the items' order. Throws as RunEval does.
[[nodiscard]] std::vector<JudgeScore> RunJudges(const FinishedRun& run,
                                                const std::filesystem::path& folder,
                                                std::span<const Judge> judges,
                                                std::span<const Rubric* const> rubrics,
                                                const JudgingOptions& options = {});

// What was judged before: all scores of the folder's journal; none where there is no journal.
[[nodiscard]] std::vector<JudgeScore> ReadJudgements(const std::filesystem::path& folder);

// Puts scores into a report: a metric for each dimension, the mean over judges, and what is to be
// said of judges that nobody has held against people, or that cannot tell replies apart. `people`
// may be empty.
void AddJudgements(const std::vector<JudgeScore>& scores, const std::vector<HumanScore>& people,
                   const Knowledge& knowledge, ReportOptions& report);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_JUDGING_H_
