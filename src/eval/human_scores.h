#ifndef EMOSTAGE_EVAL_HUMAN_SCORES_H_
#define EMOSTAGE_EVAL_HUMAN_SCORES_H_

#include <string>
#include <string_view>
#include <vector>

#include "eval/judge_scores.h"
#include "knowledge/knowledge.h"

namespace emostage {

// What one person says of one item in one dimension.
struct HumanScore {
  std::string item;
  std::string method;
  std::string rubric;
  std::string dimension;
  std::string rater;
  double score = 0;
  std::string comment;
};

// A file of people's scores.
struct HumanFile {
  std::vector<JudgeItem> items;  // those whose talks stand in the file, each once
  std::vector<HumanScore> scores;
  std::vector<std::string> remarks;  // what was left out and how often, each in one line
};

// JSON lines {"talk": […], "reply", "rubric", "dimension", "score"}, with "language", "method" and
// "rater" if known; in place of "talk" and "reply", "item" names one that stands elsewhere.
// "dimension" may be "RUBRIC/DIMENSION". `text` is the file's content, `name` what messages call
// it. Scores outside a scale, and second scores of one person for the same thing, are left out and
// counted in `remarks`. Throws Error(kInput), naming the line, for anything else.
[[nodiscard]] HumanFile ReadHumanLines(std::string_view text, const std::string& name,
                                       const Knowledge& knowledge);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_HUMAN_SCORES_H_
