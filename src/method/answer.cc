#include "emostage/answer.h"

#include <utility>

#include "base/json.h"
#include "emostage/error.h"
#include "method/answer_json.h"

namespace emostage {
namespace {

// What a step found; null where it is no JSON.
OrderedJson OutputToJson(const std::string& output) {
  OrderedJson json = OrderedJson::parse(output, nullptr, false);
  return json.is_discarded() ? OrderedJson() : json;
}

OrderedJson StateToJson(const ClientState& state) {
  OrderedJson feels = OrderedJson::array();
  for (const Feeling& feeling : state.feels) {
    feels.push_back({{"emotion", feeling.emotion}, {"intensity", feeling.intensity}});
  }
  return {{"feels", feels},
          {"situation", state.situation},
          {"thinks", state.thinks},
          {"needs", state.needs}};
}

OrderedJson PhaseToJson(const PhaseBelief& phase) {
  OrderedJson probabilities = OrderedJson::object();
  for (const auto& [id, probability] : phase.probabilities) probabilities[id] = probability;
  return {{"label", phase.label}, {"scheme", phase.scheme}, {"probabilities", probabilities}};
}

ClientState StateFromJson(const OrderedJson& json) {
  ClientState state;
  for (const OrderedJson& feeling : json.at("feels")) {
    state.feels.push_back(
        {feeling.at("emotion").get<std::string>(), feeling.at("intensity").get<int>()});
  }
  state.situation = json.at("situation").get<std::string>();
  state.thinks = json.at("thinks").get<std::string>();
  state.needs = json.at("needs").get<std::vector<std::string>>();
  return state;
}

PhaseBelief PhaseFromJson(const OrderedJson& json) {
  PhaseBelief phase;
  phase.label = json.at("label").get<std::string>();
  phase.scheme = json.at("scheme").get<std::string>();
  for (const auto& [id, probability] : json.at("probabilities").items()) {
    phase.probabilities.emplace_back(id, probability.get<double>());
  }
  return phase;
}

}  // namespace

OrderedJson StepObject(const Step& step) {
  return {{"name", step.name},
          {"ms", step.ms},
          {"prompt_tokens", step.prompt_tokens},
          {"reused_tokens", step.reused_tokens},
          {"output_tokens", step.output_tokens},
          {"output", OutputToJson(step.output)}};
}

OrderedJson AnswerObject(const Answer& answer) {
  OrderedJson risk = {{"level", nullptr}, {"evidence", answer.risk.evidence}};
  if (!answer.risk.level.empty()) risk["level"] = answer.risk.level;
  OrderedJson steps = OrderedJson::array();
  for (const Step& step : answer.steps) steps.push_back(StepObject(step));
  OrderedJson json;
  json["reply"] = answer.reply;
  json["method"] = answer.method;
  json["model"] = answer.model;
  json["language"] = LanguageCode(answer.language);
  json["risk"] = risk;
  json["state"] = answer.state ? StateToJson(*answer.state) : OrderedJson();
  json["phase"] = answer.phase ? PhaseToJson(*answer.phase) : OrderedJson();
  json["steps"] = std::move(steps);
  json["total_ms"] = answer.total_ms;
  return json;
}

std::string AnswerToJson(const Answer& answer, int indent) {
  return DumpJson(AnswerObject(answer), indent);
}

std::string StepToJson(const Step& step) { return DumpJson(StepObject(step)); }

Answer AnswerFromJson(std::string_view text) {
  try {
    static_cast<void>(ParseJson(text, "the answer"));  // refuses what is malformed or nested deep
    const OrderedJson json = OrderedJson::parse(text);
    Answer answer;
    answer.reply = json.at("reply").get<std::string>();
    answer.method = json.at("method").get<std::string>();
    answer.model = json.at("model").get<std::string>();
    const auto language = LanguageFromCode(json.at("language").get<std::string>());
    if (!language) throw Error(ErrorCode::kInput, "an answer's language is en, zh or ja");
    answer.language = *language;
    const OrderedJson& risk = json.at("risk");
    if (!risk.at("level").is_null()) answer.risk.level = risk.at("level").get<std::string>();
    answer.risk.evidence = risk.at("evidence").get<std::vector<std::string>>();
    if (!json.at("state").is_null()) answer.state = StateFromJson(json.at("state"));
    if (!json.at("phase").is_null()) answer.phase = PhaseFromJson(json.at("phase"));
    for (const OrderedJson& step : json.at("steps")) {
      answer.steps.push_back({step.at("name").get<std::string>(), step.at("ms").get<double>(),
                              step.at("prompt_tokens").get<int>(),
                              step.at("reused_tokens").get<int>(),
                              step.at("output_tokens").get<int>(), DumpJson(step.at("output"))});
    }
    answer.total_ms = json.at("total_ms").get<double>();
    return answer;
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorCode::kInput, std::string("not an answer object: ") + e.what());
  }
}

}  // namespace emostage
