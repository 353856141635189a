#include "method/perspective.h"

#include "base/json.h"
#include "emostage/error.h"

namespace emostage {
namespace {

// Chinese and Japanese take more tokens for the same in most vocabularies.
constexpr int kCjkFactorPercent = 170;

template <typename Entries>
OrderedJson Names(const Entries& entries, Language language) {
  OrderedJson names = OrderedJson::array();
  for (const auto& entry : entries) names.push_back(entry.name.in(language));
  return names;
}

OrderedJson FreeText(int tokens, Language language, int fixed) {
  if (fixed > 0) return {{"type", "string"}, {"x-max-tokens", fixed}};
  if (language != Language::kEnglish) tokens = tokens * kCjkFactorPercent / 100;
  return {{"type", "string"}, {"x-max-tokens", tokens}};
}

}  // namespace

std::string LineSchema(Language language, int fixed_tokens, int tokens) {
  return FreeText(tokens, language, fixed_tokens).dump();
}

std::string PerspectiveSchema(const Knowledge& knowledge, Language language, int fixed_tokens,
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
       {{"situation", FreeText(kLineTokens, language, fixed_tokens)},
        {"thinks", FreeText(kLineTokens, language, fixed_tokens)},
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

}  // namespace emostage
