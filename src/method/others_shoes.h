#ifndef EMOSTAGE_METHOD_OTHERS_SHOES_H_
#define EMOSTAGE_METHOD_OTHERS_SHOES_H_

#include <string_view>
#include <vector>

#include "method/method.h"

namespace emostage {

// Our reading of PeT (2024): a draft, how several people would take it, and a reply revised in view
// of that.
class OthersShoes : public Method {
 public:
  [[nodiscard]] std::string_view name() const override { return "others-shoes"; }
  [[nodiscard]] std::string_view summary() const override {
    return "writes a draft, hears it as the client, a friend and a supervisor would, and revises "
           "it "
           "(our reading of PeT, 2024)";
  }
  [[nodiscard]] std::string_view source() const override {
    return "PeT, perspective-taking prompting (2024), our reading";
  }
  [[nodiscard]] int calls() const override { return 5; }
  [[nodiscard]] std::vector<std::string_view> steps() const override {
    return {"draft", "view of the client", "view of the friend", "view of the supervisor", "reply"};
  }
  [[nodiscard]] std::string_view prompts() const override { return "others-shoes"; }
  [[nodiscard]] Answer Respond(Stage& stage) const override;
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_OTHERS_SHOES_H_
