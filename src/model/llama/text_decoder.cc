#include "model/llama/text_decoder.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace emostage {
namespace {

constexpr size_t kPenalisedTokens = 64;

// How many bytes at the end of `text` could be the beginning of a stop string.
size_t HeldBack(const std::string& text, const std::vector<std::string>& stops) {
  size_t held = 0;
  for (const std::string& stop : stops) {
    for (size_t length = std::min(stop.size() - 1, text.size()); length > held; --length) {
      if (text.compare(text.size() - length, length, stop, 0, length) == 0) held = length;
    }
  }
  return held;
}

}  // namespace

TextDraft::TextDraft(const TokenVocabulary* vocabulary, const Sampling& sampling, OnToken on_token)
    : vocabulary_(vocabulary),
      sampling_(sampling),
      on_token_(std::move(on_token)),
      sampler_(sampling) {
  std::erase(sampling_.stop, "");
}

bool TextDraft::Step(std::span<const float> logits) {
  const bool must_go_on = static_cast<int>(tokens_.size()) < sampling_.min_tokens;
  const std::span<const Token> recent =
      std::span(tokens_).last(std::min(tokens_.size(), kPenalisedTokens));
  const bool must_be_prose = sampling_.prose && Trim(text_).empty();
  const auto allowed = [&](Token t) {
    if (must_go_on && vocabulary_->IsEnd(t)) return false;
    if (!must_be_prose) return true;
    const std::string piece = vocabulary_->Piece(t);
    return !Trim(piece).starts_with('{') && !Trim(piece).starts_with('[');
  };
  const bool filters = must_go_on || must_be_prose;
  const Token token =
      sampler_.Draw(logits, filters ? std::function<bool(Token)>(allowed) : nullptr, recent);
  if (vocabulary_->IsEnd(token) && !must_go_on) {
    finish_ = FinishReason::kEnd;
    return false;
  }
  tokens_.push_back(token);
  const size_t before = text_.size();
  text_ += vocabulary_->Piece(token);
  if (!must_go_on) {
    size_t first = std::string::npos;
    for (const std::string& stop : sampling_.stop) {
      const size_t from = before > stop.size() ? before - stop.size() : 0;
      first = std::min(first, text_.find(stop, from));
    }
    if (first != std::string::npos) {
      text_.resize(first);
      finish_ = FinishReason::kStop;
      return false;
    }
  }
  if (static_cast<int>(tokens_.size()) >= sampling_.max_tokens) {
    finish_ = FinishReason::kLength;
    return false;
  }
  Release(false);
  return true;
}

void TextDraft::Release(bool all) {
  if (!on_token_) return;
  size_t end = text_.size();
  if (!all) {
    end -= HeldBack(text_, sampling_.stop);
    if (end > released_ && text_[end - 1] == '\r') --end;  // one line end with the "\n" to come
  }
  end = released_ + CompleteUtf8Length(std::string_view(text_).substr(released_, end - released_));
  if (end <= released_) return;
  const std::string piece = RepairUtf8(std::string_view(text_).substr(released_, end - released_));
  released_ = end;
  if (!piece.empty()) on_token_(piece);
}

Completion TextDraft::Finish(bool cancelled) {
  if (cancelled) finish_ = FinishReason::kCancelled;
  Release(true);
  Completion completion;
  completion.text = RepairUtf8(std::string_view(text_).substr(0, CompleteUtf8Length(text_)));
  completion.finish = finish_;
  return completion;
}

TextDecoder::TextDecoder(
    const TokenVocabulary* vocabulary, const Sampling& sampling, int n, OnToken on_token,
    std::function<void(const std::string&, const std::vector<Token>&)> remember)
    : remember_(std::move(remember)) {
  for (int i = 0; i < n; ++i) {
    Sampling own = sampling;
    own.seed += static_cast<uint64_t>(i);
    drafts_.emplace_back(vocabulary, own, i == 0 ? on_token : OnToken{});
  }
}

void TextDecoder::OnLogits(size_t read, size_t /*token*/, std::span<const float> logits) {
  if (!started_) {  // the question's own logits: every draft begins with them
    started_ = true;
    for (size_t i = 0; i < drafts_.size(); ++i) {
      if (drafts_[i].Step(logits)) going_.push_back(i);
    }
  } else if (drafts_[reading_[read]].Step(logits)) {
    going_.push_back(reading_[read]);
  }
}

std::vector<Read> TextDecoder::Next() {
  std::vector<Read> plan;
  reading_ = std::exchange(going_, {});
  for (size_t draft : reading_) plan.push_back({draft, {drafts_[draft].last()}, 0});
  return plan;
}

void TextDecoder::Finish(const Usage& usage, bool cancelled) {
  std::vector<Completion> completions;
  for (TextDraft& draft : drafts_) {
    completions.push_back(draft.Finish(cancelled));
    completions.back().usage = usage;
    if (remember_) remember_(completions.back().text, draft.tokens());
  }
  first_promise_.set_value(completions.front());
  promise_.set_value(std::move(completions));
}

int TextDecoder::output_tokens() const {
  size_t count = 0;
  for (const TextDraft& draft : drafts_) count += draft.tokens().size();
  return static_cast<int>(count);
}

}  // namespace emostage
