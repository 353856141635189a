#ifndef EMOSTAGE_METHOD_ONE_CALL_H_
#define EMOSTAGE_METHOD_ONE_CALL_H_

#include "method/method.h"

namespace emostage {

// The control that asks for everything at once: perspective, phase and reply in one JSON answer.
class OneCall : public Method {
 public:
  [[nodiscard]] std::string_view name() const override { return "one-call"; }
  [[nodiscard]] std::string_view summary() const override {
    return "control: perspective, phase and reply in one answer";
  }
  [[nodiscard]] std::string_view source() const override { return "ours"; }
  [[nodiscard]] int calls() const override { return 1; }
  [[nodiscard]] std::vector<std::string_view> steps() const override { return {"turn"}; }
  [[nodiscard]] std::string_view prompts() const override { return "one-call"; }
  [[nodiscard]] Findings finds() const override { return {.perspective = true, .phase = true}; }
  [[nodiscard]] Answer Respond(Stage& stage) const override;
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_ONE_CALL_H_
