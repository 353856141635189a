#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>

#include "model/llama/engine.h"

// The engine's dealings with the cache: which branch may serve a prompt, taking and giving back
// sequences, forking, and what goes first when there is no room.
namespace emostage {
namespace {

constexpr size_t kWorthParking = 32;  // tokens; fewer are read as fast as put back

}  // namespace

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

// Parked are only the cells behind the system prompt, which all contexts have in common.
void Engine::Park(Place& place) {
  Branch& trunk = place.trunk;
  Forget(place);
  size_t root = 0;
  if (partial_ok_) {
    for (const Branch& other : roots_) {
      if (!other.ready || other.tokens.size() >= trunk.tokens.size()) continue;
      if (CommonPrefix(other.tokens, trunk.tokens) == other.tokens.size()) {
        root = std::max(root, other.tokens.size());
      }
    }
  }
  std::vector<Token> tokens = trunk.tokens;
  if (tokens.size() - root >= kWorthParking) {
    if (root > 0) llama_memory_seq_rm(memory_, trunk.sequence, 0, static_cast<llama_pos>(root));
    const size_t size = llama_state_seq_get_size(context_, trunk.sequence);
    while (parked_bytes_ + size > options_.parked_bytes) {
      Place* oldest = nullptr;
      for (const std::shared_ptr<Place>& other : places_) {
        // Whoever has questions open is about to want it back.
        if (other->parked.empty() || other->open_questions > 0) continue;
        if (oldest == nullptr || other->last_used < oldest->last_used) oldest = other.get();
      }
      if (oldest == nullptr) break;
      Forget(*oldest);
      CountForgotten();
    }
    if (parked_bytes_ + size <= options_.parked_bytes) {
      place.parked.resize(size);
      if (llama_state_seq_get_data(context_, place.parked.data(), size, trunk.sequence) == size) {
        place.parked_tokens = std::move(tokens);
        place.parked_root = root;
        parked_bytes_ += size;
      } else {
        place.parked.clear();
      }
    }
  }
  for (Branch& branch : place.kept) Release(branch);
  place.kept.clear();
  Release(trunk);
}

void Engine::Forget(Place& place) {
  if (place.parked.empty()) return;
  parked_bytes_ -= place.parked.size();
  place.parked = {};
  place.parked_tokens = {};
}

void Engine::CountForgotten() {
  const std::lock_guard lock(mutex_);
  ++use_.forgotten;
}

// False where it has to wait for a sequence. What cannot be put back is read again.
bool Engine::Unpark(Place& place) {
  Branch& trunk = place.trunk;
  if (!Acquire(trunk)) return false;
  const std::span<const Token> all(place.parked_tokens);
  const auto find_root = [&] {
    return std::ranges::find_if(roots_, [&](const Branch& other) {
      return other.ready && std::ranges::equal(other.tokens, all.first(place.parked_root));
    });
  };
  bool good = place.parked_root == 0 || find_root() != roots_.end();
  if (good) {
    place.trunk_busy = true;  // making room must not take this very trunk
    size_t put = 0;
    do {
      put = llama_state_seq_set_data(context_, place.parked.data(), place.parked.size(),
                                     trunk.sequence);
    } while (put == 0 && Evict());
    place.trunk_busy = false;
    good = put == place.parked.size();
  }
  const auto root = find_root();  // it may have had to make room too
  good = good && (place.parked_root == 0 || root != roots_.end());
  if (good) {
    if (place.parked_root > 0) {
      llama_memory_seq_cp(memory_, root->sequence, trunk.sequence, 0,
                          static_cast<llama_pos>(place.parked_root));
    }
    trunk.tokens = std::move(place.parked_tokens);
    parked_bytes_ -= place.parked.size();
    place.parked = {};
    place.parked_tokens = {};
    const std::lock_guard lock(mutex_);
    ++use_.restored;
  } else {
    Release(trunk);
    Forget(place);
    CountForgotten();
  }
  return true;
}

void Engine::ParkIdle() {
  const auto now = std::chrono::steady_clock::now();
  if (tasks_.empty()) return;
  for (const std::shared_ptr<Place>& place : places_) {
    const bool idle = place->open_questions == 0 && place->trunk.sequence >= 0;
    if (idle && !place->admitted && now - place->idle_since > options_.rest) Park(*place);
  }
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
      Park(*oldest);
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
