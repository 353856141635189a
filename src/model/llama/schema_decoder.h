#ifndef EMOSTAGE_MODEL_LLAMA_SCHEMA_DECODER_H_
#define EMOSTAGE_MODEL_LLAMA_SCHEMA_DECODER_H_

#include <functional>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "emostage/model.h"
#include "model/llama/decoder.h"
#include "model/llama/label_trie.h"
#include "model/llama/sampler.h"
#include "model/schema.h"

namespace emostage {

// Writes an instance of a schema. Whatever the model says, the answer is valid: it is asked only
// for words inside quotation marks and for labels, and what the schema dictates in between is read
// in one piece together with the token that came before.
//
// A quotation mark, a line break, or the end of the answer ends a free text: model text cannot
// leave its field.
class SchemaDecoder : public Decoder {
 public:
  SchemaDecoder(const TokenVocabulary* vocabulary, SchemaProgram program, const Sampling& sampling,
                std::function<void(const std::string&, const std::vector<Token>&)> remember);

  // What the schema dictates before the first decision: to be read as the question's own end.
  [[nodiscard]] const std::vector<Token>& opening() const { return opening_; }
  [[nodiscard]] std::future<Completion> future() { return promise_.get_future(); }

  void OnLogits(size_t read, size_t token, std::span<const float> logits) override;
  [[nodiscard]] std::vector<Read> Next() override;
  void Finish(const Usage& usage, bool cancelled) override;
  void Fail(std::exception_ptr error) override { promise_.set_exception(error); }
  [[nodiscard]] int output_tokens() const override { return static_cast<int>(tokens_.size()); }
  [[nodiscard]] int forced_tokens() const override { return forced_; }

 private:
  // Writes literals until the model has something to decide, or the end.
  void Advance();
  void Dictate(std::string_view text);
  void Text(const SchemaStep& step, std::span<const float> logits);
  void EndText(std::string_view rest);
  void Label(std::span<const float> logits);
  void StartLabel(const SchemaStep& step);
  void FinishLabel(size_t label);
  void More(const SchemaStep& step, std::span<const float> logits);
  int& Items() { return items_.try_emplace(at_, 1).first->second; }  // of the list at this step
  void EndList();
  void Flush();  // turns dictated text into tokens
  [[nodiscard]] bool EndsText(Token token) const;
  [[nodiscard]] bool Done() const { return at_ >= program_.size(); }

  const TokenVocabulary* vocabulary_;
  SchemaProgram program_;
  Sampling sampling_;
  Sampler sampler_;
  std::function<void(const std::string&, const std::vector<Token>&)> remember_;

  size_t at_ = 0;     // the step under way
  std::string json_;  // the answer so far
  std::string text_;  // of the free text under way
  int text_tokens_ = 0;
  std::string dictated_;       // forced text not yet turned into tokens
  std::vector<Token> feed_;    // tokens not yet read
  std::vector<Token> tokens_;  // all tokens of the answer
  std::vector<Token> opening_;
  int forced_ = 0;
  std::map<size_t, int> items_;  // written so far of each open list, by its step
  std::map<std::string, std::vector<std::string>> taken_;  // labels not to be repeated, by field

  std::optional<LabelTrie> trie_;     // of the label under way
  std::vector<std::string> offered_;  // its alternatives
  size_t trie_at_ = 0;
  std::vector<Pick> picks_;
  std::vector<Token> comma_, bracket_;
  std::promise<Completion> promise_;
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_LLAMA_SCHEMA_DECODER_H_
