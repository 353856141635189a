#include "model/llama/label_trie.h"

#include <algorithm>
#include <cmath>

#include "model/llama/sampler.h"

namespace emostage {

LabelTrie::LabelTrie(const std::vector<std::vector<Token>>& labels) : nodes_(1) {
  for (size_t label = 0; label < labels.size(); ++label) {
    size_t at = 0;
    nodes_[0].below.push_back(label);
    for (Token token : labels[label]) {
      size_t next = 0;
      for (size_t child : nodes_[at].children) {
        if (nodes_[child].token == token) next = child;
      }
      if (next == 0) {
        next = nodes_.size();
        Node node;
        node.token = token;
        node.parent = at;
        nodes_.push_back(std::move(node));
        nodes_[at].children.push_back(next);
      }
      nodes_[next].below.push_back(label);
      at = next;
    }
    if (nodes_[at].label < 0) nodes_[at].label = static_cast<int>(label);
  }
  own_share_.assign(nodes_.size(), -1);
  shares_.resize(nodes_.size());
}

std::vector<Token> LabelTrie::Path(size_t index) const {
  std::vector<Token> path;
  for (; index != 0; index = nodes_[index].parent) path.push_back(nodes_[index].token);
  std::reverse(path.begin(), path.end());
  return path;
}

std::vector<size_t> LabelTrie::InnerDecisions() const {
  std::vector<size_t> inner;
  for (size_t i = 1; i < nodes_.size(); ++i) {
    if (nodes_[i].Decides()) inner.push_back(i);
  }
  return inner;
}

void LabelTrie::Decide(size_t index, std::span<const float> logits) {
  const Node& node = nodes_[index];
  std::vector<double> weights;
  for (size_t child : node.children) {
    weights.push_back(logits[static_cast<size_t>(nodes_[child].token)]);
  }
  if (node.label >= 0) {
    // Ending here means saying anything but the tokens that lead on.
    const double total = LogSumExp(logits);
    double going_on = 0;
    for (double weight : weights) going_on += std::exp(weight - total);
    own_share_[index] = std::max(0.0, 1.0 - going_on);
    for (double& weight : weights) weight = std::exp(weight - total);
    const double sum = own_share_[index] + going_on;
    own_share_[index] /= sum;
    for (double& weight : weights) weight /= sum;
  } else {
    own_share_[index] = 0;
    SoftMax(weights);
  }
  shares_[index] = std::move(weights);
}

void LabelTrie::Spread(size_t index, double mass, std::vector<double>& out) const {
  const Node& node = nodes_[index];
  if (node.label >= 0 && node.children.empty()) {
    out[static_cast<size_t>(node.label)] += mass;
  } else if (!node.Decides()) {
    Spread(node.children.front(), mass, out);
  } else if (shares_[index].empty()) {
    for (size_t label : node.below) out[label] += mass / static_cast<double>(node.below.size());
  } else {
    if (node.label >= 0) out[static_cast<size_t>(node.label)] += mass * own_share_[index];
    for (size_t i = 0; i < node.children.size(); ++i) {
      Spread(node.children[i], mass * shares_[index][i], out);
    }
  }
}

std::vector<double> LabelTrie::Probabilities() const {
  std::vector<double> out(labels(), 0.0);
  Spread(0, 1.0, out);
  return out;
}

}  // namespace emostage
