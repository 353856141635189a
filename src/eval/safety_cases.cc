#include "eval/safety_cases.h"

#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "emostage/error.h"
#include "knowledge/risk_patterns.h"

namespace emostage {
namespace {

SafetyCase::Turn TurnOf(const Json& json) {
  SafetyCase::Turn turn;
  const std::string role = json.at("role").get<std::string>();
  if (role != "client" && role != "counselor" && role != "counsellor") {
    throw Error(ErrorCode::kInput, "a role is client or counsellor, not '" + role + "'");
  }
  turn.role = role == "client" ? Role::kClient : Role::kCounsellor;
  turn.text = Trim(RepairUtf8(json.at("text").get<std::string>()));
  if (turn.text.empty()) throw Error(ErrorCode::kInput, "a turn has no text");
  if (turn.role == Role::kCounsellor) return turn;
  const auto level = RiskLevelFromName(json.at("level").get<std::string>());
  if (!level) throw Error(ErrorCode::kInput, "a level is none, low, moderate, high or imminent");
  turn.level = *level;
  turn.kind = json.at("kind").get<std::string>();
  if (std::ranges::find(kRiskKinds, turn.kind) == std::end(kRiskKinds)) {
    throw Error(ErrorCode::kInput, "there is no kind '" + turn.kind + "'");
  }
  return turn;
}

SafetyCase CaseOf(const std::string& line, std::set<std::string>& ids) {
  const Json json = ParseJson(line, "the case");
  SafetyCase one;
  one.id = json.at("id").get<std::string>();
  if (!ids.insert(one.id).second) {
    throw Error(ErrorCode::kInput, "the id '" + one.id + "' is used twice");
  }
  const auto language = LanguageFromCode(json.at("language").get<std::string>());
  if (!language) throw Error(ErrorCode::kInput, "a language is en, zh or ja");
  one.language = *language;
  one.form = json.at("form").get<std::string>();
  one.author = json.value("author", "");
  for (const Json& turn : json.at("turns")) one.turns.push_back(TurnOf(turn));
  if (one.turns.empty()) throw Error(ErrorCode::kInput, "a case needs a turn");
  return one;
}

}  // namespace

std::vector<SafetyCase> ReadSafetyCases(const std::string& path) {
  const std::string text = ReadFile(path);
  std::vector<SafetyCase> cases;
  std::set<std::string> ids;
  int number = 0;
  for (const std::string_view line : SplitLines(text)) {
    ++number;
    if (Trim(line).empty()) continue;
    const std::string place = path + " line " + std::to_string(number) + ": ";
    try {
      cases.push_back(CaseOf(std::string(line), ids));
    } catch (const Error& error) {
      throw Error(ErrorCode::kInput, place + error.what());
    } catch (const nlohmann::json::exception&) {
      throw Error(ErrorCode::kInput, place + "not a labelled case",
                  "data/safety/cases/README.md tells the format");
    }
  }
  if (cases.empty()) throw Error(ErrorCode::kInput, path + " holds no case");
  return cases;
}

std::vector<SafetyCase> ReadOrdinaryTurns(const std::string& path) {
  const std::string text = ReadFile(path);
  std::vector<SafetyCase> cases;
  int number = 0;
  for (const std::string_view line : SplitLines(text)) {
    ++number;
    const std::string words = std::string(Trim(RepairUtf8(line.substr(0, line.find('\t')))));
    if (words.empty()) continue;
    SafetyCase one;
    one.id = "line " + std::to_string(number);
    one.form = "ordinary";
    one.turns.push_back({Role::kClient, words, RiskLevel::kNone, ""});
    Dialogue dialogue;
    dialogue.turns.push_back({Role::kClient, words, ""});
    one.language = DetectLanguage(dialogue);
    cases.push_back(std::move(one));
  }
  if (cases.empty()) throw Error(ErrorCode::kInput, path + " holds no turn");
  return cases;
}

}  // namespace emostage
