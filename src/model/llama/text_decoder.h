#ifndef EMOSTAGE_MODEL_LLAMA_TEXT_DECODER_H_
#define EMOSTAGE_MODEL_LLAMA_TEXT_DECODER_H_

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "emostage/model.h"
#include "model/llama/decoder.h"
#include "model/llama/sampler.h"

namespace emostage {

// One free-text answer while it is written: draws tokens, ends at the model's own end, at a stop
// string or at the limit, and hands out whole UTF-8 characters that can no longer turn out to be
// the start of a stop string.
class TextDraft {
 public:
  TextDraft(const TokenVocabulary* vocabulary, const Sampling& sampling, OnToken on_token);

  // Draws the next token. Returns whether the answer goes on.
  bool Step(std::span<const float> logits);
  // Hands out what was held back; call once, at the end.
  Completion Finish(bool cancelled);

  [[nodiscard]] Token last() const { return tokens_.back(); }
  [[nodiscard]] const std::vector<Token>& tokens() const { return tokens_; }

 private:
  void Release(bool all);

  const TokenVocabulary* vocabulary_;
  Sampling sampling_;
  OnToken on_token_;
  Sampler sampler_;
  std::vector<Token> tokens_;
  std::string text_;
  size_t released_ = 0;
  FinishReason finish_ = FinishReason::kEnd;
};

// Free text: one draft, or n side by side from one reading.
class TextDecoder : public Decoder {
 public:
  // `remember` is told each answer's text and tokens before the promise is kept.
  TextDecoder(const TokenVocabulary* vocabulary, const Sampling& sampling, int n, OnToken on_token,
              std::function<void(const std::string&, const std::vector<Token>&)> remember);

  // All drafts, or the first alone.
  [[nodiscard]] std::future<std::vector<Completion>> future() { return promise_.get_future(); }
  [[nodiscard]] std::future<Completion> first() { return first_promise_.get_future(); }

  void OnLogits(size_t read, size_t token, std::span<const float> logits) override;
  [[nodiscard]] std::vector<Read> Next() override;
  void Finish(const Usage& usage, bool cancelled) override;
  void Fail(std::exception_ptr error) override {
    first_promise_.set_exception(error);
    promise_.set_exception(error);
  }
  [[nodiscard]] int output_tokens() const override;

 private:
  std::vector<TextDraft> drafts_;
  std::vector<size_t> reading_;  // the draft behind each read of the last plan
  std::vector<size_t> going_;    // drafts that go on
  bool started_ = false;
  std::function<void(const std::string&, const std::vector<Token>&)> remember_;
  std::promise<Completion> first_promise_;
  std::promise<std::vector<Completion>> promise_;
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_LLAMA_TEXT_DECODER_H_
