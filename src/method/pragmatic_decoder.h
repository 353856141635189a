#ifndef EMOSTAGE_METHOD_PRAGMATIC_DECODER_H_
#define EMOSTAGE_METHOD_PRAGMATIC_DECODER_H_

#include <string>
#include <vector>

#include "emostage/model.h"

namespace emostage {

struct PragmaticWeights {
  double alpha = 6;  // how much it counts to be understood, >= 0; at 0 the likeliest token is taken
  double beta = 0.9;  // how far a listener trusts what the speaker would say, >= 0
};

struct PragmaticText {
  std::string text;                          // valid UTF-8, as decoded
  FinishReason finish = FinishReason::kEnd;  // kEnd, kStop or kLength
  std::vector<double> listener;  // its belief in each world after the last token; sums to 1
  int turned = 0;                // tokens that were not the likeliest in the true world
  // One question a world: what the first step read, then the text's tokens; ms of the whole.
  Usage usage;
};

// Writes a text that tells its world from others: the same question asked of several worlds, of
// which the first is the true one. At each step, with S0(u|c) what the model gives token u in world
// c, a listener who hears u believes
//
//     L0(c|u)  ∝  S0(u|c)^beta · prior(c)
//
// and the token taken is the likeliest of a speaker who wants to be understood:
//
//     S1(u)  ∝  S0(u|true) · L0(true|u)^alpha
//
// The prior is even at first, then L0 of the token taken. Candidates are the true world's likeliest
// tokens; where another world does not list one, it counts as likely as the last that it lists.
// Always the best one is taken (of equals the likelier): of the first question's sampling only
// max_tokens, min_tokens, prose and stop count, not its temperature, seed or repetition penalty. A
// sentence that was said before is left out and ends the text (kStop).
//
// After Kim et al. (2021), who have this from the rational speech acts framework.
//
// Asks Context::next of all worlds side by side, once a token, and blocks; throws what it throws,
// kCancelled where worlds[0].stop asks for it. `worlds`: one or more, with no answer_tokens.
[[nodiscard]] PragmaticText DecodePragmatically(Context& context, std::vector<Ask> worlds,
                                                const PragmaticWeights& weights);

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_PRAGMATIC_DECODER_H_
