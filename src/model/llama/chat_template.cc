#include "model/llama/chat_template.h"

#include <chat-auto-parser.h>
#include <chat.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <utility>

#include "emostage/error.h"

namespace emostage {
namespace {

// Private-use characters: no template contains them, and they have no other meaning.
constexpr std::string_view kOpen = "\xEE\x80\x80";   // U+E000
constexpr std::string_view kClose = "\xEE\x80\x81";  // U+E001

std::string Mark(int content) {
  return std::string(kOpen) + std::to_string(content) + std::string(kClose);
}

const char* RoleOf(PromptMessage::Who who) {
  switch (who) {
    case PromptMessage::Who::kSystem:
      return "system";
    case PromptMessage::Who::kUser:
      return "user";
    case PromptMessage::Who::kAssistant:
      break;
  }
  return "assistant";
}

// What the interpreter complains of; it shows the place on several lines before.
std::string Complaint(const std::exception& error) {
  std::string text = error.what();
  constexpr std::string_view kLabel = "\nError: ";
  const size_t label = text.rfind(kLabel);
  if (label != std::string::npos) text.erase(0, label + kLabel.size());
  std::ranges::replace(text, '\n', ' ');
  return text;
}

std::vector<PromptPiece> Split(const std::string& rendered,
                               const std::vector<std::string>& contents) {
  std::vector<PromptPiece> pieces;
  size_t at = 0;
  while (at < rendered.size()) {
    const size_t open = rendered.find(kOpen, at);
    const size_t end = open == std::string::npos ? rendered.size() : open;
    if (end > at) pieces.push_back({rendered.substr(at, end - at), PromptPiece::kMarkup});
    if (open == std::string::npos) break;
    const size_t digits = open + kOpen.size();
    const size_t close = rendered.find(kClose, digits);
    int content = -1;
    if (close != std::string::npos) {
      std::from_chars(rendered.data() + digits, rendered.data() + close, content);
    }
    if (content < 0 || content >= static_cast<int>(contents.size())) {
      throw Error(ErrorCode::kModel, "the model's chat template alters the texts it is given",
                  "use --chat-template chatml, or a template file of your own");
    }
    pieces.push_back({contents[static_cast<size_t>(content)], content});
    at = close + kClose.size();
  }
  return pieces;
}

}  // namespace

struct ChatTemplate::Impl {
  Impl(const std::string& source, const std::string& bos, const std::string& eos)
      : jinja(source, bos, eos) {}
  common_chat_template jinja;
  mutable std::mutex mutex;  // the interpreter does not promise to be re-entrant
};

ChatTemplate::ChatTemplate(const std::string& source, const std::string& bos,
                           const std::string& eos) {
  try {
    impl_ = std::make_unique<Impl>(source, bos, eos);
    const std::vector<std::string> probe = {"s", "u"};
    (void)Render({{PromptMessage::Who::kSystem, {0}}, {PromptMessage::Who::kUser, {1}}}, probe,
                 true);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& e) {
    throw Error(ErrorCode::kModel,
                std::string("the model's chat template cannot be used: ") + Complaint(e),
                "use --chat-template chatml, or a template file of your own");
  }
}

ChatTemplate::~ChatTemplate() = default;

std::vector<PromptPiece> ChatTemplate::Render(const std::vector<PromptMessage>& messages,
                                              const std::vector<std::string>& contents,
                                              bool answer) const {
  json list = json::array();
  std::string folded_system;
  for (const PromptMessage& message : messages) {
    std::string text;
    for (int content : message.contents) text += Mark(content);
    if (message.who == PromptMessage::Who::kSystem && !impl_->jinja.caps.supports_system_role) {
      folded_system = text + "\n\n";  // goes in front of the first message
      continue;
    }
    json entry;
    entry["role"] = RoleOf(message.who);
    entry["content"] = std::exchange(folded_system, "") + text;
    list.push_back(entry);
  }
  autoparser::generation_params params;
  params.messages = std::move(list);
  params.add_generation_prompt = answer;
  params.enable_thinking = false;
  std::string rendered;
  try {
    const std::lock_guard lock(impl_->mutex);
    rendered = common_chat_template_direct_apply(impl_->jinja, params);
  } catch (const std::exception& e) {
    throw Error(
        ErrorCode::kModel,
        std::string("the model's chat template cannot render this dialogue: ") + Complaint(e),
        "use --chat-template chatml, or a template file of your own");
  }
  std::vector<PromptPiece> pieces = Split(rendered, contents);
  std::vector<int> wanted;
  for (const PromptMessage& message : messages) {
    wanted.insert(wanted.end(), message.contents.begin(), message.contents.end());
  }
  std::vector<int> seen;
  for (const PromptPiece& piece : pieces) {
    if (piece.content != PromptPiece::kMarkup) seen.push_back(piece.content);
  }
  // In any order: some templates put the system prompt before the last message.
  if (!std::ranges::is_permutation(seen, wanted)) {
    throw Error(ErrorCode::kModel, "the model's chat template drops or repeats messages",
                "use --chat-template chatml, or a template file of your own");
  }
  return pieces;
}

}  // namespace emostage
