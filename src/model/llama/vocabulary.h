#ifndef EMOSTAGE_MODEL_LLAMA_VOCABULARY_H_
#define EMOSTAGE_MODEL_LLAMA_VOCABULARY_H_

#include <llama.h>

#include <string>
#include <string_view>
#include <vector>

namespace emostage {

using Token = llama_token;

// A model's tokens. Immutable, thread-safe; lives as long as the llama_model behind it.
class TokenVocabulary {
 public:
  explicit TokenVocabulary(const llama_vocab* vocab) : vocab_(vocab) {}

  // The tokens of a piece of text. With `markup`, text such as "<|im_end|>" becomes the special
  // token it names; without, it stays plain text. No token is added at either end.
  [[nodiscard]] std::vector<Token> Tokenize(std::string_view text, bool markup) const;
  // The bytes a token stands for; may be a part of a UTF-8 character. Special tokens give "".
  [[nodiscard]] std::string Piece(Token token) const;
  // The concatenated pieces.
  [[nodiscard]] std::string Text(const std::vector<Token>& tokens) const;
  // A token that ends an answer, or any other control token.
  [[nodiscard]] bool IsEnd(Token token) const {
    return llama_vocab_is_eog(vocab_, token) || llama_vocab_is_control(vocab_, token);
  }
  [[nodiscard]] int size() const { return llama_vocab_n_tokens(vocab_); }
  // The token every prompt must begin with, or LLAMA_TOKEN_NULL.
  [[nodiscard]] Token Beginning() const {
    return llama_vocab_get_add_bos(vocab_) ? llama_vocab_bos(vocab_) : LLAMA_TOKEN_NULL;
  }

 private:
  const llama_vocab* vocab_;
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_LLAMA_VOCABULARY_H_
