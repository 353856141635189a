#ifndef EMOSTAGE_EVAL_CHOICE_QUESTIONS_H_
#define EMOSTAGE_EVAL_CHOICE_QUESTIONS_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "emostage/dialogue.h"
#include "emostage/model.h"
#include "eval/eval_texts.h"

namespace emostage {

// Questions with options, answered by the likelihood of their letters; after EmoBench (Sabour et
// al. 2024), whose two files are read.
struct ChoiceQuestion {
  std::string id;    // of the scenario; its questions share it
  std::string part;  // "emotion", "cause", "action", "response"
  std::string category;
  Language language = Language::kEnglish;
  std::string scenario;
  std::string subject;  // whom it is about
  std::vector<std::string> options;
  size_t right = 0;
};

struct ChoiceSet {
  std::vector<ChoiceQuestion> questions;
  std::vector<std::string> remarks;  // lines left out, with why and how often
};

// JSON lines of EmoBench's form: EU (emotion_choices, cause_choices) or EA (choices). Throws
// Error(kInput) where no line is a question.
[[nodiscard]] ChoiceSet ReadChoiceQuestions(std::string_view content, const std::string& name);

struct ChoiceResult {
  const ChoiceQuestion* question = nullptr;
  std::vector<double> probabilities;  // of every option, the mean over orders
  std::vector<bool> right_in_order;   // whether the likeliest was right, order by order
  size_t chosen = 0;
  [[nodiscard]] bool right() const { return chosen == question->right; }
};

struct ChoiceOptions {
  size_t orders = 4;  // of the options; models like some letters better than others
  std::function<void(size_t done, size_t of)> progress;
  std::stop_token stop;
};

[[nodiscard]] std::vector<ChoiceResult> AnswerChoices(const std::shared_ptr<Model>& model,
                                                      const std::vector<EvalTexts>& texts,
                                                      const std::vector<ChoiceQuestion>& questions,
                                                      const ChoiceOptions& options);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_CHOICE_QUESTIONS_H_
