#ifndef EMOSTAGE_METHOD_PLANNER_H_
#define EMOSTAGE_METHOD_PLANNER_H_

#include <string_view>
#include <vector>

#include "method/method.h"

namespace emostage {

// Our reading of TPE (2023): a thinker says what the reply should do, a planner lays it out as
// calls of conceptual tools (a counsellor's strategies), an executor makes each call and joins the
// parts.
class Planner : public Method {
 public:
  [[nodiscard]] std::string_view name() const override { return "planner"; }
  [[nodiscard]] std::string_view summary() const override {
    return "thinks of a guideline, plans the reply as steps, each a strategy, and carries them out "
           "in order (our reading of TPE, 2023)";
  }
  [[nodiscard]] std::string_view source() const override { return "TPE (2023), our reading"; }
  [[nodiscard]] int calls() const override { return 6; }
  [[nodiscard]] std::vector<std::string_view> steps() const override {
    return {"thinker", "planner", "executor", "reply"};
  }
  [[nodiscard]] std::string_view prompts() const override { return "planner"; }
  [[nodiscard]] Answer Respond(Stage& stage) const override;
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_PLANNER_H_
