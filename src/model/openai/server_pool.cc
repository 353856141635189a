#include "model/openai/server_pool.h"

namespace emostage::openai {

std::optional<std::size_t> ServerPool::NextWell(std::size_t from) const {
  for (std::size_t step = 0; step < states_.size(); ++step) {
    const std::size_t index = (from + step) % states_.size();
    if (states_[index].well) return index;
  }
  return std::nullopt;
}

std::size_t ServerPool::Home() {
  const std::lock_guard lock(mutex_);
  const std::size_t home = NextWell(turn_).value_or(turn_);
  turn_ = (home + 1) % states_.size();
  return home;
}

std::size_t ServerPool::Pick(std::size_t home) const {
  const std::lock_guard lock(mutex_);
  return NextWell(home).value_or(home);
}

std::optional<std::size_t> ServerPool::Other(std::size_t failed) const {
  const std::lock_guard lock(mutex_);
  const auto next = NextWell((failed + 1) % states_.size());
  if (!next || *next == failed) return std::nullopt;
  return next;
}

void ServerPool::MarkWell(std::size_t index) {
  const std::lock_guard lock(mutex_);
  states_[index].well = true;
}

void ServerPool::MarkIll(std::size_t index, Time now) {
  const std::lock_guard lock(mutex_);
  states_[index] = {false, now};
}

bool ServerPool::well(std::size_t index) const {
  const std::lock_guard lock(mutex_);
  return states_[index].well;
}

std::optional<std::size_t> ServerPool::DueForCheck(Time now) {
  const std::lock_guard lock(mutex_);
  for (std::size_t index = 0; index < states_.size(); ++index) {
    State& state = states_[index];
    if (state.well || now - state.since < cool_down_) continue;
    state.since = now;
    return index;
  }
  return std::nullopt;
}

}  // namespace emostage::openai
