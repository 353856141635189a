#ifndef EMOSTAGE_CLI_INTERRUPT_H_
#define EMOSTAGE_CLI_INTERRUPT_H_

#include <csignal>
#include <stop_token>
#include <thread>

namespace emostage {

// While it lives, Ctrl-C asks the work to stop instead of ending the program. A second Ctrl-C
// ends the program. One at a time.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }
  [[nodiscard]] bool happened() const { return stop_.stop_requested(); }

 private:
  std::stop_source stop_;
  struct sigaction before_{};
  std::jthread watch_;
};

}  // namespace emostage

#endif  // EMOSTAGE_CLI_INTERRUPT_H_
