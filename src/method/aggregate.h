#ifndef EMOSTAGE_METHOD_AGGREGATE_H_
#define EMOSTAGE_METHOD_AGGREGATE_H_

#include <string_view>
#include <vector>

#include "method/method.h"

namespace emostage {

// Our reading of GSA (2025): several drafts side by side, then a new reply that draws on all of
// them. Nothing is ranked and none is chosen.
class Aggregate : public Method {
 public:
  [[nodiscard]] std::string_view name() const override { return "aggregate"; }
  [[nodiscard]] std::string_view summary() const override {
    return "writes four drafts and joins them into a better reply (our reading of GSA, 2025)";
  }
  [[nodiscard]] std::string_view source() const override {
    return "GSA, generative self-aggregation (2025), our reading";
  }
  [[nodiscard]] int calls() const override { return 2; }
  [[nodiscard]] std::vector<std::string_view> steps() const override { return {"drafts", "reply"}; }
  [[nodiscard]] std::string_view prompts() const override { return "aggregate"; }
  [[nodiscard]] Answer Respond(Stage& stage) const override;
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_AGGREGATE_H_
