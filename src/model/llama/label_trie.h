#ifndef EMOSTAGE_MODEL_LLAMA_LABEL_TRIE_H_
#define EMOSTAGE_MODEL_LLAMA_LABEL_TRIE_H_

#include <cstddef>
#include <span>
#include <vector>

#include "model/llama/vocabulary.h"

namespace emostage {

// The tokens of several labels as a tree. Labels are compared only where they differ: a node with
// one way on costs nothing, since a speaker who must say one of the labels has no choice there.
class LabelTrie {
 public:
  struct Node {
    Token token = LLAMA_TOKEN_NULL;  // that leads here
    size_t parent = 0;
    int label = -1;  // that ends here, or -1
    std::vector<size_t> children;
    std::vector<size_t> below;  // labels that end here or further down
    // Whether the model has anything to decide here.
    [[nodiscard]] bool Decides() const { return children.size() + (label >= 0 ? 1 : 0) > 1; }
  };

  explicit LabelTrie(const std::vector<std::vector<Token>>& labels);

  [[nodiscard]] const Node& node(size_t index) const { return nodes_[index]; }
  [[nodiscard]] size_t size() const { return nodes_.size(); }
  [[nodiscard]] size_t labels() const { return nodes_[0].below.size(); }
  // The tokens from the root to a node.
  [[nodiscard]] std::vector<Token> Path(size_t index) const;

  // Nodes other than the root where labels part, parents before children.
  [[nodiscard]] std::vector<size_t> InnerDecisions() const;

  // Sets the probabilities of a deciding node's ways on from the logits after its path.
  void Decide(size_t index, std::span<const float> logits);
  // The probability of each label, summing to 1. Labels behind a node that was never decided share
  // its probability evenly.
  [[nodiscard]] std::vector<double> Probabilities() const;

 private:
  void Spread(size_t index, double mass, std::vector<double>& out) const;

  std::vector<Node> nodes_;
  std::vector<double> own_share_;            // of a node's mass, what ends there
  std::vector<std::vector<double>> shares_;  // of a node's mass, what goes to each child
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_LLAMA_LABEL_TRIE_H_
