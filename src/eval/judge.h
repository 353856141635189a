#ifndef EMOSTAGE_EVAL_JUDGE_H_
#define EMOSTAGE_EVAL_JUDGE_H_

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "emostage/model.h"
#include "eval/judge_scores.h"
#include "knowledge/knowledge.h"

namespace emostage {

// A language model that rates replies by a rubric, each score by its likelihood; no text is drawn,
// so equal questions get equal answers. What the model leans to whatever it reads is not taken
// away: judge_check.h tells whether a judge can be believed at all.
//
// The talk is one text, a line a turn, in which nobody can begin a new line or a cue; the questions
// of a rubric stand behind it and are asked side by side, so that it is read once.
//
// Thread-safe: every call opens a context of its own. Throws what the model throws.
class Judge {
 public:
  // `name` stands in every score; empty: the model's.
  Judge(std::shared_ptr<Model> model, std::shared_ptr<const Knowledge> knowledge,
        std::string name = "");

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Knowledge& knowledge() const { return *knowledge_; }

  // A score for each dimension of each rubric, in their order. Throws Error(kInput) for an item
  // without a talk, or without a reply where a rubric judges replies. Which rubrics are asked
  // together may change the last digits: use the same lists to compare.
  [[nodiscard]] std::vector<JudgeScore> Score(const JudgeItem& item,
                                              std::span<const Rubric* const> rubrics,
                                              const std::stop_token& stop = {}) const;
  [[nodiscard]] std::vector<JudgeScore> Score(const JudgeItem& item, const Rubric& rubric,
                                              const std::stop_token& stop = {}) const;

  // Which of two replies is better, in each dimension of a rubric or in the one named, both orders
  // asked. Throws Error(kUsage) for a rubric that judges whole sessions, or without that dimension.
  [[nodiscard]] std::vector<PairScore> Compare(const JudgePair& pair, const Rubric& rubric,
                                               std::string_view dimension = "",
                                               const std::stop_token& stop = {}) const;

 private:
  struct Shown {
    std::string text;
    size_t left_out = 0;
  };
  // The talk, then `tail`, in at most the tokens that the model's context leaves beside `cues`.
  [[nodiscard]] Shown Show(const Dialogue& talk, const std::string& tail, const JudgeTexts& texts,
                           const std::vector<std::string>& cues) const;

  std::shared_ptr<Model> model_;
  std::shared_ptr<const Knowledge> knowledge_;
  std::string name_;
};

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_JUDGE_H_
