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

OrderedJson TextOrNull(const std::string& text) {
  return text.empty() ? OrderedJson() : OrderedJson(text);
}

OrderedJson CardToJson(const RiskCard& card) {
  OrderedJson lines = OrderedJson::array();
  for (const RiskCard::Line& line : card.lines) {
    lines.push_back({{"name", line.name}, {"number", line.number}, {"hours", line.hours}});
  }
  return {{"title", card.title}, {"text", card.text}, {"lines", lines}};
}

// The text under `key`; empty where it is null or, in older traces, missing.
std::string TextAt(const OrderedJson& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() || found->is_null() ? "" : found->get<std::string>();
}

bool FlagAt(const OrderedJson& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->get<bool>();
}

RiskReading RiskFromJson(const OrderedJson& json) {
  RiskReading risk;
  risk.level = TextAt(json, "level");
  risk.turn_level = TextAt(json, "turn_level");
  risk.took_over = FlagAt(json, "took_over");
  risk.held_back = TextAt(json, "held_back");
  risk.model_failed = FlagAt(json, "model_failed");
  for (const OrderedJson& one : json.at("evidence")) {
    risk.evidence.push_back({TextAt(one, "source"), TextAt(one, "level"), TextAt(one, "kind"),
                             TextAt(one, "rule"), TextAt(one, "words")});
  }
  const auto protocol = json.find("protocol");
  if (protocol != json.end() && protocol->is_object()) risk.protocol = DumpJson(*protocol);
  const auto card = json.find("card");
  if (card != json.end() && card->is_object()) {
    risk.card = RiskCard{TextAt(*card, "title"), TextAt(*card, "text"), {}};
    for (const OrderedJson& line : card->at("lines")) {
      risk.card->lines.push_back(
          {TextAt(line, "name"), TextAt(line, "number"), TextAt(line, "hours")});
    }
  }
  return risk;
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

OrderedJson RiskObject(const RiskReading& risk) {
  OrderedJson evidence = OrderedJson::array();
  for (const RiskEvidence& one : risk.evidence) {
    evidence.push_back({{"source", one.source},
                        {"level", one.level},
                        {"kind", TextOrNull(one.kind)},
                        {"rule", TextOrNull(one.rule)},
                        {"words", one.words}});
  }
  return {{"level", TextOrNull(risk.level)},
          {"turn_level", TextOrNull(risk.turn_level)},
          {"took_over", risk.took_over},
          {"held_back", TextOrNull(risk.held_back)},
          {"model_failed", risk.model_failed},
          {"evidence", evidence},
          {"protocol", risk.protocol.empty() ? OrderedJson() : OutputToJson(risk.protocol)},
          {"card", risk.card ? CardToJson(*risk.card) : OrderedJson()}};
}

OrderedJson StepObject(const Step& step) {
  return {{"name", step.name},
          {"ms", step.ms},
          {"prompt_tokens", step.prompt_tokens},
          {"reused_tokens", step.reused_tokens},
          {"output_tokens", step.output_tokens},
          {"output", OutputToJson(step.output)}};
}

OrderedJson AnswerObject(const Answer& answer) {
  OrderedJson steps = OrderedJson::array();
  for (const Step& step : answer.steps) steps.push_back(StepObject(step));
  OrderedJson json;
  json["reply"] = answer.reply;
  json["method"] = answer.method;
  json["model"] = answer.model;
  json["language"] = LanguageCode(answer.language);
  json["disclosure"] = TextOrNull(answer.disclosure);
  json["risk"] = RiskObject(answer.risk);
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
    answer.disclosure = TextAt(json, "disclosure");
    answer.risk = RiskFromJson(json.at("risk"));
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
