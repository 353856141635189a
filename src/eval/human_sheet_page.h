#ifndef EMOSTAGE_EVAL_HUMAN_SHEET_PAGE_H_
#define EMOSTAGE_EVAL_HUMAN_SHEET_PAGE_H_

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "eval/judge_scores.h"
#include "knowledge/knowledge.h"

namespace emostage::internal {

// An item under the code by which raters know it.
using CodedItem = std::pair<std::string, const JudgeItem*>;

// The page of a sheet. `sheet` names it, to keep what was filled in apart from other sheets'.
[[nodiscard]] std::string HumanSheetPage(std::span<const CodedItem> items,
                                         std::span<const Rubric* const> rubrics,
                                         const JudgeTexts& words, Language language,
                                         const std::string& sheet);

}  // namespace emostage::internal

#endif  // EMOSTAGE_EVAL_HUMAN_SHEET_PAGE_H_
