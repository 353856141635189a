#include "method/window.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "emostage/error.h"

namespace emostage {
namespace {

constexpr int kMarkupTokens = 8;        // a template's own, around one message
constexpr size_t kLongestTurn = 65536;  // bytes looked at; more is cut before it is counted

// The beginning and the end of a text, `bytes` together: what was said first and last matters most.
std::string HeadAndTail(const std::string& text, size_t bytes, const std::string& mark) {
  if (text.size() <= bytes) return text;
  const std::string_view head = Utf8Prefix(text, bytes * 3 / 5);
  size_t from = text.size() - bytes * 2 / 5;
  while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80U) ++from;
  return std::string(head) + " " + mark + " " + text.substr(from);
}

// Shortens a text until it takes at most `longest` tokens.
std::string CutToTokens(const std::string& whole, int longest, const std::string& mark,
                        const WindowLimits& limits) {
  std::string text = HeadAndTail(whole, kLongestTurn, mark);
  int tokens = limits.count(text);
  // A few rounds: tokens are not spread evenly over a text.
  for (int round = 0; tokens > longest && round < 8; ++round) {
    const double share = static_cast<double>(longest) / tokens * 0.95;
    text = HeadAndTail(whole, static_cast<size_t>(static_cast<double>(text.size()) * share), mark);
    tokens = limits.count(text);
  }
  return text;
}

struct Sized {
  Message message;
  int tokens = 0;
};

Sized Measure(const Turn& turn, const PromptFile& prompts, const WindowLimits& limits,
              size_t* cut_turns) {
  const Speaker speaker = turn.role == Role::kClient ? Speaker::kClient : Speaker::kCounsellor;
  std::string text = CutToTokens(turn.text, limits.tokens / 3, prompts.Word("cut"), limits);
  const int tokens = limits.count(text);
  if (text != turn.text) ++*cut_turns;
  return {{speaker, WithoutCues(std::move(text), prompts)}, tokens + kMarkupTokens};
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
        opening_(OpeningTurns()) {}

  // Where the turns after the fold begin; fold_ holds the summary of those before.
  size_t Run(bool* folded_now) {
    if (Valid() && Fits(opening_ + fold_.turns)) return opening_ + fold_.turns;
    if (!Valid()) fold_ = {};
    size_t begin = opening_ + fold_.turns;
    const size_t end = NewEnd(begin);
    while (begin < end) {
      const size_t chunk = ChunkEnd(begin, end);
      // Whole after each piece: a later one may fail.
      fold_ = {KeyOf(dialogue_, chunk), chunk - opening_, Summarise(begin, chunk)};
      begin = chunk;
      *folded_now = true;
    }
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
  // The dialogue's opening: up to its first client turn, as far as half of the window holds it.
  [[nodiscard]] size_t OpeningTurns() const {
    size_t opening = 1;
    while (opening < turns_.size() && turns_[opening - 1].message.speaker != Speaker::kClient &&
           Sum(turns_, 0, opening + 1) <= limits_.tokens / 2) {
      ++opening;
    }
    return opening;
  }
  [[nodiscard]] int SummaryTokens() const {
    return fold_.turns == 0 ? 0 : limits_.count(SummaryMessage().text) + kMarkupTokens;
  }
  [[nodiscard]] bool Fits(size_t rest) const {
    return Sum(turns_, 0, opening_) + SummaryTokens() + Sum(turns_, rest, turns_.size()) <=
           limits_.tokens;
  }
  [[nodiscard]] int LongestSummary() const { return limits_.tokens / 6; }
  // The newest turns that take at most half of the window, from a client turn on.
  [[nodiscard]] size_t NewEnd(size_t begin) const {
    const int room =
        std::min(limits_.tokens / 2, limits_.tokens - Sum(turns_, 0, opening_) - LongestSummary());
    size_t end = turns_.size() - 1;
    while (end > begin && Sum(turns_, end - 1, turns_.size()) <= room) --end;
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
    const int room = LongestSummary() - limits_.count(prompts_.Word("fold")) - kMarkupTokens;
    return WithoutCues(
        CutToTokens(limits_.summarise(messages), std::max(room, 1), prompts_.Word("cut"), limits_),
        prompts_);
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
  if (!turns.empty() && turns.front().message.speaker == Speaker::kCounsellor) {
    turns.front().tokens += limits.count(prompts.Word("opening")) + kMarkupTokens;
  }
  size_t client_turn = 0;
  const auto show = [&](size_t i) {
    const bool client = turns[i].message.speaker == Speaker::kClient;
    // A counsellor who speaks first answers the client's coming in; templates want the client
    // first.
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
  // Nor what looks like the cue of another language: a line that begins with a bracket.
  bool line_begins = true;
  for (char& c : text) {
    if (line_begins && c == '[') c = '(';
    line_begins = c == '\n' || (line_begins && (c == ' ' || c == '\t'));
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
