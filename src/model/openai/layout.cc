#include "model/openai/layout.h"

#include <cctype>
#include <cmath>

#include "emostage/error.h"

namespace emostage::openai {
namespace {

constexpr std::string_view kWordJoiner = "\xE2\x81\xA0";    // U+2060
constexpr std::string_view kFullWidthBar = "\xEF\xBD\x9C";  // U+FF5C, in some templates' tokens

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

// Whether a template's token may begin with the mark that stands before `rest`.
bool MayBeMarkup(char mark, std::string_view rest) {
  if (rest.empty()) return false;
  const char next = rest.front();
  if (mark == '<') {
    return next == '|' || next == '/' || next == '<' || next == '_' ||
           std::isalpha(static_cast<unsigned char>(next)) != 0 || rest.starts_with(kFullWidthBar);
  }
  if (next == '/') return rest.size() > 1 && IsUpper(rest[1]);
  return IsUpper(next) && rest.size() > 1 && (IsUpper(rest[1]) || rest[1] == '_');
}

class Draft {
 public:
  void Add(const char* role, std::string_view text) {
    if (messages_.empty() || messages_.back()["role"] != role) {
      messages_.push_back({{"role", role}, {"content", std::string(text)}});
      return;
    }
    std::string content = messages_.back()["content"].get<std::string>();
    messages_.back()["content"] = content.append(text);
  }

  void AddDialogue(const std::string& system, const std::vector<Message>& dialogue) {
    if (dialogue.empty()) throw Error(ErrorCode::kInput, "the dialogue is empty");
    if (dialogue.front().speaker != Speaker::kClient) {
      throw Error(ErrorCode::kInternal, "a prompt must begin with a client message");
    }
    if (!system.empty()) Add("system", system);
    for (const Message& message : dialogue) {
      const char* role = message.speaker == Speaker::kClient ? "user" : "assistant";
      // Several turns in a row by one side become one message; templates insist on it.
      if (!messages_.empty() && messages_.back()["role"] == role) Add(role, "\n");
      Add(role, AsPlainText(message.text));
    }
  }

  OrderedJson Take() { return std::move(messages_); }

 private:
  OrderedJson messages_ = OrderedJson::array();
};

}  // namespace

std::string AsPlainText(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    plain += text[i];
    const bool mark = text[i] == '<' || text[i] == '[';
    if (mark && MayBeMarkup(text[i], text.substr(i + 1))) plain += kWordJoiner;
  }
  return plain;
}

OrderedJson ChatMessages(const Ask& ask, std::string_view begun) {
  Draft draft;
  draft.AddDialogue(ask.system, ask.messages);
  if (ask.messages.back().speaker != Speaker::kClient) {
    throw Error(ErrorCode::kInput, "the dialogue ends with the counsellor: nothing to answer",
                "end it with a client turn");
  }
  for (const Exchange& exchange : ask.before) {
    if (!exchange.instruction.empty()) draft.Add("user", "\n\n" + exchange.instruction);
    if (!exchange.answer_prefix.empty()) draft.Add("assistant", exchange.answer_prefix);
    draft.Add("assistant", AsPlainText(exchange.answer));
  }
  if (!ask.instruction.empty()) {
    draft.Add("user", (ask.before.empty() ? "\n\n" : "") + ask.instruction);
  }
  if (!begun.empty()) draft.Add("assistant", begun);
  return draft.Take();
}

OrderedJson DialogueMessages(const std::string& system, const std::vector<Message>& messages) {
  Draft draft;
  draft.AddDialogue(system, messages);
  return draft.Take();
}

int GuessTokens(std::string_view text, const TokenRates& rates) {
  double tokens = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      tokens += rates.one_byte;
    } else if (byte >= 0xF0) {
      tokens += rates.four_bytes;
    } else if (byte >= 0xE0) {
      tokens += rates.three_bytes;
    } else if (byte >= 0xC0) {
      tokens += rates.two_bytes;
    }
  }
  return static_cast<int>(std::ceil(tokens));
}

}  // namespace emostage::openai
