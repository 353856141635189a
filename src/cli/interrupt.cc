#include "cli/interrupt.h"

#include <chrono>

namespace emostage {
namespace {

volatile std::sig_atomic_t interrupted = 0;

extern "C" void OnInterrupt(int /*signal*/) { interrupted = 1; }

}  // namespace

Interrupt::Interrupt() {
  interrupted = 0;
  struct sigaction action{};
  action.sa_handler = OnInterrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, &before_);
  // A handler may do next to nothing; this thread does the rest.
  watch_ = std::jthread([this](const std::stop_token& end) {
    while (!end.stop_requested()) {
      if (interrupted != 0) {
        stop_.request_stop();
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
}

Interrupt::~Interrupt() {
  watch_.request_stop();
  watch_.join();
  sigaction(SIGINT, &before_, nullptr);
}

}  // namespace emostage
