#ifndef EMOSTAGE_METHOD_EMOSTAGE_METHOD_H_
#define EMOSTAGE_METHOD_EMOSTAGE_METHOD_H_

#include "method/method.h"

namespace emostage {

// Our reading of EmoStage (2025), of which only the abstract was at hand: perspective, phase,
// reply, with no training. Its controls leave out one of the first two steps, or what is written in
// the first.
class EmoStage : public Method {
 public:
  struct Parts {
    bool perspective = true;
    bool phase = true;
    bool written = true;  // of the perspective: false keeps to labels, and nothing is generated
  };
  explicit EmoStage(Parts parts) : parts_(parts) {}

  [[nodiscard]] std::string_view name() const override;
  [[nodiscard]] std::string_view summary() const override;
  [[nodiscard]] std::string_view source() const override;
  [[nodiscard]] int calls() const override;
  [[nodiscard]] std::vector<std::string_view> steps() const override;
  [[nodiscard]] std::string_view prompts() const override { return "emostage"; }
  [[nodiscard]] Findings finds() const override { return {parts_.perspective, parts_.phase}; }
  [[nodiscard]] Answer Respond(Stage& stage) const override;

 private:
  [[nodiscard]] std::string_view ReplyCue() const;

  Parts parts_;
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_EMOSTAGE_METHOD_H_
