#ifndef EMOSTAGE_MODEL_OPENAI_SERVER_POOL_H_
#define EMOSTAGE_MODEL_OPENAI_SERVER_POOL_H_

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "model/openai/endpoint.h"

namespace emostage::openai {

// The addresses that lead to one model, and which of them are well. Thread-safe; the caller tells
// the time.
class ServerPool {
 public:
  using Time = std::chrono::steady_clock::time_point;

  ServerPool(std::vector<Endpoint> endpoints, std::chrono::milliseconds cool_down)
      : endpoints_(std::move(endpoints)), states_(endpoints_.size()), cool_down_(cool_down) {}

  [[nodiscard]] std::size_t size() const { return endpoints_.size(); }
  [[nodiscard]] const Endpoint& endpoint(std::size_t index) const { return endpoints_[index]; }

  // Where a new context is at home: each healthy address in its turn.
  [[nodiscard]] std::size_t Home();
  // Where a context at home at `home` asks now: there while it is well, else the next that is.
  // With none well, `home`: it may have come back.
  [[nodiscard]] std::size_t Pick(std::size_t home) const;
  // Where to go from `failed`: another that is well, or nothing.
  [[nodiscard]] std::optional<std::size_t> Other(std::size_t failed) const;

  void MarkWell(std::size_t index);
  void MarkIll(std::size_t index, Time now);
  [[nodiscard]] bool well(std::size_t index) const;
  // An ill address whose time has come to be looked at again. Each is named once in a cool-down.
  [[nodiscard]] std::optional<std::size_t> DueForCheck(Time now);

 private:
  struct State {
    bool well = true;
    Time since;
  };
  [[nodiscard]] std::optional<std::size_t> NextWell(std::size_t from) const;

  std::vector<Endpoint> endpoints_;
  mutable std::mutex mutex_;
  std::vector<State> states_;
  std::size_t turn_ = 0;
  std::chrono::milliseconds cool_down_;
};

}  // namespace emostage::openai

#endif  // EMOSTAGE_MODEL_OPENAI_SERVER_POOL_H_
