#include "model/llama/vocabulary.h"

#include <limits>

#include "emostage/error.h"

namespace emostage {

std::vector<Token> TokenVocabulary::Tokenize(std::string_view text, bool markup) const {
  if (text.empty()) return {};
  if (text.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max() / 2)) {
    throw Error(ErrorCode::kInput, "a text of more than 1 GiB cannot be read");
  }
  const auto length = static_cast<int32_t>(text.size());
  std::vector<Token> tokens(text.size() / 2 + 8);
  int32_t count = llama_tokenize(vocab_, text.data(), length, tokens.data(),
                                 static_cast<int32_t>(tokens.size()), false, markup);
  if (count < 0) {  // too small: the answer is the size it needs
    tokens.resize(static_cast<size_t>(-count));
    count = llama_tokenize(vocab_, text.data(), length, tokens.data(),
                           static_cast<int32_t>(tokens.size()), false, markup);
  }
  tokens.resize(static_cast<size_t>(count < 0 ? 0 : count));
  return tokens;
}

std::string TokenVocabulary::Piece(Token token) const {
  std::string piece(16, '\0');
  int32_t length = llama_token_to_piece(vocab_, token, piece.data(),
                                        static_cast<int32_t>(piece.size()), 0, false);
  if (length < 0) {
    piece.resize(static_cast<size_t>(-length));
    length = llama_token_to_piece(vocab_, token, piece.data(), static_cast<int32_t>(piece.size()),
                                  0, false);
  }
  piece.resize(static_cast<size_t>(length < 0 ? 0 : length));
  return piece;
}

std::string TokenVocabulary::Text(const std::vector<Token>& tokens) const {
  std::string text;
  for (Token token : tokens) text += Piece(token);
  return text;
}

}  // namespace emostage
