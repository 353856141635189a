#ifndef EMOSTAGE_EVAL_LABEL_REPORT_H_
#define EMOSTAGE_EVAL_LABEL_REPORT_H_

#include <cstdint>
#include <vector>

#include "base/json.h"
#include "eval/scores.h"
#include "knowledge/knowledge.h"

namespace emostage {

// What methods made of the client's turns beside what people labelled: phase, emotion, need and
// strategy, each language by itself; the part "labels" of report.json (docs/evaluation.md). Every
// task has rows that come for nothing: the label most frequent in the set, and one drawn evenly.
// Phase has a row for the filtered belief and one for what the model said of that turn alone, and
// the difference of the two.
[[nodiscard]] OrderedJson LabelReport(const std::vector<ScoredItem>& items,
                                      const Knowledge& knowledge, uint64_t seed);

// Which strategies a model leans to: the part "strategies". Only of items that chose one.
[[nodiscard]] OrderedJson StrategyReport(const std::vector<ScoredItem>& items,
                                         const Knowledge& knowledge);

// How far the two labellers of a set agree, by task and language: Cohen's kappa and the share of
// turns with the same label, of those both labelled. Emotions and needs by their first label.
[[nodiscard]] OrderedJson LabelAgreement(const std::vector<EvalDialogue>& dialogues,
                                         const Knowledge& knowledge);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_LABEL_REPORT_H_
