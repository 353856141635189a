#ifndef EMOSTAGE_METHOD_FOLLOW_UP_H_
#define EMOSTAGE_METHOD_FOLLOW_UP_H_

#include <string_view>
#include <vector>

#include "method/method.h"

namespace emostage {

// Our reading of FLR (2024): of several drafts, the one after which a pleased client is likelier,
// and a displeased one less likely, to speak next.
class FollowUp : public Method {
 public:
  [[nodiscard]] std::string_view name() const override { return "follow-up"; }
  [[nodiscard]] std::string_view summary() const override {
    return "writes four drafts and says the one that good client follow-ups fit best "
           "(our reading of FLR, 2024)";
  }
  [[nodiscard]] std::string_view source() const override {
    return "FLR, follow-up likelihood as reward (2024), our reading";
  }
  [[nodiscard]] int calls() const override { return 25; }
  [[nodiscard]] Needs needs() const override { return {.log_probabilities = true}; }
  [[nodiscard]] std::vector<std::string_view> steps() const override {
    return {"drafts", "good follow-up", "bad follow-up", "ranking"};
  }
  [[nodiscard]] std::string_view prompts() const override { return "follow-up"; }
  [[nodiscard]] Answer Respond(Stage& stage) const override;
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_FOLLOW_UP_H_
