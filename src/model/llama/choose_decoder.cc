#include "model/llama/choose_decoder.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "emostage/error.h"
#include "model/llama/sampler.h"

namespace emostage {
namespace {

// Forks at the same time. A context has 64 sequences in all, and others ask too.
constexpr size_t kForks = 32;

std::exception_ptr Cancelled() {
  return std::make_exception_ptr(Error(ErrorCode::kCancelled, "stopped before the answer"));
}

size_t Best(const std::vector<double>& values) {
  return static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

// The softmax of the mean log-likelihoods.
Choice CompareMeans(const ScoreDecoder::Likelihoods& likelihoods, const Usage& usage) {
  Choice choice;
  for (const std::vector<double>& text : likelihoods) {
    const double sum = std::accumulate(text.begin(), text.end(), 0.0);
    choice.probabilities.push_back(sum / static_cast<double>(text.size()));
  }
  SoftMax(choice.probabilities);
  choice.best = Best(choice.probabilities);
  choice.usage = usage;
  return choice;
}

}  // namespace

void ChooseDecoder::OnLogits(size_t read, size_t /*token*/, std::span<const float> logits) {
  trie_.Decide(at_root_ ? 0 : inner_[reading_ + read], logits);
}

std::vector<Read> ChooseDecoder::Next() {
  std::vector<Read> plan;
  if (std::exchange(at_root_, false)) inner_ = trie_.InnerDecisions();
  reading_ = planned_;
  while (planned_ < inner_.size() && plan.size() < kForks) {
    std::vector<Token> path = trie_.Path(inner_[planned_++]);
    const size_t last = path.size() - 1;
    plan.push_back({planned_, std::move(path), last});
  }
  return plan;
}

void ChooseDecoder::Finish(const Usage& usage, bool cancelled) {
  if (cancelled) return Fail(Cancelled());
  Choice choice;
  choice.probabilities = trie_.Probabilities();
  choice.best = Best(choice.probabilities);
  choice.usage = usage;
  promise_.set_value(std::move(choice));
}

ScoreDecoder::ScoreDecoder(std::vector<std::vector<Token>> texts, std::vector<std::string> pieces)
    : texts_(std::move(texts)), pieces_(std::move(pieces)), likelihoods_(texts_.size()) {}

void ScoreDecoder::OnLogits(size_t read, size_t token, std::span<const float> logits) {
  const double total = LogSumExp(logits);
  const auto add = [&](size_t text, size_t position) {
    const auto next = static_cast<size_t>(texts_[text][position]);
    likelihoods_[text].push_back(static_cast<double>(logits[next]) - total);
  };
  if (at_root_) {
    for (size_t text = 0; text < texts_.size(); ++text) add(text, 0);
  } else {
    add(reading_[read], token + 1);
  }
}

std::vector<Read> ScoreDecoder::Next() {
  std::vector<Read> plan;
  at_root_ = false;
  reading_.clear();
  for (; next_ < texts_.size() && plan.size() < kForks; ++next_) {
    const std::vector<Token>& text = texts_[next_];
    if (text.size() < 2) continue;
    reading_.push_back(next_);
    plan.push_back({++forks_, {text.begin(), text.end() - 1}, 0});
  }
  return plan;
}

void ScoreDecoder::Finish(const Usage& usage, bool cancelled) {
  if (cancelled) return Fail(Cancelled());
  choice_.set_value(CompareMeans(likelihoods_, usage));
  Score score;
  score.token_log_likelihoods = std::move(likelihoods_.front());
  score.pieces = std::move(pieces_);
  score.total =
      std::accumulate(score.token_log_likelihoods.begin(), score.token_log_likelihoods.end(), 0.0);
  score.usage = usage;
  score_.set_value(std::move(score));
}

void NextDecoder::OnLogits(size_t /*read*/, size_t /*token*/, std::span<const float> logits) {
  const double total = LogSumExp(logits);
  for (const auto& [logit, token] : LargestLogits(logits, std::min(most_, logits.size()))) {
    const bool end = vocabulary_->IsEnd(token);
    next_.likeliest.push_back({.id = token,
                               .piece = end ? "" : vocabulary_->Piece(token),
                               .log_probability = static_cast<double>(logit) - total,
                               .end = end});
  }
}

void NextDecoder::Finish(const Usage& usage, bool cancelled) {
  if (cancelled) return Fail(Cancelled());
  next_.usage = usage;
  promise_.set_value(std::move(next_));
}

}  // namespace emostage
