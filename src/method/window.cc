#include "method/window.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "emostage/error.h"

namespace emostage {
namespace {

constexpr int kMarkupTokens = 8;       // a template's own, around one message
constexpr size_t kLongestTurn = 65536;  // bytes looked at; more is cut before it is counted

// The beginning and the end of a text, `bytes` together: what was said first and last matters most.
std::string HeadAndTail(const std::string& text, size_t bytes, const std::string& mark) {
  if (text.size() <= bytes) return text;
  const std::string_view head = Utf8Prefix(text, bytes * 3 / 5);
  size_t from = text.size() - bytes * 2 / 5;
  while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80U) ++from;
  return std::string(head) + " " + mark + " " + text.substr(from);
}

struct Sized {
  Message message;
  int tokens = 0;
};

Sized Measure(const Turn& turn, const PromptFile& prompts, const WindowLimits& limits,
              size_t* cut_turns) {
  const Speaker speaker = turn.role == Role::kClient ? Speaker::kClient : Speaker::kCounsellor;
  std::string text = HeadAndTail(turn.text, kLongestTurn, prompts.Word("cut"));
  const int longest = limits.tokens / 3;
  int tokens = limits.count(text);
  // A few rounds: tokens are not spread evenly over a text.
  for (int round = 0; tokens > longest && round < 8; ++round) {
    const double share = static_cast<double>(longest) / tokens * 0.95;
    text = HeadAndTail(turn.text, static_cast<size_t>(static_cast<double>(text.size()) * share),
                       prompts.Word("cut"));
    tokens = limits.count(text);
  }
  if (text.size() != turn.text.size()) ++*cut_turns;
  return {{speaker, WithoutCues(std::move(text), prompts)}, tokens + kMarkupTokens};
}

// The dialogue's opening: up to its first client turn.
size_t OpeningTurns(const Dialogue& dialogue) {
  for (size_t i = 0; i < dialogue.turns.size(); ++i) {
    if (dialogue.turns[i].role == Role::kClient) return i + 1;
  }
  return 0;
}

int Sum(const std::vector<Sized>& turns, size_t from, size_t to) {
  int sum = 0;
  for (size_t i = from; i < to; ++i) sum += turns[i].tokens;
  return sum;
}

class Folding {
 public:
  Folding(const Dialogue& dialogue, const std::vector<Sized>& turns, const PromptFile& prompts,
          const WindowLimits& limits, Memory::Fold& fold)
      : dialogue_(dialogue),
        turns_(turns),
        prompts_(prompts),
        limits_(limits),
        fold_(fold),
        opening_(OpeningTurns(dialogue)) {}

  // Where the turns after the fold begin; fold_ holds the summary of those before.
  size_t Run(bool* folded_now) {
    if (Valid() && Fits(opening_ + fold_.turns)) return opening_ + fold_.turns;
    size_t begin = opening_;
    if (Valid()) {
      begin += fold_.turns;
    } else {
      fold_ = {};
    }
    const size_t end = NewEnd(begin);
    while (begin < end) {
      const size_t chunk = ChunkEnd(begin, end);
      fold_.summary = Summarise(begin, chunk);
      begin = chunk;
    }
    fold_.turns = begin - opening_;
    fold_.key = KeyOf(dialogue_, begin);
    *folded_now = true;
    return begin;
  }

  [[nodiscard]] Message SummaryMessage() const {
    return {Speaker::kClient, prompts_.Word("fold") + "\n" + fold_.summary};
  }
  [[nodiscard]] size_t opening() const { return opening_; }

