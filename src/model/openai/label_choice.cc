#include "model/openai/label_choice.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <string_view>

namespace emostage::openai {
namespace {

std::vector<std::size_t> All(std::size_t count) {
  std::vector<std::size_t> all(count);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

}  // namespace

TokenChoice::TokenChoice(std::vector<std::vector<int>> labels) : labels_(std::move(labels)) {
  Plan(All(labels_.size()), 0);
  answers_.resize(forks_.size());
}

void TokenChoice::Plan(const std::vector<std::size_t>& labels, std::size_t depth) {
  if (labels.size() < 2) return;
  Branches branches;
  std::map<int, std::vector<std::size_t>> ways;
  for (const std::size_t label : labels) {
    if (labels_[label].size() == depth) {
      branches.ending = static_cast<int>(label);
    } else {
      ways[labels_[label][depth]].push_back(label);
    }
  }
  if (ways.size() == 1 && branches.ending < 0) return Plan(labels, depth + 1);
  Fork fork;
  const std::vector<int>& any = labels_[labels.front()];
  fork.path.assign(any.begin(), any.begin() + static_cast<std::ptrdiff_t>(depth));
  fork.may_end = branches.ending >= 0;
  for (auto& [token, behind] : ways) {
    fork.next.push_back(token);
    branches.labels.push_back(std::move(behind));
  }
  forks_.push_back(std::move(fork));
  const std::size_t index = branches_.size();
  branches_.push_back(std::move(branches));
  for (std::size_t way = 0; way < branches_[index].labels.size(); ++way) {
    Plan(std::vector<std::size_t>(branches_[index].labels[way]), depth + 1);
  }
}

void TokenChoice::Answer(std::size_t fork, const std::vector<double>& probabilities) {
  answers_[fork] = probabilities;
}

std::vector<double> TokenChoice::Probabilities() const {
  std::vector<double> out(labels_.size(), 0.0);
  Spread(All(labels_.size()), 0, 1, out);
  return out;
}

void TokenChoice::Spread(const std::vector<std::size_t>& labels, std::size_t depth, double mass,
                         std::vector<double>& out) const {
  if (labels.size() == 1) {
    out[labels.front()] += mass;
    return;
  }
  const std::vector<int>& any = labels_[labels.front()];
  const auto fork = std::ranges::find_if(forks_, [&](const Fork& candidate) {
    return candidate.path.size() >= depth && candidate.path.size() <= any.size() &&
           std::equal(candidate.path.begin(), candidate.path.end(), any.begin());
  });
  const auto index = static_cast<std::size_t>(fork - forks_.begin());
  const Branches& branches = branches_[index];
  std::vector<double> weights = answers_[index];
  weights.resize(branches.labels.size(), 0.0);
  double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  double ending = 0;
  if (branches.ending >= 0) {
    ending = std::max(0.0, 1.0 - sum);
    sum += ending;
  }
  if (!(sum > 0)) {  // nothing was told: all alike
    std::ranges::fill(weights, 1.0);
    ending = branches.ending >= 0 ? 1.0 : 0.0;
    sum = static_cast<double>(weights.size()) + ending;
  }
  if (branches.ending >= 0) out[static_cast<std::size_t>(branches.ending)] += mass * ending / sum;
  for (std::size_t way = 0; way < weights.size(); ++way) {
    Spread(branches.labels[way], fork->path.size() + 1, mass * weights[way] / sum, out);
  }
}

TextShares ShareByText(const std::vector<std::string>& labels,
                       const std::vector<std::size_t>& among, std::size_t said,
                       const std::vector<LikelyToken>& likely) {
  TextShares shares;
  shares.single.assign(labels.size(), 0.0);
  double floor = std::numeric_limits<double>::infinity();
  for (const LikelyToken& token : likely) floor = std::min(floor, token.log_probability);
  std::map<std::string, std::size_t> groups;  // what was said, and its place in shares.groups
  std::vector<bool> met(labels.size(), false);
  double ended = 0;  // what went to tokens that lead on
  for (const LikelyToken& token : likely) {
    if (token.text.empty()) continue;
    const double mass = std::exp(token.log_probability);
    std::vector<std::size_t> begun;  // labels that go on with this token
    int whole = -1;                  // the longest that it holds whole
    for (const std::size_t label : among) {
      const std::string_view rest = std::string_view(labels[label]).substr(said);
      if (rest.empty()) continue;
      if (rest.starts_with(token.text)) {
        begun.push_back(label);
      } else if (std::string_view(token.text).starts_with(rest) &&
                 (whole < 0 ||
                  labels[label].size() > labels[static_cast<std::size_t>(whole)].size())) {
        whole = static_cast<int>(label);
      }
    }
    if (begun.empty() && whole >= 0) begun.push_back(static_cast<std::size_t>(whole));
    if (begun.empty()) continue;
    shares.any = true;
    ended += mass;
    for (const std::size_t label : begun) met[label] = true;
    if (begun.size() == 1) {
      shares.single[begun.front()] += mass;
      continue;
    }
    const std::string text = labels[begun.front()].substr(0, said) + token.text;
    const auto [place, is_new] = groups.emplace(text, shares.groups.size());
    if (is_new) shares.groups.push_back({text, begun, 0});
    shares.groups[place->second].mass += mass;
  }
  for (const std::size_t label : among) {
    if (labels[label].size() == said) {  // it ends here: what does not lead on
      shares.single[label] += std::max(0.0, 1.0 - ended);
    } else if (!met[label] && std::isfinite(floor)) {
      shares.single[label] += std::exp(floor);
    }
  }
  return shares;
}

Choice Normalised(std::vector<double> weights) {
  Choice choice;
  double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (!(sum > 0)) {
    std::ranges::fill(weights, 1.0);
    sum = static_cast<double>(weights.size());
  }
  for (double& weight : weights) weight /= sum;
  choice.best = static_cast<std::size_t>(std::ranges::max_element(weights) - weights.begin());
  choice.probabilities = std::move(weights);
  return choice;
}

}  // namespace emostage::openai
