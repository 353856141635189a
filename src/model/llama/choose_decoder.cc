#include "model/llama/choose_decoder.h"

#include <algorithm>
#include <utility>

#include "emostage/error.h"
#include "model/llama/sampler.h"

namespace emostage {
namespace {

std::exception_ptr Cancelled() {
  return std::make_exception_ptr(Error(ErrorCode::kCancelled, "stopped before the answer"));
}

size_t Best(const std::vector<double>& values) {
  return static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

}  // namespace

void ChooseDecoder::OnLogits(size_t read, size_t /*token*/, std::span<const float> logits) {
  trie_.Decide(at_root_ ? 0 : inner_[read], logits);
}

std::vector<Read> ChooseDecoder::Next() {
  std::vector<Read> plan;
  if (!std::exchange(at_root_, false)) return plan;
  inner_ = trie_.InnerDecisions();
  for (size_t i = 0; i < inner_.size(); ++i) {
    std::vector<Token> path = trie_.Path(inner_[i]);
    const size_t last = path.size() - 1;
    plan.push_back({i + 1, std::move(path), last});
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

ScoreDecoder::ScoreDecoder(std::vector<std::vector<Token>> texts)
    : texts_(std::move(texts)), likelihoods_(texts_.size()) {}

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
  if (!std::exchange(at_root_, false)) return plan;
  for (size_t text = 0; text < texts_.size(); ++text) {
    if (texts_[text].size() < 2) continue;
    reading_.push_back(text);
    plan.push_back({plan.size() + 1, {texts_[text].begin(), texts_[text].end() - 1}, 0});
  }
  return plan;
}

void ScoreDecoder::Finish(const Usage& usage, bool cancelled) {
  if (cancelled) return Fail(Cancelled());
  promise_.set_value({std::move(likelihoods_), usage});
}

Choice ChoiceFromMeans(const ScoreDecoder::Likelihoods& likelihoods, const Usage& usage) {
  Choice choice;
  for (const std::vector<double>& text : likelihoods) {
    double sum = 0;
    for (double value : text) sum += value;
    choice.probabilities.push_back(sum / static_cast<double>(text.size()));
  }
  SoftMax(choice.probabilities);
  choice.best = Best(choice.probabilities);
  choice.usage = usage;
  return choice;
}

}  // namespace emostage
