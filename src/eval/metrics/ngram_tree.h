#ifndef EMOSTAGE_EVAL_METRICS_NGRAM_TREE_H_
#define EMOSTAGE_EVAL_METRICS_NGRAM_TREE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace emostage {

// Runs of units (n-grams), each one a node below that of the run without its last unit. Two runs
// are the same if and only if they have the same node: nothing rests on a hash not colliding.
class NgramTree {
 public:
  using Node = std::uint32_t;
  static constexpr Node kRoot = 0;  // the empty run
  static constexpr Node kNone = 0xFFFFFFFF;

  // The run at `node` with `unit` after it, made where it is new. New nodes are numbered upward.
  Node Grow(Node node, std::uint32_t unit);
  // The same, or kNone where there is no such run.
  [[nodiscard]] Node Find(Node node, std::uint32_t unit) const;
  // How many runs there are, the empty one among them.
  [[nodiscard]] std::size_t size() const { return nodes_; }
  // Back to the empty run alone; keeps its memory.
  void Clear();

 private:
  struct Slot {
    std::uint64_t key = 0;  // node and unit
    Node child = 0;
    std::uint32_t era = 0;  // filled since the last Clear if it is the tree's own
  };
  // Where `key` is, or where it would go. Here, because most of the time of all text metrics is
  // spent in it.
  [[nodiscard]] std::size_t SlotOf(std::uint64_t key) const {
    // The high bits of a product depend on all bits of the key; the size is a power of two.
    const std::uint64_t mixed = (key ^ (key >> 29)) * 0x9E3779B97F4A7C15U;
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (mixed >> 32) & mask;
    while (slots_[at].era == era_ && slots_[at].key != key) at = (at + 1) & mask;
    return at;
  }
  void Widen();

  std::vector<Slot> slots_ = std::vector<Slot>(1024);
  std::uint32_t nodes_ = 1;
  std::uint32_t era_ = 1;
};

// Of one length of run: how often runs occur in the two texts, and how many of the first's the
// second has too, each as often as it has it.
struct NgramMatches {
  std::size_t first = 0;
  std::size_t second = 0;
  std::size_t matches = 0;
};

// Compares texts by their runs; keeps its room to work in from one pair to the next.
class NgramMatcher {
 public:
  // Adds to into[n - 1] the counts of runs of n units, for each n that `into` has a place for.
  void Add(std::span<const std::uint32_t> first, std::span<const std::uint32_t> second,
           std::span<NgramMatches> into);

 private:
  NgramTree tree_;
  std::vector<std::uint32_t> left_;  // of each run of the second text: not matched yet
};

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_METRICS_NGRAM_TREE_H_
