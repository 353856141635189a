#include "model/openai/reply_text.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace emostage::openai {
namespace {

constexpr std::string_view kThinkOpen = "<think>";
constexpr std::string_view kThinkClose = "</think>";

std::string_view TrimLeft(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

enum class Fit { kYes, kNo, kPerhaps };

Fit BeginsWith(std::string_view text, std::string_view start) {
  if (text.starts_with(start)) return Fit::kYes;
  return start.starts_with(text) ? Fit::kPerhaps : Fit::kNo;
}

}  // namespace

// Returns false where more must come before it is known what the head is.
bool ReplyText::TakeOffHead(bool last) {
  if (!thought_) {
    const std::string_view rest = TrimLeft(text_);
    const Fit fit = rest.empty() ? Fit::kNo : BeginsWith(rest, kThinkOpen);
    if (fit == Fit::kPerhaps && !last) return false;
    if (fit == Fit::kYes) {
      const std::size_t close = text_.find(kThinkClose);
      if (close == std::string::npos) {
        if (last) text_.clear();  // thought to the end, and said nothing
        return last;
      }
      text_.erase(0, close + kThinkClose.size());
      text_.erase(0, text_.size() - TrimLeft(text_).size());
      thought_ = true;
    }
  }
  const std::string_view prefix = TrimLeft(prefix_);
  if (prefix.empty()) return true;
  switch (BeginsWith(text_, prefix_)) {
    case Fit::kYes:
      text_.erase(0, prefix_.size());
      return true;
    case Fit::kPerhaps:
      if (!last) return false;
      break;
    case Fit::kNo:
      break;
  }
  const std::string_view rest = TrimLeft(text_);
  if (BeginsWith(rest, prefix) == Fit::kPerhaps && !last) return false;
  if (rest.starts_with(prefix)) text_.erase(0, text_.size() - rest.size() + prefix.size());
  return true;
}

std::string ReplyText::Release(std::size_t end) {
  std::string out = text_.substr(released_, end - released_);
  released_ = end;
  return out;
}

std::string ReplyText::Add(std::string_view piece) {
  if (stopped_ || piece.empty()) return {};
  text_ += piece;
  if (!head_done_) {
    head_done_ = TakeOffHead(false);
    if (!head_done_) return {};
  }
  std::size_t end = text_.size();
  for (const std::string& stop : stops_) {
    if (stop.empty()) continue;
    const std::size_t at = text_.find(stop, released_);
    if (at == std::string::npos) continue;
    stopped_ = true;
    end = std::min(end, at);
  }
  if (stopped_) {
    text_.resize(end);
    return Release(end);
  }
  for (const std::string& stop : stops_) {  // held back: what may be the beginning of one
    for (std::size_t length = std::min(stop.size(), text_.size() - released_); length > 0;
         --length) {
      if (!std::string_view(text_).ends_with(std::string_view(stop).substr(0, length))) continue;
      end = std::min(end, text_.size() - length);
      break;
    }
  }
  const std::string_view open = std::string_view(text_).substr(released_, end - released_);
  return Release(released_ + CompleteUtf8Length(open));
}

std::string ReplyText::Finish() {
  if (!head_done_) {
    head_done_ = true;
    (void)TakeOffHead(true);
    const std::string rest = std::exchange(text_, {});
    std::string out = Add(rest);
    if (stopped_) return out;
    return out + Release(Utf8Prefix(text_, text_.size()).size());
  }
  if (stopped_) return {};
  const std::string_view rest = std::string_view(text_).substr(released_);
  return Release(released_ + CompleteUtf8Length(rest));
}

}  // namespace emostage::openai
