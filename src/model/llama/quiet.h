#ifndef EMOSTAGE_MODEL_LLAMA_QUIET_H_
#define EMOSTAGE_MODEL_LLAMA_QUIET_H_

#include <string>

namespace emostage {

// Keeps llama.cpp's log off the terminal for good, and remembers what it complained of while this
// object lives. $EMOSTAGE_LLAMA_LOG=1 lets the log through to stderr.
class QuietLlama {
 public:
  QuietLlama();
  // The first complaint on this thread since construction, in one line.
  [[nodiscard]] std::string Reason() const;
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_LLAMA_QUIET_H_
