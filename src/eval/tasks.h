#ifndef EMOSTAGE_EVAL_TASKS_H_
#define EMOSTAGE_EVAL_TASKS_H_

#include <memory>
#include <vector>

#include "emostage/model.h"
#include "eval/runner.h"

namespace emostage {

// The name under which labels by likelihood stand among the methods' items.
inline constexpr const char* kLabelsMethod = "labels";

// The steps whose output a report compares with people's labels.
inline constexpr const char* kStrategyStep = "strategy";

// Reads each answerable client turn of a recorded talk as the method "emostage" would, without a
// reply: the phase (filtered, Answer::phase; what the model said of this turn alone is in the
// trace), emotions and needs (Answer::state), and which strategy a counsellor would take next (in
// the trace). Throws what the model throws.
[[nodiscard]] std::vector<EvalItem> LabelTurns(const std::shared_ptr<Model>& model,
                                               const EvalDialogue& dialogue,
                                               const RunOptions& options);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_TASKS_H_
