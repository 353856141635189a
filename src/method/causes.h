#ifndef EMOSTAGE_METHOD_CAUSES_H_
#define EMOSTAGE_METHOD_CAUSES_H_

#include "method/method.h"

namespace emostage {

// Our reading of Reasoning before Responding (2023): why, from both sides, before a word is said;
// the client's side in the kinds of inference that CEM (2022) draws.
class Causes : public Method {
 public:
  [[nodiscard]] std::string_view name() const override { return "causes"; }
  [[nodiscard]] std::string_view summary() const override {
    return "works out the client's causes, wants and feelings and its own intent, then replies "
           "(our reading of Reasoning before Responding, 2023, and CEM, 2022)";
  }
  [[nodiscard]] std::string_view source() const override {
    return "Reasoning before Responding (2023) and CEM (2022), our reading";
  }
  [[nodiscard]] int calls() const override { return 6; }
  [[nodiscard]] std::vector<std::string_view> steps() const override {
    return {"cause", "wants", "feels", "intent", "own_feels", "reply"};
  }
  [[nodiscard]] std::string_view prompts() const override { return "causes"; }
  [[nodiscard]] Answer Respond(Stage& stage) const override;
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_CAUSES_H_
