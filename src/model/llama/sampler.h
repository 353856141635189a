#ifndef EMOSTAGE_MODEL_LLAMA_SAMPLER_H_
#define EMOSTAGE_MODEL_LLAMA_SAMPLER_H_

#include <functional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "emostage/model.h"
#include "model/llama/vocabulary.h"

namespace emostage {

// The tokens with the k largest logits, largest first; of equals, the smaller token.
[[nodiscard]] std::vector<std::pair<float, Token>> LargestLogits(std::span<const float> logits,
                                                                 size_t k);

// Draws tokens from logits. The k likeliest are found in one pass before anything is
// exponentiated, so a vocabulary of 150,000 costs about a tenth of a millisecond.
class Sampler {
 public:
  explicit Sampler(const Sampling& sampling);

  // The next token; `allowed`, where given, is asked about candidates likeliest first and may
  // refuse them. With every candidate refused the likeliest of all is returned. Tokens in `recent`
  // are made less likely by the sampling's repetition penalty.
  [[nodiscard]] Token Draw(std::span<const float> logits,
                           const std::function<bool(Token)>& allowed = {},
                           std::span<const Token> recent = {});

 private:
  double temperature_;
  double top_p_;
  size_t top_k_;
  double penalty_;
  std::mt19937_64 random_;
};

// log of the sum of exp of all logits.
[[nodiscard]] double LogSumExp(std::span<const float> logits);
// In place: values become probabilities that sum to 1.
void SoftMax(std::vector<double>& values);

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_LLAMA_SAMPLER_H_
