#ifndef EMOSTAGE_MODEL_LLAMA_DECODER_H_
#define EMOSTAGE_MODEL_LLAMA_DECODER_H_

#include <cstddef>
#include <exception>
#include <span>
#include <vector>

#include "emostage/model.h"
#include "model/llama/vocabulary.h"

namespace emostage {

// Tokens to be read at the end of one of a question's branches.
struct Read {
  // Branch 0 is the question's own; a higher one is forked from branch 0, as it stands before any
  // read of the same plan, when it is first named, and dropped when a plan does not name it.
  size_t branch = 0;
  std::vector<Token> tokens;
  // Logits are wanted after tokens[first_logit] and all that follow.
  size_t first_logit = 0;
};

// How one kind of question is answered, seen as a dialogue with the engine: the engine shows
// logits, the decoder says what to read next. It decides no scheduling and touches no cache.
//
// All calls come from the engine's thread.
class Decoder {
 public:
  virtual ~Decoder() = default;

  // The logits after token `token` of read `read` of the last plan (at first: 0, 0, the logits
  // after the whole question). Valid during the call only.
  virtual void OnLogits(size_t read, size_t token, std::span<const float> logits) = 0;
  // What to read next, once all of the last plan's logits were shown. Empty: the answer is there.
  [[nodiscard]] virtual std::vector<Read> Next() = 0;

  // Exactly one of these ends the question.
  virtual void Finish(const Usage& usage, bool cancelled) = 0;
  virtual void Fail(std::exception_ptr error) = 0;

  // Tokens of the answer so far, and of those the forced ones.
  [[nodiscard]] virtual int output_tokens() const { return 0; }
  [[nodiscard]] virtual int forced_tokens() const { return 0; }
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_LLAMA_DECODER_H_
