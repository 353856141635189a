#include "method/one_call.h"

#include <vector>

#include "base/json.h"
#include "emostage/error.h"
#include "method/perspective.h"
#include "method/stage.h"

namespace emostage {

Answer OneCall::Respond(Stage& stage) const {
  OrderedJson names = OrderedJson::array();
  for (const Phase& phase : stage.scheme().phases) names.push_back(phase.name.in(stage.language()));
  const int limit = stage.fixed().reply > 0 ? stage.fixed().reply : stage.sampling().max_tokens;
  const std::vector<ExtraField> extra = {
      {"phase", OrderedJson({{"enum", names}}).dump()},
      {"reply", OrderedJson({{"type", "string"}, {"x-max-tokens", limit}}).dump()}};
  const Completion completion =
      stage
          .Note("turn", stage.prompts().Cue("turn"), stage.prompts().Prefix("turn"),
                PerspectiveSchema(stage.knowledge(), stage.language(), extra))
          .get();

  Answer& found = stage.answer();
  found.state = ParsePerspective(completion.text, stage.knowledge(), stage.language());
  for (const Pick& pick : completion.picks) {
    if (pick.field != "phase") continue;
    PhaseBelief belief;
    belief.scheme = stage.scheme().file.id;
    belief.label = stage.scheme().phases[pick.chosen].id;
    for (size_t p = 0; p < pick.probabilities.size(); ++p) {
      belief.probabilities.emplace_back(stage.scheme().phases[p].id, pick.probabilities[p]);
    }
    found.phase = std::move(belief);
  }
  return stage.ReplyWith(OrderedJson::parse(completion.text).at("reply").get<std::string>());
}

}  // namespace emostage
