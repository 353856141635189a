#include "model/llama/schema_decoder.h"

#include <utility>

#include "base/text.h"
#include "emostage/error.h"

namespace emostage {

SchemaDecoder::SchemaDecoder(
    const TokenVocabulary* vocabulary, SchemaProgram program, const Sampling& sampling,
    std::function<void(const std::string&, const std::vector<Token>&)> remember)
    : vocabulary_(vocabulary),
      program_(std::move(program)),
      sampling_(sampling),
      sampler_(sampling),
      remember_(std::move(remember)),
      comma_(vocabulary->Tokenize(",", false)),
      bracket_(vocabulary->Tokenize("]", false)) {
  Advance();
  Flush();
  opening_ = std::exchange(feed_, {});
}

void SchemaDecoder::Dictate(std::string_view text) {
  dictated_ += text;
  json_ += text;
}

void SchemaDecoder::Flush() {
  if (dictated_.empty()) return;
  const std::vector<Token> tokens = vocabulary_->Tokenize(std::exchange(dictated_, ""), false);
  forced_ += static_cast<int>(tokens.size());
  feed_.insert(feed_.end(), tokens.begin(), tokens.end());
  tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
}

void SchemaDecoder::Advance() {
  while (!Done()) {
    const SchemaStep& step = program_[at_];
    switch (step.kind) {
      case SchemaStep::Kind::kLiteral:
        Dictate(step.text);
        ++at_;
        continue;
      case SchemaStep::Kind::kText:
        text_.clear();
        text_tokens_ = 0;
        return;
      case SchemaStep::Kind::kLabel:
        StartLabel(step);
        if (!trie_) continue;  // only one was left, and it was written
        return;
      case SchemaStep::Kind::kMore:
        if (Items() < step.min_items) {
          ++Items();
          Dictate(step.text);
          at_ = step.back;
          continue;
        }
        if (Items() >= step.max_items) {
          EndList();
          continue;
        }
        return;
    }
  }
}

void SchemaDecoder::OnLogits(size_t /*read*/, size_t /*token*/, std::span<const float> logits) {
  if (Done()) return;
  const SchemaStep& step = program_[at_];
  switch (step.kind) {
    case SchemaStep::Kind::kText:
      return Text(step, logits);
    case SchemaStep::Kind::kLabel:
      return Label(logits);
    case SchemaStep::Kind::kMore:
      return More(step, logits);
    case SchemaStep::Kind::kLiteral:
      break;
  }
  throw Error(ErrorCode::kInternal, "a literal of a schema has nothing to decide");
}

bool SchemaDecoder::EndsText(Token token) const {
  if (vocabulary_->IsEnd(token)) return true;
  return vocabulary_->Piece(token).find_first_of("\"\n\r") != std::string::npos;
}

void SchemaDecoder::Text(const SchemaStep& step, std::span<const float> logits) {
  const int limit = step.max_tokens > 0 ? step.max_tokens : sampling_.max_tokens;
  const int least = std::max(1, std::min(sampling_.min_tokens, limit));
  const std::span<const Token> recent = std::span(tokens_).last(static_cast<size_t>(text_tokens_));
  const auto goes_on = [this](Token t) { return !EndsText(t); };
  const Token token = sampler_.Draw(
      logits, text_tokens_ < least ? std::function<bool(Token)>(goes_on) : nullptr, recent);
  const std::string piece = vocabulary_->IsEnd(token) ? "" : vocabulary_->Piece(token);
  const size_t mark = vocabulary_->IsEnd(token) ? 0 : piece.find_first_of("\"\n\r");
  if (mark != std::string::npos) return EndText(std::string_view(piece).substr(0, mark));
  text_ += piece;
  ++text_tokens_;
  feed_.push_back(token);
  tokens_.push_back(token);
  if (text_tokens_ >= limit) EndText("");
}

void SchemaDecoder::EndText(std::string_view rest) {
  // What stands before the mark belongs to the text, but its token is not read: the closing mark
  // and all that follows are dictated, so the model reads them in the schema's own tokens.
  dictated_ += rest;
  text_ += rest;
  std::string text(std::string_view(text_).substr(0, CompleteUtf8Length(text_)));
  text = RepairUtf8(text);
  json_ += EscapeForJson(Trim(text));
  ++at_;
  Advance();
}

void SchemaDecoder::StartLabel(const SchemaStep& step) {
  offered_ = step.labels;
  if (step.once) {
    for (const std::string& taken : taken_[step.field]) std::erase(offered_, taken);
    if (offered_.empty()) offered_ = step.labels;
  }
  if (offered_.size() == 1) {
    picks_.push_back({step.field, offered_, {1.0}, 0});
    Dictate(offered_.front());
    if (step.once) taken_[step.field].push_back(offered_.front());
    ++at_;
    return;
  }
  std::vector<std::vector<Token>> tokens;
  for (const std::string& label : offered_) tokens.push_back(vocabulary_->Tokenize(label, false));
  trie_.emplace(tokens);
  trie_at_ = 0;
}

void SchemaDecoder::Label(std::span<const float> logits) {
  trie_->Decide(trie_at_, logits);
  const std::vector<double> shares = trie_->Probabilities();
  // The likeliest way, never a drawn one: labels are findings, not prose.
  const LabelTrie::Node* node = &trie_->node(trie_at_);
  if (node->label >= 0) {
    double going_on = 0;
    for (size_t label : node->below) {
      if (label != static_cast<size_t>(node->label)) going_on += shares[label];
    }
    if (shares[static_cast<size_t>(node->label)] >= going_on) {
      return FinishLabel(static_cast<size_t>(node->label));
    }
  }
  size_t next = node->children.front();
  double most = -1;
  for (size_t child : node->children) {
    double mass = 0;
    for (size_t label : trie_->node(child).below) mass += shares[label];
    if (mass > most) {
      most = mass;
      next = child;
    }
  }
  // Along any stretch without a choice at once.
  while (true) {
    trie_at_ = next;
    node = &trie_->node(trie_at_);
    feed_.push_back(node->token);
    tokens_.push_back(node->token);
    if (node->Decides()) return;
    if (node->label >= 0) return FinishLabel(static_cast<size_t>(node->label));
    next = node->children.front();
  }
}

void SchemaDecoder::FinishLabel(size_t label) {
  const SchemaStep& step = program_[at_];
  picks_.push_back({step.field, offered_, trie_->Probabilities(), label});
  if (step.once) taken_[step.field].push_back(offered_[label]);
  json_ += offered_[label];
  trie_.reset();
  ++at_;
  Advance();
}

void SchemaDecoder::More(const SchemaStep& step, std::span<const float> logits) {
  const float on = logits[static_cast<size_t>(comma_.front())];
  const float end = logits[static_cast<size_t>(bracket_.front())];
  if (on > end) {
    ++Items();
    Dictate(step.text);
    at_ = step.back;
  } else {
    EndList();
  }
  Advance();
}

void SchemaDecoder::EndList() {
  const std::string& field = program_[at_].field;
  items_.erase(at_);
  // The next list of this field, in another item of a list around it, may take any label again.
  std::erase_if(taken_, [&](const auto& entry) {
    return entry.first == field || entry.first.starts_with(field + ".");
  });
  ++at_;
}

std::vector<Read> SchemaDecoder::Next() {
  if (Done()) return {};
  Flush();
  const size_t last = feed_.empty() ? 0 : feed_.size() - 1;
  return {{0, std::exchange(feed_, {}), last}};
}

void SchemaDecoder::Finish(const Usage& usage, bool cancelled) {
  if (cancelled) {
    return Fail(std::make_exception_ptr(Error(ErrorCode::kCancelled, "stopped before the answer")));
  }
  Flush();
  Completion completion;
  completion.text = std::move(json_);
  completion.picks = std::move(picks_);
  completion.usage = usage;
  if (remember_) remember_(completion.text, tokens_);
  promise_.set_value(std::move(completion));
}

}  // namespace emostage
