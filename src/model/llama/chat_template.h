#ifndef EMOSTAGE_MODEL_LLAMA_CHAT_TEMPLATE_H_
#define EMOSTAGE_MODEL_LLAMA_CHAT_TEMPLATE_H_

#include <memory>
#include <string>
#include <vector>

#include "emostage/model.h"

namespace emostage {

// A stretch of a rendered prompt.
struct PromptPiece {
  static constexpr int kMarkup = -1;
  std::string text;
  int content = kMarkup;  // the index of the content it is, or kMarkup: the template's own text
};

// One side's contribution to a prompt. Its parts are kept apart so that each can be told (and
// tokenised) by itself; the template sees them as one string.
struct PromptMessage {
  enum class Who { kSystem, kUser, kAssistant };
  Who who = Who::kUser;
  std::vector<int> contents;  // indices into the caller's contents, in order
};

// A model's own Jinja chat template, thinking switched off.
//
// Contents are stood in for by marks while the template runs and put back afterwards, so that no
// client's text is ever seen by the template, and none of it can be taken for markup.
//
// Immutable after construction; thread-safe.
class ChatTemplate {
 public:
  // Throws Error(kModel) where the template does not parse or does not run.
  ChatTemplate(const std::string& source, const std::string& bos, const std::string& eos);
  ~ChatTemplate();

  // The whole prompt in order. Each content appears exactly once. With `answer`, the prompt ends
  // where the assistant's next message begins.
  [[nodiscard]] std::vector<PromptPiece> Render(const std::vector<PromptMessage>& messages,
                                                const std::vector<std::string>& contents,
                                                bool answer) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_LLAMA_CHAT_TEMPLATE_H_
