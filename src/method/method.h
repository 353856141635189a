#ifndef EMOSTAGE_METHOD_METHOD_H_
#define EMOSTAGE_METHOD_METHOD_H_

#include <string>
#include <string_view>

#include "emostage/answer.h"

namespace emostage {

class Stage;

// What a method finds out about the client on the way to its reply.
struct Findings {
  bool perspective = false;  // Answer::state
  bool phase = false;        // Answer::phase
};

// One way of answering a client: a short program over a dialogue. Stateless and thread-safe; what
// it must remember from turn to turn lives in the stage's Memory.
class Method {
 public:
  virtual ~Method() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  // One line: what it does, and where the idea is from.
  [[nodiscard]] virtual std::string_view summary() const = 0;
  // The prompt file it speaks with, data/prompts/<this>.<language>.toml.
  [[nodiscard]] virtual std::string_view prompts() const = 0;
  [[nodiscard]] virtual Findings finds() const { return {}; }
  // Answers the dialogue's last client turn. Throws Error.
  [[nodiscard]] virtual Answer Respond(Stage& stage) const = 0;
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_METHOD_H_
