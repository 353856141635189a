#ifndef EMOSTAGE_MODEL_OPENAI_QUESTIONS_H_
#define EMOSTAGE_MODEL_OPENAI_QUESTIONS_H_

#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "emostage/model.h"
#include "model/openai/traits.h"

// The seam's questions, each as the calls it takes. All begin on the loop's thread, return at once
// and end there once, with an answer or with what went wrong.
namespace emostage::openai {

template <typename T>
using Done = std::function<void(std::exception_ptr error, T answer)>;

[[nodiscard]] bool IsCancelled(const std::exception_ptr& error);

// Free text. Stopped, it ends with what had come, and FinishReason::kCancelled.
void AskText(const Asking& asking, const Ask& ask, OnToken on_token, Done<Completion> done);
// JSON bound by ask.schema.
void AskSchema(const Asking& asking, const Ask& ask, Done<Completion> done);
// A distribution over labels; where the server tells no likelihoods, all on the one it picks.
void AskChoice(const Asking& asking, const Ask& ask, const std::vector<std::string>& labels,
               Scoring scoring, Done<Choice> done);
void AskScore(const Asking& asking, const Ask& ask, const std::string& continuation,
              Done<Score> done);

}  // namespace emostage::openai

#endif  // EMOSTAGE_MODEL_OPENAI_QUESTIONS_H_
