#include "method/perspective.h"

#include "base/json.h"
#include "emostage/error.h"
#include "method/window.h"

namespace emostage {
namespace {

// Free text is what costs: every token is a pass of the model. A few words say enough.
constexpr int kSituationTokens = 14;
constexpr int kThoughtTokens = 16;
// Chinese and Japanese take more tokens for the same in most vocabularies.
constexpr int kCjkFactorPercent = 170;

template <typename Entries>
OrderedJson Names(const Entries& entries, Language language) {
  OrderedJson names = OrderedJson::array();
  for (const auto& entry : entries) names.push_back(entry.name.in(language));
  return names;
}

OrderedJson FreeText(int tokens, Language language) {
  if (language != Language::kEnglish) tokens = tokens * kCjkFactorPercent / 100;
  return {{"type", "string"}, {"x-max-tokens", tokens}};
}

}  // namespace

std::string PerspectiveSchema(const Knowledge& knowledge, Language language,
                              const std::vector<ExtraField>& extra) {
  const OrderedJson feeling = {
      {"type", "object"},
      {"properties",
       {{"emotion", {{"enum", Names(knowledge.emotions(), language)}, {"x-once", true}}},
        {"intensity", {{"type", "integer"}, {"minimum", 1}, {"maximum", 5}}}}},
      {"required", {"emotion", "intensity"}}};
  OrderedJson schema = {
      {"type", "object"},
      {"properties",
       {{"situation", FreeText(kSituationTokens, language)},
        {"thinks", FreeText(kThoughtTokens, language)},
        {"feels", {{"type", "array"}, {"minItems", 1}, {"maxItems", 2}, {"items", feeling}}},
        {"needs",
         {{"type", "array"},
          {"minItems", 1},
          {"maxItems", 2},
          {"uniqueItems", true},
          {"items", {{"enum", Names(knowledge.needs(), language)}}}}}}},
      {"required", {"situation", "thinks", "feels", "needs"}}};
  for (const ExtraField& field : extra) {
    schema["properties"][field.name] = OrderedJson::parse(field.schema);
    schema["required"].push_back(field.name);
  }
  return schema.dump();
}

ClientState ParsePerspective(std::string_view text, const Knowledge& knowledge, Language language) {
  try {
    const OrderedJson json = OrderedJson::parse(text);
    ClientState state;
    state.situation = json.at("situation").get<std::string>();
    state.thinks = json.at("thinks").get<std::string>();
    for (const OrderedJson& feeling : json.at("feels")) {
      const Emotion* emotion =
          knowledge.emotions().FindByName(feeling.at("emotion").get<std::string>(), language);
      if (emotion == nullptr) continue;
      state.feels.push_back({emotion->id, feeling.at("intensity").get<int>()});
    }
    for (const OrderedJson& name : json.at("needs")) {
      const Need* need = knowledge.needs().FindByName(name.get<std::string>(), language);
      if (need != nullptr) state.needs.push_back(need->id);
    }
    return state;
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorCode::kModel,
                std::string("the model's note does not satisfy its schema: ") + e.what());
  }
}

namespace {

// A cue is one line.
std::string OneLine(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

}  // namespace

TextMap PerspectiveValues(const ClientState& state, const Knowledge& knowledge,
                          const PromptFile& prompts) {
  const std::string& gap = prompts.Word("list_gap");
  std::string feels;
  for (const Feeling& feeling : state.feels) {
    const Emotion* emotion = knowledge.emotions().Find(feeling.emotion);
    if (emotion == nullptr) continue;
    feels += (feels.empty() ? "" : gap) + emotion->name.in(prompts.language) + " " +
             std::to_string(feeling.intensity) + "/5";
  }
  std::string needs;
  for (const std::string& id : state.needs) {
    const Need* need = knowledge.needs().Find(id);
    if (need != nullptr) needs += (needs.empty() ? "" : gap) + need->name.in(prompts.language);
  }
  return {{"feels", feels},
          {"needs", needs},
          {"situation", WithoutCues(OneLine(state.situation), prompts)},
          {"thinks", WithoutCues(OneLine(state.thinks), prompts)}};
}

}  // namespace emostage
