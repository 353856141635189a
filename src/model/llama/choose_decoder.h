#ifndef EMOSTAGE_MODEL_LLAMA_CHOOSE_DECODER_H_
#define EMOSTAGE_MODEL_LLAMA_CHOOSE_DECODER_H_

#include <future>
#include <string>
#include <vector>

#include "emostage/model.h"
#include "model/llama/decoder.h"
#include "model/llama/label_trie.h"

namespace emostage {

// Scoring::kFirstDifference: the question's own logits settle the first difference; every further
// place where labels part is read in a fork of its own, dozens of them in one batch.
class ChooseDecoder : public Decoder {
 public:
  explicit ChooseDecoder(const std::vector<std::vector<Token>>& labels) : trie_(labels) {}

  [[nodiscard]] std::future<Choice> future() { return promise_.get_future(); }

  void OnLogits(size_t read, size_t token, std::span<const float> logits) override;
  [[nodiscard]] std::vector<Read> Next() override;
  void Finish(const Usage& usage, bool cancelled) override;
  void Fail(std::exception_ptr error) override { promise_.set_exception(error); }

 private:
  LabelTrie trie_;
  std::vector<size_t> inner_;  // the places still to be read, all of them
  size_t planned_ = 0;         // of those, how many are read or being read
  size_t reading_ = 0;         // the first of the last plan
  bool at_root_ = true;
  std::promise<Choice> promise_;
};

// Scoring::kMeanLogLikelihood, and score(): reads given texts in forks and adds up how likely each
// of their tokens was.
class ScoreDecoder : public Decoder {
 public:
  using Likelihoods = std::vector<std::vector<double>>;

  // `pieces`: of the first text's tokens, for score().
  explicit ScoreDecoder(std::vector<std::vector<Token>> texts,
                        std::vector<std::string> pieces = {});

  // The first text's likelihood, or the texts compared by their means. Take one of them.
  [[nodiscard]] std::future<Score> score() { return score_.get_future(); }
  [[nodiscard]] std::future<Choice> choice() { return choice_.get_future(); }

  void OnLogits(size_t read, size_t token, std::span<const float> logits) override;
  [[nodiscard]] std::vector<Read> Next() override;
  void Finish(const Usage& usage, bool cancelled) override;
  void Fail(std::exception_ptr error) override {
    score_.set_exception(error);
    choice_.set_exception(error);
  }

 private:
  std::vector<std::vector<Token>> texts_;
  std::vector<std::string> pieces_;
  Likelihoods likelihoods_;
  std::vector<size_t> reading_;  // the text behind each read of the last plan
  size_t next_ = 0;              // the first text not yet planned
  size_t forks_ = 0;             // made so far
  bool at_root_ = true;
  std::promise<Score> score_;
  std::promise<Choice> choice_;
};

// next(): the question's own logits are the answer.
class NextDecoder : public Decoder {
 public:
  NextDecoder(const TokenVocabulary* vocabulary, size_t most)
      : vocabulary_(vocabulary), most_(most) {}

  [[nodiscard]] std::future<NextTokens> future() { return promise_.get_future(); }

  void OnLogits(size_t read, size_t token, std::span<const float> logits) override;
  [[nodiscard]] std::vector<Read> Next() override { return {}; }
  void Finish(const Usage& usage, bool cancelled) override;
  void Fail(std::exception_ptr error) override { promise_.set_exception(error); }

 private:
  const TokenVocabulary* vocabulary_;
  size_t most_;
  NextTokens next_;
  std::promise<NextTokens> promise_;
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_LLAMA_CHOOSE_DECODER_H_
