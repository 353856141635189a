#ifndef EMOSTAGE_MODEL_LLAMA_PROMPT_BUILDER_H_
#define EMOSTAGE_MODEL_LLAMA_PROMPT_BUILDER_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "emostage/model.h"
#include "model/llama/chat_template.h"
#include "model/llama/engine.h"
#include "model/llama/vocabulary.h"

namespace emostage {

// The tokens in which texts of one dialogue stand in the cache. An answer is found again by the
// tokens it was written in, which need not be those its text would be split into.
class TokenMemory {
 public:
  void Remember(const TokenVocabulary& vocabulary, const std::string& text,
                const std::vector<Token>& tokens);
  // The remembered tokens, or the text's own.
  [[nodiscard]] const std::vector<Token>& Tokens(const TokenVocabulary& vocabulary,
                                                 const std::string& text);

 private:
  std::unordered_map<std::string, std::vector<Token>> tokens_;
};

// Turns questions into tokens so that what two questions have in common at their start has the
// same tokens in both: every text is tokenised by itself, never across its borders.
class PromptBuilder {
 public:
  PromptBuilder(const ChatTemplate* chat_template, const TokenVocabulary* vocabulary)
      : template_(chat_template), vocabulary_(vocabulary) {}

  // Throws Error(kInput) where messages do not end with the client.
  [[nodiscard]] Prompt ForQuestion(const Ask& ask, TokenMemory& memory) const;
  // A dialogue alone, as it will stand at the start of the next turn's questions.
  [[nodiscard]] Prompt ForDialogue(const std::string& system, const std::vector<Message>& messages,
                                   TokenMemory& memory) const;

 private:
  const ChatTemplate* template_;
  const TokenVocabulary* vocabulary_;
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_LLAMA_PROMPT_BUILDER_H_
