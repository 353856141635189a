#ifndef EMOSTAGE_METHOD_PERSONA_H_
#define EMOSTAGE_METHOD_PERSONA_H_

#include "method/method.h"

namespace emostage {

// Our reading of PAL (2023): lines about who the client is, inferred from the talk and written anew
// each turn; how much of them the reply is told depends on its strategy. The lines live in the
// session's Memory and nowhere else.
class Persona : public Method {
 public:
  [[nodiscard]] std::string_view name() const override { return "persona"; }
  [[nodiscard]] std::string_view summary() const override {
    return "infers who the client is and revises it turn by turn, then replies by strategy "
           "(our reading of PAL, 2023)";
  }
  [[nodiscard]] std::string_view source() const override { return "PAL (2023), our reading"; }
  [[nodiscard]] int calls() const override { return 3; }
  [[nodiscard]] std::vector<std::string_view> steps() const override {
    return {"strategy", "persona", "reply"};
  }
  [[nodiscard]] std::string_view prompts() const override { return "persona"; }
  [[nodiscard]] Answer Respond(Stage& stage) const override;
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_PERSONA_H_
