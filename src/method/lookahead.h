#ifndef EMOSTAGE_METHOD_LOOKAHEAD_H_
#define EMOSTAGE_METHOD_LOOKAHEAD_H_

#include <string_view>
#include <vector>

#include "method/method.h"

namespace emostage {

// Our reading of MultiESC (2022) and RLFF-ESC (2025) on a model that is not trained: the likeliest
// strategies are tried out on a simulated client, and the reply that leaves the client best is
// said.
class Lookahead : public Method {
 public:
  [[nodiscard]] std::string_view name() const override { return "lookahead"; }
  [[nodiscard]] std::string_view summary() const override {
    return "tries the likeliest strategies on a simulated client and says the reply after which "
           "the "
           "client fares best (our reading of MultiESC, 2022, and RLFF-ESC, 2025)";
  }
  [[nodiscard]] std::string_view source() const override {
    return "MultiESC (2022) and RLFF-ESC (2025), our reading";
  }
  [[nodiscard]] int calls() const override { return 10; }
  [[nodiscard]] Needs needs() const override { return {.log_probabilities = true}; }
  [[nodiscard]] std::vector<std::string_view> steps() const override {
    return {"strategy", "draft", "client", "outlook", "ranking"};
  }
  [[nodiscard]] std::string_view prompts() const override { return "lookahead"; }
  [[nodiscard]] Answer Respond(Stage& stage) const override;
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_LOOKAHEAD_H_
