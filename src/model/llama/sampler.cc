#include "model/llama/sampler.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace emostage {
namespace {

using Candidate = std::pair<float, Token>;

// Ties go to the smaller token, so that equal logits give equal answers.
bool Larger(const Candidate& a, const Candidate& b) {
  return a.first != b.first ? a.first > b.first : a.second < b.second;
}

// A logit says less the lower it is, whatever its sign.
void Penalise(std::vector<Candidate>& candidates, std::span<const Token> recent, float penalty) {
  for (Candidate& candidate : candidates) {
    if (std::ranges::find(recent, candidate.second) == recent.end()) continue;
    candidate.first *= candidate.first > 0 ? 1 / penalty : penalty;
  }
  std::ranges::sort(candidates, Larger);
}

}  // namespace

std::vector<std::pair<float, Token>> LargestLogits(std::span<const float> logits, size_t k) {
  std::vector<Candidate> heap;  // its front is the smallest kept
  heap.reserve(k + 1);
  for (size_t i = 0; i < logits.size(); ++i) {
    if (heap.size() == k && logits[i] <= heap.front().first) continue;
    heap.emplace_back(logits[i], static_cast<Token>(i));
    std::push_heap(heap.begin(), heap.end(), Larger);
    if (heap.size() > k) {
      std::pop_heap(heap.begin(), heap.end(), Larger);
      heap.pop_back();
    }
  }
  std::sort_heap(heap.begin(), heap.end(), Larger);
  return heap;
}

Sampler::Sampler(const Sampling& sampling)
    : temperature_(sampling.temperature),
      top_p_(std::clamp(sampling.top_p, 0.0, 1.0)),
      top_k_(static_cast<size_t>(std::max(1, sampling.top_k))),
      penalty_(std::max(1.0, sampling.repetition_penalty)),
      random_(sampling.seed) {}

Token Sampler::Draw(std::span<const float> logits, const std::function<bool(Token)>& allowed,
                    std::span<const Token> recent) {
  const bool penalise = penalty_ > 1 && !recent.empty();
  // With a filter or a penalty more candidates are needed, lest none that pass are among them.
  size_t wanted = allowed ? std::max<size_t>(top_k_, 64) : temperature_ > 0 ? top_k_ : 1;
  if (penalise) wanted += recent.size();
  std::vector<Candidate> best = LargestLogits(logits, std::min(wanted, logits.size()));
  if (penalise) Penalise(best, recent, static_cast<float>(penalty_));
  const Token likeliest = best.front().second;
  if (allowed) {
    std::erase_if(best, [&](const Candidate& c) { return !allowed(c.second); });
    if (best.empty()) return likeliest;
  }
  if (best.size() > top_k_) best.resize(top_k_);
  if (temperature_ <= 0) return best.front().second;

  std::vector<double> weights;
  weights.reserve(best.size());
  for (const Candidate& c : best) weights.push_back(static_cast<double>(c.first) / temperature_);
  SoftMax(weights);
  double kept = 0;
  size_t count = 0;
  while (count < weights.size() && (count == 0 || kept < top_p_)) kept += weights[count++];
  double left = std::uniform_real_distribution<double>(0, kept)(random_);
  for (size_t i = 0; i < count; ++i) {
    left -= weights[i];
    if (left <= 0) return best[i].second;
  }
  return best[count - 1].second;
}

double LogSumExp(std::span<const float> logits) {
  const float top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (float logit : logits) sum += std::exp(static_cast<double>(logit - top));
  return static_cast<double>(top) + std::log(sum);
}

void SoftMax(std::vector<double>& values) {
  if (values.empty()) return;
  const double top = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (double& value : values) sum += value = std::exp(value - top);
  for (double& value : values) value /= sum;
}

}  // namespace emostage
