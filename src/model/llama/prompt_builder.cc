#include "model/llama/prompt_builder.h"

#include <utility>

#include "emostage/error.h"

namespace emostage {
namespace {

using Who = PromptMessage::Who;

// Collects contents and the messages they belong to.
class Draft {
 public:
  int Add(Who who, const std::string& text) {
    if (messages.empty() || messages.back().who != who) {
      messages.push_back({who, {}});
    }
    const int index = static_cast<int>(contents.size());
    contents.push_back(text);
    messages.back().contents.push_back(index);
    return index;
  }

  void AddDialogue(const std::string& system, const std::vector<Message>& dialogue) {
    if (!system.empty()) root = Add(Who::kSystem, system);
    for (const Message& message : dialogue) {
      const Who who = message.speaker == Speaker::kClient ? Who::kUser : Who::kAssistant;
      // Several turns in a row by one side become one message; templates insist on it.
      if (!messages.empty() && messages.back().who == who) Add(who, "\n");
      trunk = Add(who, message.text);
    }
  }

  std::vector<std::string> contents;
  std::vector<PromptMessage> messages;
  int root = -1;   // the content that ends the shared system prompt
  int trunk = -1;  // the content that ends the dialogue
};

// The first word would be lost in a template that wants the client to speak first.
void CheckStart(const std::vector<Message>& messages) {
  if (messages.empty()) throw Error(ErrorCode::kInput, "the dialogue is empty");
  if (messages.front().speaker != Speaker::kClient) {
    throw Error(ErrorCode::kInternal, "a prompt must begin with a client message");
  }
}

Prompt Assemble(const ChatTemplate& chat_template, const TokenVocabulary& vocabulary,
                const Draft& draft, bool answer, TokenMemory& memory) {
  Prompt prompt;
  bool first_content = true;
  for (const PromptPiece& piece : chat_template.Render(draft.messages, draft.contents, answer)) {
    if (piece.content == PromptPiece::kMarkup) {
      const std::vector<Token> tokens = vocabulary.Tokenize(piece.text, true);
      prompt.tokens.insert(prompt.tokens.end(), tokens.begin(), tokens.end());
    } else {
      const std::vector<Token>& tokens = memory.Tokens(vocabulary, piece.text);
      prompt.tokens.insert(prompt.tokens.end(), tokens.begin(), tokens.end());
      // Only what stands before every word of the dialogue may be shared. A template that puts the
      // system prompt further on has no root.
      if (piece.content == draft.root && first_content) prompt.root = prompt.tokens.size();
      first_content = false;
      if (piece.content == draft.trunk) prompt.trunk = prompt.tokens.size();
    }
  }
  const Token beginning = vocabulary.Beginning();
  if (beginning != LLAMA_TOKEN_NULL &&
      (prompt.tokens.empty() || prompt.tokens.front() != beginning)) {
    prompt.tokens.insert(prompt.tokens.begin(), beginning);
    if (prompt.root > 0) ++prompt.root;
    ++prompt.trunk;
  }
  return prompt;
}

}  // namespace

void TokenMemory::Remember(const TokenVocabulary& vocabulary, const std::string& text,
                           const std::vector<Token>& tokens) {
  // An answer that was trimmed or cut at a stop string is not what its tokens say.
  if (text.empty() || vocabulary.Text(tokens) != text) return;
  // Said before, it keeps its tokens: an earlier turn must not change.
  tokens_.emplace(text, tokens);
}

const std::vector<Token>& TokenMemory::Tokens(const TokenVocabulary& vocabulary,
                                              const std::string& text) {
  const auto found = tokens_.find(text);
  if (found != tokens_.end()) return found->second;
  return tokens_.emplace(text, vocabulary.Tokenize(text, false)).first->second;
}

Prompt PromptBuilder::ForQuestion(const Ask& ask, TokenMemory& memory) const {
  CheckStart(ask.messages);
  if (ask.messages.back().speaker != Speaker::kClient) {
    throw Error(ErrorCode::kInput, "the dialogue ends with the counsellor: nothing to answer",
                "end it with a client turn");
  }
  Draft draft;
  draft.AddDialogue(ask.system, ask.messages);
  for (const Exchange& exchange : ask.before) {
    if (!exchange.instruction.empty()) draft.Add(Who::kUser, "\n\n" + exchange.instruction);
    if (!exchange.answer_prefix.empty()) draft.Add(Who::kAssistant, exchange.answer_prefix);
    draft.Add(Who::kAssistant, exchange.answer);
  }
  if (!ask.instruction.empty()) {
    draft.Add(Who::kUser, (ask.before.empty() ? "\n\n" : "") + ask.instruction);
  }
  Prompt prompt = Assemble(*template_, *vocabulary_, draft, true, memory);
  if (!ask.answer_prefix.empty()) {
    const std::vector<Token> prefix = vocabulary_->Tokenize(ask.answer_prefix, false);
    prompt.tokens.insert(prompt.tokens.end(), prefix.begin(), prefix.end());
  }
  for (const Token token : ask.answer_tokens) {
    if (token < 0 || token >= vocabulary_->size()) {
      throw Error(ErrorCode::kInput, "an answer's token is none of this model's");
    }
    prompt.tokens.push_back(token);
  }
  return prompt;
}

Prompt PromptBuilder::ForDialogue(const std::string& system, const std::vector<Message>& messages,
                                  TokenMemory& memory) const {
  CheckStart(messages);
  Draft draft;
  draft.AddDialogue(system, messages);
  // Templates may treat the last message in a way of their own, so something must follow it; it is
  // cut off again.
  draft.Add(messages.back().speaker == Speaker::kClient ? Who::kAssistant : Who::kUser, " ");
  Prompt prompt = Assemble(*template_, *vocabulary_, draft, false, memory);
  prompt.tokens.resize(prompt.trunk);
  return prompt;
}

}  // namespace emostage
