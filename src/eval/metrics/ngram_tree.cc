#include "eval/metrics/ngram_tree.h"

#include <algorithm>
#include <utility>

namespace emostage {
namespace {

std::uint64_t KeyOf(NgramTree::Node node, std::uint32_t unit) {
  return (std::uint64_t{node} << 32) | unit;
}

std::size_t Runs(std::size_t units, std::size_t n) { return units < n ? 0 : units - n + 1; }

}  // namespace

void NgramTree::Widen() {
  std::vector<Slot> old(slots_.size() * 2);
  std::swap(old, slots_);
  for (const Slot& slot : old) {
    if (slot.era == era_) slots_[SlotOf(slot.key)] = slot;
  }
}

NgramTree::Node NgramTree::Grow(Node node, std::uint32_t unit) {
  const std::uint64_t key = KeyOf(node, unit);
  std::size_t at = SlotOf(key);
  if (slots_[at].era == era_) return slots_[at].child;
  if (std::size_t{nodes_} * 2 >= slots_.size()) {
    Widen();
    at = SlotOf(key);
  }
  slots_[at] = {key, nodes_, era_};
  return nodes_++;
}

NgramTree::Node NgramTree::Find(Node node, std::uint32_t unit) const {
  const Slot& slot = slots_[SlotOf(KeyOf(node, unit))];
  return slot.era == era_ ? slot.child : kNone;
}

void NgramTree::Clear() {
  nodes_ = 1;
  if (++era_ != 0) return;
  std::fill(slots_.begin(), slots_.end(), Slot{});
  era_ = 1;
}

void NgramMatcher::Add(std::span<const std::uint32_t> first, std::span<const std::uint32_t> second,
                       std::span<NgramMatches> into) {
  tree_.Clear();
  left_.assign(1, 0);
  for (std::size_t i = 0; i < second.size(); ++i) {
    NgramTree::Node node = NgramTree::kRoot;
    for (std::size_t n = 0; n < into.size() && i + n < second.size(); ++n) {
      node = tree_.Grow(node, second[i + n]);
      if (node == left_.size()) left_.push_back(0);
      ++left_[node];
    }
  }
  for (std::size_t i = 0; i < first.size(); ++i) {
    NgramTree::Node node = NgramTree::kRoot;
    for (std::size_t n = 0; n < into.size() && i + n < first.size(); ++n) {
      node = tree_.Find(node, first[i + n]);
      if (node == NgramTree::kNone) break;  // nor does the second text have anything longer
      if (left_[node] == 0) continue;
      --left_[node];
      ++into[n].matches;
    }
  }
  for (std::size_t n = 0; n < into.size(); ++n) {
    into[n].first += Runs(first.size(), n + 1);
    into[n].second += Runs(second.size(), n + 1);
  }
}

}  // namespace emostage
