#ifndef EMOSTAGE_METHOD_METHOD_H_
#define EMOSTAGE_METHOD_METHOD_H_

#include <string>
#include <string_view>
#include <vector>

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
  // What a method cannot do without.
  struct Needs {
    bool log_probabilities = false;  // Context::score, or `choose` exact to its probabilities
    bool store = false;              // what is kept of earlier talks
    bool embeddings = false;         // Model::embed
  };

  virtual ~Method() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  // One line: what it does, and where the idea is from.
  [[nodiscard]] virtual std::string_view summary() const = 0;
  // Whose idea it is: a work's name and year, "our reading"; or "ours".
  [[nodiscard]] virtual std::string_view source() const = 0;
  // Questions asked of the model in a turn of a talk under way, the reply among them. Once a model
  // it may ask for leanings besides; a session that begins in mid-talk may have to catch up. A
  // question whose answer is taken token by token (Context::next) counts once.
  [[nodiscard]] virtual int calls() const = 0;
  [[nodiscard]] virtual Needs needs() const { return {}; }
  // The steps of a turn by name, in the order asked: what a page about the method shows.
  [[nodiscard]] virtual std::vector<std::string_view> steps() const { return {}; }
  // The prompt file it speaks with, data/prompts/<this>.<language>.toml.
  [[nodiscard]] virtual std::string_view prompts() const = 0;
  [[nodiscard]] virtual Findings finds() const { return {}; }
  // Answers the dialogue's last client turn. Throws Error.
  [[nodiscard]] virtual Answer Respond(Stage& stage) const = 0;
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_METHOD_H_
