#include "model/llama/machine_turn.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>

namespace emostage {
namespace {

// Who wants the next turn the moment they have given one must not keep another from theirs: with
// one lock alone, whoever is awake mostly wins.
TEST(MachineTurn, TwoWhoAlwaysWantItHaveItInTurns) {
  constexpr int kTurns = 60;
  std::atomic<bool> stop = false;
  std::array<std::atomic<int>, 2> had = {0, 0};
  const auto work = [&](size_t who) {
    MachineTurn turn;
    while (!stop) {
      turn.Take();
      // Counted from when both are there.
      if (had[1 - who] > 0 || had[who] == 0) ++had[who];
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (had[who] >= kTurns) stop = true;
      turn.Give();
    }
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  EXPECT_GE(std::min(had[0].load(), had[1].load()), kTurns / 2);
}

}  // namespace
}  // namespace emostage
