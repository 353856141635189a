#ifndef EMOSTAGE_MODEL_OPENAI_EXACT_QUESTION_H_
#define EMOSTAGE_MODEL_OPENAI_EXACT_QUESTION_H_

#include <string>
#include <vector>

#include "emostage/model.h"
#include "model/openai/questions.h"

// Likelihoods by llama-server's own endpoints (/apply-template, /tokenize, /completion), which tell
// them exactly for any token: a bias common to several tokens leaves the shares among them as they
// are, and a token that is forced by a bias is reported with the likelihood it had without.
//
// A token that is only a part of a character is not reported at all when it is the one drawn. Where
// one may be, a plain token with a larger bias (the decoy) is drawn in its place.
namespace emostage::openai {

void ExactChoice(const Asking& asking, const Ask& ask, const std::vector<std::string>& labels,
                 Done<Choice> done);
// Of each text, how likely each of its tokens is after the question.
void ExactScores(const Asking& asking, const Ask& ask, const std::vector<std::string>& texts,
                 Done<std::vector<Score>> done);

}  // namespace emostage::openai

#endif  // EMOSTAGE_MODEL_OPENAI_EXACT_QUESTION_H_
