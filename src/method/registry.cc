#include "method/registry.h"

#include <array>
#include <string>

#include "emostage/error.h"
#include "method/aggregate.h"
#include "method/causes.h"
#include "method/direct.h"
#include "method/emostage_method.h"
#include "method/escot.h"
#include "method/focused.h"
#include "method/follow_up.h"
#include "method/lookahead.h"
#include "method/mood_memory.h"
#include "method/one_call.h"
#include "method/others_shoes.h"
#include "method/persona.h"
#include "method/planner.h"
#include "method/self_other.h"
#include "method/strategy.h"

namespace emostage {

std::span<const Method* const> AllMethods() {
  static const EmoStage whole(EmoStage::Parts{.perspective = true, .phase = true});
  static const EmoStage without_perspective(EmoStage::Parts{.perspective = false, .phase = true});
  static const EmoStage without_phase(EmoStage::Parts{.perspective = true, .phase = false});
  static const EmoStage labels(
      EmoStage::Parts{.perspective = true, .phase = true, .written = false});
  static const Direct direct;
  static const OneCall one_call;
  static const Escot escot;
  static const StrategyFirst strategy;
  static const SelfOther self_other;
  static const Causes causes;
  static const Persona persona;
  static const MoodMemory mood_memory;
  static const Planner planner;
  static const Lookahead lookahead;
  static const FollowUp follow_up;
  static const Aggregate aggregate;
  static const OthersShoes others_shoes;
  static const Focused focused;
  static const std::array<const Method*, 18> all = {
      &whole, &labels, &escot, &strategy, &self_other, &causes, &persona, &mood_memory, &planner,
      &lookahead, &follow_up, &aggregate, &others_shoes, &focused,
      // Controls.
      &direct, &one_call, &without_perspective, &without_phase};
  return all;
}

const Method& FindMethod(std::string_view name) {
  std::string known;
  for (const Method* method : AllMethods()) {
    if (method->name() == name) return *method;
    known += (known.empty() ? "" : ", ") + std::string(method->name());
  }
  throw Error(ErrorCode::kUsage, "there is no method '" + std::string(name) + "'",
              "choose one of: " + known);
}

}  // namespace emostage
