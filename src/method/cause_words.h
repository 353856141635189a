#ifndef EMOSTAGE_METHOD_CAUSE_WORDS_H_
#define EMOSTAGE_METHOD_CAUSE_WORDS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "emostage/model.h"

namespace emostage {

// A word of the client's and how much it tells of what they feel.
struct CauseWord {
  std::string text;
  // p(emotion | word): how much likelier it is where the client feels so than where they feel one
  // of the other ways, from 0 to 1.
  double probability = 0;
};

// The words of one text that point to a feeling most, in the order in which they stand there.
// `scores`: of the text, the first where the feeling is told, the others where others are; all with
// the same pieces. A word's likelihood is the mean over its tokens (natural logarithm); the shares
// of the scores in it are their softmax. Words that are in `stop_words` (in any case), or no
// likelier than by chance, are left out; at most `most` remain. Empty where the pieces are missing.
//
// Latin and other spaced scripts part words at blanks and marks. Chinese and Japanese words are
// what a token holds, in whole characters of one script; taken words that touch become one.
[[nodiscard]] std::vector<CauseWord> CauseWords(const std::vector<Score>& scores,
                                                const std::vector<std::string>& stop_words,
                                                size_t most);

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_CAUSE_WORDS_H_
