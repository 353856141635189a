#include "method/planner.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/json.h"
#include "method/draft_text.h"
#include "method/perspective.h"
#include "method/perspective_questions.h"
#include "method/stage.h"

namespace emostage {
namespace {

constexpr int kMostCalls = 3;
constexpr int kAboutTokens = 12;
constexpr int kGuidelineTokens = 20;
constexpr int kPartTokens = 24;

// One call of a conceptual tool.
struct Call {
  const Strategy* tool = nullptr;
  std::string about;  // what of the talk it takes up; fit for a cue
};

OrderedJson Line(const Stage& stage, int tokens) {
  return OrderedJson::parse(LineSchema(stage.language(), stage.fixed().note, tokens));
}

template <typename Entries>
OrderedJson Names(const Entries& entries, Language language) {
  OrderedJson names = OrderedJson::array();
  for (const auto& entry : entries) names.push_back(entry.name.in(language));
  return names;
}

OrderedJson Object(const OrderedJson& properties) {
  OrderedJson required = OrderedJson::array();
  for (const auto& [name, schema] : properties.items()) required.push_back(name);
  return {{"type", "object"}, {"properties", properties}, {"required", required}};
}

// What stands in an object under a name, as text; nothing where it is no such object.
std::string TextAt(const OrderedJson& object, std::string_view name) {
  if (!object.is_object()) return "";
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// Emotion and need come first, so that the guideline is written in view of them. It alone is
// handed on, as in the paper: the planner need not read the reasoning.
std::string Think(Stage& stage) {
  const Knowledge& knowledge = stage.knowledge();
  const PromptFile& prompts = stage.prompts();
  const OrderedJson schema =
      Object({{"feels", {{"enum", Names(knowledge.emotions(), stage.language())}}},
              {"needs", {{"enum", Names(knowledge.needs(), stage.language())}}},
              {"guideline", Line(stage, kGuidelineTokens)}});
  const Completion thought =
      stage.Note("thinker", prompts.Cue("think"), prompts.Prefix("think"), schema.dump()).get();
  std::string guideline =
      ForCue(TextAt(OrderedJson::parse(thought.text, nullptr, false), "guideline"), prompts);
  if (!guideline.empty()) return guideline;
  stage.Remark("thinker", "no guideline: the one in the prompts stands in");
  return prompts.Word("guideline");
}

// Small models answer with what they were asked by. Such a line says nothing to the client.
bool SaysNothing(const std::string& line, const Stage& stage) {
  return line.empty() ||
         stage.knowledge().strategies().FindByName(line, stage.language()) != nullptr;
}

std::vector<Call> Plan(Stage& stage, const std::string& guideline) {
  const PromptFile& prompts = stage.prompts();
  const std::vector<const Strategy*> tools = ReplyStrategies(stage.knowledge());
  OrderedJson names = OrderedJson::array();
  for (const Strategy* tool : tools) names.push_back(tool->name.in(stage.language()));
  const OrderedJson call =
      Object({{"tool", {{"enum", names}, {"x-once", true}}}, {"about", Line(stage, kAboutTokens)}});
  const OrderedJson schema = Object(
      {{"plan", {{"type", "array"}, {"minItems", 2}, {"maxItems", kMostCalls}, {"items", call}}}});
  const std::string cue = Fill(prompts.Cue("plan"), {{"guideline", guideline}});
  const Completion written =
      stage.Note("planner", cue, prompts.Prefix("plan"), schema.dump()).get();

  const OrderedJson json = OrderedJson::parse(written.text, nullptr, false);
  std::vector<Call> plan;
  const bool listed = json.is_object() && json.contains("plan") && json["plan"].is_array();
  for (const OrderedJson& item : listed ? json["plan"] : OrderedJson::array()) {
    const std::string name = TextAt(item, "tool");
    for (const Strategy* tool : tools) {
      const bool taken = std::ranges::find(plan, tool, &Call::tool) != plan.end();
      if (tool->name.in(stage.language()) != name || taken || plan.size() == kMostCalls) continue;
      const std::string about = ForCue(TextAt(item, "about"), prompts);
      plan.push_back({tool, SaysNothing(about, stage) ? guideline : about});
    }
  }
  if (!plan.empty()) return plan;
  const Strategy* reflection = stage.knowledge().strategies().Find("reflection");
  stage.Remark("planner", "no plan that can be carried out: a reflection of feelings alone");
  return {{reflection != nullptr ? reflection : tools.front(), guideline}};
}

// The parts in the plan's order; nothing where no call made one. No call reads another's part, so
// that one can be changed without the others.
std::string Execute(Stage& stage, const std::vector<Call>& plan) {
  const PromptFile& prompts = stage.prompts();
  std::vector<Asked<Completion>> asked;
  for (const Call& call : plan) {
    const std::string cue =
        Fill(prompts.Cue("part"),
             {{"tool", call.tool->name.in(stage.language())}, {"about", call.about}});
    asked.push_back(
        stage.Note("executor", cue, prompts.Prefix("part"), Line(stage, kPartTokens).dump()));
  }
  std::string parts;
  for (Asked<Completion>& one : asked) {
    const std::string part = ForCue(LineText(one.get()), prompts);
    if (SaysNothing(part, stage)) continue;
    parts += (parts.empty() ? "" : prompts.Word("then")) + part;
  }
  return parts;
}

}  // namespace

Answer Planner::Respond(Stage& stage) const {
  const std::string guideline = Think(stage);
  const std::vector<Call> plan = Plan(stage, guideline);
  std::string parts = Execute(stage, plan);
  if (parts.empty()) {
    stage.Remark("executor", "no part was written: the guideline stands in");
    parts = guideline;
  }
  return stage.Reply(Fill(stage.prompts().Cue("reply_in_parts"), {{"parts", parts}}));
}

}  // namespace emostage
