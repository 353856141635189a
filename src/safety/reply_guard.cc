#include "safety/reply_guard.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "knowledge/text_units.h"

namespace emostage {
namespace {

constexpr size_t kTelephoneDigits = 5;  // so many together are no year and no age

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Digits with what people write between those of a telephone number.
bool HasTelephoneNumber(const Helplines& helplines, std::string_view reply) {
  constexpr std::string_view kBetween = " -.()/+";
  const std::string text = FoldCase(reply);  // full-width digits too
  for (size_t i = 0; i < text.size();) {
    if (!IsDigit(text[i])) {
      ++i;
      continue;
    }
    std::string digits;
    std::string run;  // without a break, such as 110 in "110 or 119"
    size_t gap = 0;
    for (; i < text.size() && gap <= 2; ++i) {
      if (IsDigit(text[i])) {
        digits += text[i];
        run += text[i];
        gap = 0;
      } else if (kBetween.find(text[i]) != std::string_view::npos) {
        if (helplines.IsKnownNumber(run)) return true;
        run.clear();
        ++gap;
      } else {
        break;
      }
    }
    if (digits.size() >= kTelephoneDigits || helplines.IsKnownNumber(digits) ||
        helplines.IsKnownNumber(run)) {
      return true;
    }
  }
  return false;
}

// Where a sentence that is over ends, seen from the end of the text; npos: nowhere.
size_t LastSentenceEnd(std::string_view text) {
  size_t end = std::string_view::npos;
  for (const std::string_view mark : {"?", "!", "。", "！", "？", "\n", ". "}) {
    const size_t at = text.rfind(mark);
    if (at == std::string_view::npos) continue;
    const size_t after = at + mark.size();
    if (end == std::string_view::npos || after > end) end = after;
  }
  return end;
}

// How many bytes from the end hold `units` words, or characters in Chinese and Japanese.
size_t BytesOfLast(std::string_view text, size_t units) {
  size_t at = text.size();
  size_t seen = 0;
  while (at > 0) {
    size_t begin = at - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xc0) == 0x80) --begin;
    const bool wide = at - begin >= 3;  // three bytes and more: a character of its own
    if ((wide || text[begin] == ' ') && ++seen > units) break;
    at = begin;
  }
  return text.size() - at;
}

}  // namespace

std::string BrokenRule(const SafetyKnowledge& safety, Language language, std::string_view reply) {
  if (HasTelephoneNumber(safety.helplines, reply)) return "number";
  const ScriptCounts scripts = CountScripts(reply);
  const std::vector<std::string> units = ReadUnits(reply);
  for (const Language one : kAllLanguages) {
    const bool reads = one == language || (one == Language::kEnglish    ? scripts.latin > 0
                                           : one == Language::kJapanese ? scripts.kana > 0
                                                                        : scripts.han > 0);
    if (!reads) continue;
    std::string rule = safety.in(one).output.Read(
        one == Language::kChinese ? safety.traditional.Simplify(units) : units);
    if (!rule.empty()) return rule;
  }
  return "";
}

ReplyGuard::ReplyGuard(const SafetyKnowledge& safety, Language language, OnToken release,
                       std::function<void()> broken)
    : safety_(safety),
      language_(language),
      release_(std::move(release)),
      broken_(std::move(broken)) {}

void ReplyGuard::Write(std::string_view piece) {
  const std::scoped_lock lock(mutex_);
  if (!rule_.empty()) return;
  text_ += piece;
  Judge(false);
}

void ReplyGuard::Finish() {
  const std::scoped_lock lock(mutex_);
  if (rule_.empty()) Judge(true);
}

void ReplyGuard::Judge(bool finished) {
  rule_ = BrokenRule(safety_, language_, text_);
  if (!rule_.empty()) {
    if (broken_) broken_();
    return;
  }
  size_t clear = text_.size();
  if (!finished) {
    const std::string_view held = std::string_view(text_).substr(released_);
    const size_t window =
        language_ == Language::kEnglish ? OutputPatterns::kWindow : OutputPatterns::kCjkWindow;
    clear = released_ + held.size() - std::min(held.size(), BytesOfLast(held, window));
    if (const size_t end = LastSentenceEnd(held); end != std::string_view::npos) {
      clear = std::max(clear, released_ + end);
    }
  }
  if (clear <= released_) return;
  const std::string piece = text_.substr(released_, clear - released_);
  released_ = clear;
  if (release_) release_(piece);
}

std::string ReplyGuard::rule() const {
  const std::scoped_lock lock(mutex_);
  return rule_;
}

std::string ReplyGuard::released() const {
  const std::scoped_lock lock(mutex_);
  return text_.substr(0, released_);
}

}  // namespace emostage
