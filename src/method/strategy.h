#ifndef EMOSTAGE_METHOD_STRATEGY_H_
#define EMOSTAGE_METHOD_STRATEGY_H_

#include "method/method.h"

namespace emostage {

// Our reading of mixed-initiative prompting (2023), which tells the reply in a plain sentence what
// it is to do, and of MISC (2022), which does not settle on one strategy where several are likely.
class StrategyFirst : public Method {
 public:
  [[nodiscard]] std::string_view name() const override { return "strategy"; }
  [[nodiscard]] std::string_view summary() const override {
    return "weighs eight strategies, then replies by the likeliest or a mixture (our reading "
           "of mixed-initiative prompting, 2023, and MISC, 2022)";
  }
  [[nodiscard]] std::string_view source() const override {
    return "mixed-initiative prompting (2023) and MISC (2022), our reading";
  }
  [[nodiscard]] int calls() const override { return 2; }
  [[nodiscard]] std::vector<std::string_view> steps() const override {
    return {"strategy", "reply"};
  }
  [[nodiscard]] std::string_view prompts() const override { return "strategy"; }
  [[nodiscard]] Answer Respond(Stage& stage) const override;
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_STRATEGY_H_