 private:
  [[nodiscard]] bool Valid() const {
    return fold_.turns > 0 && opening_ + fold_.turns < turns_.size() &&
           KeyOf(dialogue_, opening_ + fold_.turns) == fold_.key;
  }
  [[nodiscard]] int SummaryTokens() const {
    return fold_.summary.empty() ? 0 : limits_.count(fold_.summary) + 2 * kMarkupTokens;
  }
  [[nodiscard]] bool Fits(size_t rest) const {
    return Sum(turns_, 0, opening_) + SummaryTokens() + Sum(turns_, rest, turns_.size()) <=
           limits_.tokens;
  }
  // The newest turns that take at most half of the window, from a client turn on.
  [[nodiscard]] size_t NewEnd(size_t begin) const {
    size_t end = turns_.size() - 1;
    while (end > begin && Sum(turns_, end - 1, turns_.size()) <= limits_.tokens / 2) --end;
    while (end + 1 < turns_.size() && turns_[end].message.speaker != Speaker::kClient) ++end;
    return end;
  }
  [[nodiscard]] size_t ChunkEnd(size_t begin, size_t end) const {
    const int room = limits_.tokens - Sum(turns_, 0, opening_) - SummaryTokens();
    size_t chunk = begin + 1;
    while (chunk < end && Sum(turns_, begin, chunk + 1) <= room) ++chunk;
    return chunk;
  }
  std::string Summarise(size_t begin, size_t end) {
    std::vector<Message> messages;
    for (size_t i = 0; i < opening_; ++i) messages.push_back(turns_[i].message);
    if (!fold_.summary.empty()) messages.push_back(SummaryMessage());
    for (size_t i = begin; i < end; ++i) messages.push_back(turns_[i].message);
    if (messages.back().speaker != Speaker::kClient) {
      messages.push_back({Speaker::kClient, prompts_.Word("cut")});
    }
    return WithoutCues(limits_.summarise(messages), prompts_);
  }

  const Dialogue& dialogue_;
  const std::vector<Sized>& turns_;
  const PromptFile& prompts_;
  const WindowLimits& limits_;
  Memory::Fold& fold_;
  size_t opening_;
};

}  // namespace

Window FitDialogue(const Dialogue& dialogue, const PromptFile& prompts, const WindowLimits& limits,
                   Memory::Fold& fold) {
  Window window;
  std::vector<Sized> turns;
  for (const Turn& turn : dialogue.turns) {
    turns.push_back(Measure(turn, prompts, limits, &window.cut_turns));
  }
  size_t client_turn = 0;
  const auto show = [&](size_t i) {
    const bool client = turns[i].message.speaker == Speaker::kClient;
    // A counsellor who speaks first answers the client's coming in; templates want the client first.
    if (window.messages.empty() && !client) {
      window.messages.push_back({Speaker::kClient, prompts.Word("opening")});
      window.client_turns.push_back(Window::kNone);
    }
    window.messages.push_back(turns[i].message);
    window.client_turns.push_back(client ? client_turn : Window::kNone);
  };
  const auto pass = [&](size_t i) {
    if (turns[i].message.speaker == Speaker::kClient) ++client_turn;
  };

  if (Sum(turns, 0, turns.size()) <= limits.tokens) {
    for (size_t i = 0; i < turns.size(); ++i) {
      show(i);
      pass(i);
    }
    return window;
  }
  Folding folding(dialogue, turns, prompts, limits, fold);
  const size_t rest = folding.Run(&window.folded_now);
  for (size_t i = 0; i < turns.size(); ++i) {
    if (i < folding.opening() || i >= rest) show(i);
    if (i + 1 == folding.opening() && rest > folding.opening()) {
      window.messages.push_back(folding.SummaryMessage());
      window.client_turns.push_back(Window::kNone);
    }
    pass(i);
  }
  return window;
}

std::string WithoutCues(std::string text, const PromptFile& prompts) {
  for (const auto& [name, cue] : prompts.cues) {
    const std::string mark = cue.substr(0, cue.find(' '));  // "[Task"
    const auto same = [](char a, char b) {
      const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; };
      return lower(a) == lower(b);
    };
    for (auto at = text.begin(); at != text.end();) {
      at = std::search(at, text.end(), mark.begin(), mark.end(), same);
      if (at != text.end()) *at++ = '(';
    }
  }
  return text;
}

size_t KeyOf(const Dialogue& dialogue, size_t count, size_t seed) {
  size_t key = seed;
  for (size_t i = 0; i < count && i < dialogue.turns.size(); ++i) {
    const size_t turn = std::hash<std::string>()(dialogue.turns[i].text);
    key ^= turn + 0x9e3779b97f4a7c15ULL + (key << 6U) + (key >> 2U) +
           (dialogue.turns[i].role == Role::kClient ? 1U : 0U);
  }
  return key;
}

}  // namespace emostage
