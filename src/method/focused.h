#ifndef EMOSTAGE_METHOD_FOCUSED_H_
#define EMOSTAGE_METHOD_FOCUSED_H_

#include <string_view>
#include <vector>

#include "method/method.h"

namespace emostage {

// Our reading of Perspective-taking and Pragmatics for Generating Empathetic Responses Focused on
// Emotion Causes (2021): which of the client's own words point to what they feel, then a reply
// written so that a listener could tell it was meant for these words and no others.
class Focused : public Method {
 public:
  [[nodiscard]] std::string_view name() const override { return "focused"; }
  [[nodiscard]] std::string_view summary() const override {
    return "finds the client's words behind their emotion and words the reply so that it fits "
           "those and no others (our reading of Perspective-taking and Pragmatics, 2021)";
  }
  [[nodiscard]] std::string_view source() const override {
    return "Perspective-taking and Pragmatics for Generating Empathetic Responses Focused on "
           "Emotion Causes (2021), our reading";
  }
  [[nodiscard]] int calls() const override { return 9; }
  [[nodiscard]] Needs needs() const override { return {.log_probabilities = true}; }
  [[nodiscard]] std::vector<std::string_view> steps() const override {
    return {"emotion", "said", "causes", "over", "worlds", "reply"};
  }
  [[nodiscard]] std::string_view prompts() const override { return "focused"; }
  [[nodiscard]] Answer Respond(Stage& stage) const override;
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_FOCUSED_H_
