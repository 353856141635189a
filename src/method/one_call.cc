#include "method/one_call.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "emostage/error.h"
#include "method/perspective.h"
#include "method/stage.h"

namespace emostage {
namespace {

// What a back end says that gives no probabilities; nothing where it names no phase.
std::optional<PhaseBelief> PhaseByName(std::string_view name, const PhaseScheme& scheme,
                                       Language language) {
  for (const Phase& phase : scheme.phases) {
    if (phase.name.in(language) == name) return PhaseBelief{phase.id, scheme.file.id, {}};
  }
  return std::nullopt;
}

}  // namespace

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
                PerspectiveSchema(stage.knowledge(), stage.language(), stage.fixed().note, extra))
          .get();

  Answer& found = stage.answer();
  const PhaseScheme& scheme = stage.scheme();
  found.state = ParsePerspective(completion.text, stage.knowledge(), stage.language());
  for (const Pick& pick : completion.picks) {
    if (pick.field != "phase") continue;
    PhaseBelief belief;
    belief.scheme = scheme.file.id;
    belief.label = scheme.phases[pick.chosen].id;
    for (size_t p = 0; p < pick.probabilities.size(); ++p) {
      belief.probabilities.emplace_back(scheme.phases[p].id, pick.probabilities[p]);
    }
    found.phase = std::move(belief);
  }
  try {
    const OrderedJson json = OrderedJson::parse(completion.text);
    if (!found.phase) {
      found.phase = PhaseByName(json.at("phase").get<std::string>(), scheme, stage.language());
      stage.Remark("turn", "the model gives no probabilities: the phase is only its label");
    }
    return stage.ReplyWith(json.at("reply").get<std::string>());
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorCode::kModel,
                std::string("the model's answer does not satisfy its schema: ") + e.what());
  }
}

}  // namespace emostage
