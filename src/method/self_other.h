#ifndef EMOSTAGE_METHOD_SELF_OTHER_H_
#define EMOSTAGE_METHOD_SELF_OTHER_H_

#include "method/method.h"

namespace emostage {

// Our reading of EmpSOA (2023): the client's view is taken from the client's words alone, the
// listener's from the listener's alone, so that neither colours the other; then both are weighed.
class SelfOther : public Method {
 public:
  [[nodiscard]] std::string_view name() const override { return "self-other"; }
  [[nodiscard]] std::string_view summary() const override {
    return "keeps the client's view and its own apart, weighs them, then replies (our reading "
           "of EmpSOA, 2023)";
  }
  [[nodiscard]] std::string_view source() const override { return "EmpSOA (2023), our reading"; }
  [[nodiscard]] int calls() const override { return 5; }
  [[nodiscard]] std::vector<std::string_view> steps() const override {
    return {"client_view", "feels", "own_view", "weight", "reply"};
  }
  [[nodiscard]] std::string_view prompts() const override { return "self-other"; }
  [[nodiscard]] Answer Respond(Stage& stage) const override;
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_SELF_OTHER_H_
