#ifndef EMOSTAGE_METHOD_DIRECT_H_
#define EMOSTAGE_METHOD_DIRECT_H_

#include "method/method.h"
#include "method/stage.h"

namespace emostage {

// The control that every comparison needs: the same model and the same limits, no steps.
class Direct : public Method {
 public:
  [[nodiscard]] std::string_view name() const override { return "direct"; }
  [[nodiscard]] std::string_view summary() const override {
    return "control: replies at once, with no steps before";
  }
  [[nodiscard]] std::string_view source() const override { return "ours"; }
  [[nodiscard]] int calls() const override { return 1; }
  [[nodiscard]] std::vector<std::string_view> steps() const override { return {"reply"}; }
  [[nodiscard]] std::string_view prompts() const override { return "direct"; }
  [[nodiscard]] Answer Respond(Stage& stage) const override { return stage.Reply(""); }
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_DIRECT_H_
