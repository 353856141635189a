#ifndef EMOSTAGE_METHOD_ESCOT_H_
#define EMOSTAGE_METHOD_ESCOT_H_

#include "method/method.h"

namespace emostage {

// Our reading of ESCoT (2024): a reply at the end of a chain whose links can be read. Emotion, what
// brought it on, what that means to the client, a strategy and its reason; each link builds on
// those before it.
class Escot : public Method {
 public:
  [[nodiscard]] std::string_view name() const override { return "escot"; }
  [[nodiscard]] std::string_view summary() const override {
    return "reasons from emotion to cause, appraisal and strategy, then replies (our reading "
           "of ESCoT, 2024)";
  }
  [[nodiscard]] std::string_view source() const override { return "ESCoT (2024), our reading"; }
  [[nodiscard]] int calls() const override { return 6; }
  [[nodiscard]] std::vector<std::string_view> steps() const override {
    return {"emotion", "stimulus", "appraisal", "strategy", "reason", "reply"};
  }
  [[nodiscard]] std::string_view prompts() const override { return "escot"; }
  [[nodiscard]] Answer Respond(Stage& stage) const override;
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_ESCOT_H_
