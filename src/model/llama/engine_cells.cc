#include <algorithm>
#include <cstddef>
#include <span>

#include "model/llama/engine.h"

// The engine's dealings with the cache: which branch may serve a prompt, taking and giving back
// sequences, forking, and what goes first when there is no room.
namespace emostage {

size_t Engine::Usable(const Branch& branch, std::span<const Token> tokens) const {
  if (branch.sequence < 0) return 0;
  const size_t common = CommonPrefix(branch.tokens, tokens);
  return partial_ok_ || common == branch.tokens.size() ? common : 0;
}

bool Engine::Acquire(Branch& branch) {
  while (free_sequences_.empty()) {
    if (!Evict()) return false;
  }
  branch.sequence = free_sequences_.back();
  free_sequences_.pop_back();
  return true;
}

void Engine::Release(Branch& branch) {
  if (branch.sequence < 0) return;
  llama_memory_seq_rm(memory_, branch.sequence, -1, -1);
  free_sequences_.push_back(branch.sequence);
  branch.sequence = -1;
  branch.tokens.clear();
}

void Engine::CopyInto(const Branch& from, Branch& to, size_t length) {
  llama_memory_seq_rm(memory_, to.sequence, -1, -1);  // seq_cp adds to what is there
  const llama_pos end = length == from.tokens.size() ? -1 : static_cast<llama_pos>(length);
  llama_memory_seq_cp(memory_, from.sequence, to.sequence, 0, end);
  to.tokens.assign(from.tokens.begin(), from.tokens.begin() + static_cast<std::ptrdiff_t>(length));
}

void Engine::Cut(Branch& branch, size_t length) {
  if (length == branch.tokens.size()) return;
  llama_memory_seq_rm(memory_, branch.sequence, static_cast<llama_pos>(length), -1);
  branch.tokens.resize(length);
}

bool Engine::Evict() {
  Place* oldest = nullptr;
  for (const std::shared_ptr<Place>& place : places_) {
    const bool holds = place->trunk.sequence >= 0 || !place->kept.empty();
    if (place->open_questions > 0 || !holds) continue;
    if (oldest == nullptr || place->last_used < oldest->last_used) oldest = place.get();
  }
  if (oldest != nullptr) {
    // First what only saves a little reading, then the dialogue itself.
    if (!oldest->kept.empty()) {
      for (Branch& branch : oldest->kept) Release(branch);
      oldest->kept.clear();
    } else {
      Release(oldest->trunk);
    }
    return true;
  }
  for (const std::shared_ptr<Place>& place : places_) {
    if (place->kept.empty()) continue;
    Release(place->kept.front());
    place->kept.pop_front();
    return true;
  }
  if (EvictOwn()) return true;
  for (auto root = roots_.begin(); root != roots_.end(); ++root) {
    if (!root->ready || tasks_.size() > 1) continue;
    Release(*root);
    roots_.erase(root);
    return true;
  }
  return false;
}

bool Engine::EvictOwn() {
  Place* oldest = nullptr;
  for (const std::shared_ptr<Place>& place : places_) {
    if (place->trunk.sequence < 0 || place->trunk_busy) continue;
    if (oldest == nullptr || place->last_used < oldest->last_used) oldest = place.get();
  }
  if (oldest != nullptr) Release(oldest->trunk);
  return oldest != nullptr;
}

}  // namespace emostage
