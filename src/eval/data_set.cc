#include "eval/data_set.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "dialogue/readers.h"
#include "emostage/error.h"
#include "emostage/session.h"
#include "knowledge/embedded.h"
#include "knowledge/knowledge.h"
#include "knowledge/localized.h"
#include "model/store/sha256.h"

namespace emostage {
namespace {

constexpr const char* kScenarios = "scenarios";

std::string TextAt(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return "";
  if (!found->is_string()) {
    throw Error(ErrorCode::kInput, std::string("'") + key + "' is no text");
  }
  return std::string(Trim(RepairUtf8(found->get<std::string>())));
}

ClientLabels LabelsFrom(const Json& json) {
  ClientLabels labels;
  labels.phase = TextAt(json, "phase");
  labels.risk = TextAt(json, "risk");
  if (json.contains("emotions")) {
    for (const Json& one : json.at("emotions")) {
      labels.emotions.push_back({TextAt(one, "emotion"), one.value("intensity", 0)});
    }
  }
  if (json.contains("needs")) {
    for (const Json& need : json.at("needs")) labels.needs.push_back(need.get<std::string>());
  }
  return labels;
}

OrderedJson LabelsToJson(const ClientLabels& labels) {
  OrderedJson json = OrderedJson::object();
  if (!labels.phase.empty()) json["phase"] = labels.phase;
  if (!labels.emotions.empty()) {
    json["emotions"] = OrderedJson::array();
    for (const Feeling& one : labels.emotions) {
      json["emotions"].push_back({{"emotion", one.emotion}, {"intensity", one.intensity}});
    }
  }
  if (!labels.needs.empty()) json["needs"] = labels.needs;
  if (!labels.risk.empty()) json["risk"] = labels.risk;
  return json;
}

EvalTurn TurnFrom(const Json& json) {
  EvalTurn turn;
  const std::string role = TextAt(json, "role");
  if (role != "client" && role != "counsellor") {
    throw Error(ErrorCode::kInput, "a role is client or counsellor, not '" + role + "'");
  }
  turn.role = role == "client" ? Role::kClient : Role::kCounsellor;
  turn.text = TextAt(json, "text");
  const Json second = json.value("second", Json::object());
  if (turn.role == Role::kClient) {
    turn.client = LabelsFrom(json);
    if (json.contains("second")) turn.second = LabelsFrom(second);
  } else {
    turn.strategy = TextAt(json, "strategy");
    turn.timing = TextAt(json, "timing");
    turn.second_strategy = TextAt(second, "strategy");
    turn.second_timing = TextAt(second, "timing");
  }
  return turn;
}

// Everything that goes wrong with a set, by what it is, and how often.
class Remarks {
 public:
  void Add(const std::string& what, const std::string& where) {
    auto& [count, first] = remarks_[what];
    if (count++ == 0) first = where;
  }
  [[nodiscard]] std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    for (const auto& [what, one] : remarks_) {
      lines.push_back(std::to_string(one.first) + " " + what + " (the first: " + one.second + ")");
    }
    return lines;
  }

 private:
  std::map<std::string, std::pair<size_t, std::string>> remarks_;
};

// Whether the first line that says anything is a dialogue of ours with labels.
bool IsScenarioForm(std::string_view content) {
  for (const std::string_view line : SplitLines(content)) {
    if (Trim(line).empty()) continue;
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    return json.is_object() && json.contains("turns") && json.contains("language");
  }
  return false;
}

void ReadScenarioLines(std::string_view content, const std::string& name, Remarks& remarks,
                       std::vector<EvalDialogue>& dialogues) {
  int number = 0;
  for (const std::string_view line : SplitLines(content)) {
    ++number;
    if (Trim(line).empty()) continue;
    const std::string where = name + " line " + std::to_string(number);
    try {
      dialogues.push_back(EvalDialogueFromJson(ParseJson(line, "the dialogue")));
    } catch (const Error& error) {
      remarks.Add("lines left out that are no dialogue", where + ": " + std::string(error.what()));
    }
  }
}

// GoEmotions' lines (text, numbers of labels, id), the labels' names standing in labels.txt beside
// them: one turn each, with those of our emotions that stand for its labels.
void ReadGoEmotions(const std::filesystem::path& path, std::string_view content,
                    const Emotions& emotions, Remarks& remarks,
                    std::vector<EvalDialogue>& dialogues) {
  const std::string names = ReadFile(path.parent_path() / "labels.txt");
  const std::vector<std::string_view> labels = SplitLines(names);
  int number = 0;
  for (const std::string_view line : SplitLines(content)) {
    ++number;
    const std::string where = path.filename().string() + " line " + std::to_string(number);
    const size_t first = line.find('\t');
    const size_t second = line.find('\t', first == std::string_view::npos ? first : first + 1);
    if (second == std::string_view::npos) {
      remarks.Add("lines left out that are no comment with labels", where);
      continue;
    }
    EvalDialogue dialogue;
    dialogue.id = line.substr(second + 1);
    EvalTurn turn;
    turn.text = Trim(RepairUtf8(line.substr(0, first)));
    std::string_view numbers = line.substr(first + 1, second - first - 1);
    while (!numbers.empty()) {
      const std::string_view one = numbers.substr(0, numbers.find(','));
      numbers.remove_prefix(std::min(numbers.size(), one.size() + 1));
      size_t index = labels.size();
      std::from_chars(one.data(), one.data() + one.size(), index);
      for (const Emotion& emotion : emotions) {
        if (index < labels.size() &&
            std::ranges::find(emotion.goemotions, labels[index]) != emotion.goemotions.end()) {
          turn.client.emotions.push_back({emotion.id, 0});
        }
      }
    }
    if (turn.client.emotions.empty()) {
      remarks.Add("comments left out whose labels none of our emotions stands for", where);
      continue;
    }
    dialogue.turns.push_back(std::move(turn));
    dialogues.push_back(std::move(dialogue));
  }
}

void ReadAnyForm(const std::filesystem::path& path, std::vector<EvalDialogue>& dialogues) {
  for (const Dialogue& read : ReadDialogueFile(path)) {
    EvalDialogue dialogue;
    dialogue.id = read.id;
    dialogue.language = DetectLanguage(read);
    for (const Turn& turn : read.turns) {
      EvalTurn one;
      one.role = turn.role;
      one.text = turn.text;
      one.strategy = turn.strategy;
      dialogue.turns.push_back(std::move(one));
    }
    dialogues.push_back(std::move(dialogue));
  }
}

bool Wanted(const EvalDialogue& dialogue, const DataSetFilter& filter) {
  if (!filter.languages.empty() &&
      std::ranges::find(filter.languages, dialogue.language) == filter.languages.end()) {
    return false;
  }
  return filter.split == "all" || dialogue.split.empty() || dialogue.split == filter.split;
}

// Leaves out turns without words and talks seen before, gives every talk an id of its own, and
// keeps what the filter wants.
void Clean(DataSet& set, const DataSetFilter& filter, Remarks& remarks) {
  std::vector<EvalDialogue> kept;
  std::set<std::string> ids;
  std::set<std::string> seen;
  std::map<Language, size_t> of_language;
  size_t number = 0;
  for (EvalDialogue& dialogue : set.dialogues) {
    ++number;
    if (dialogue.id.empty()) dialogue.id = "talk-" + std::to_string(number);
    for (size_t i = dialogue.turns.size(); i-- > 0;) {
      if (!dialogue.turns[i].text.empty()) continue;
      remarks.Add("turns left out that hold no words",
                  dialogue.id + " turn " + std::to_string(i + 1));
      dialogue.turns.erase(dialogue.turns.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (dialogue.turns.empty()) {
      remarks.Add("dialogues left out that have no turns", dialogue.id);
      continue;
    }
    std::string words;
    for (const EvalTurn& turn : dialogue.turns) words += turn.text + '\n';
    if (!seen.insert(words).second) {
      remarks.Add("dialogues left out that repeat an earlier one word for word", dialogue.id);
      continue;
    }
    if (!ids.insert(dialogue.id).second) {
      remarks.Add("dialogues given another id because theirs was taken", dialogue.id);
      for (int i = 2;; ++i) {
        const std::string id = dialogue.id + "-" + std::to_string(i);
        if (!ids.insert(id).second) continue;
        dialogue.id = id;
        break;
      }
    }
    if (!Wanted(dialogue, filter)) continue;
    if (filter.limit > 0 && of_language[dialogue.language] >= filter.limit) continue;
    ++of_language[dialogue.language];
    kept.push_back(std::move(dialogue));
  }
  set.dialogues = std::move(kept);
}

}  // namespace

Dialogue EvalDialogue::UpTo(size_t count) const {
  Dialogue talk;
  talk.id = id;
  for (size_t i = 0; i < std::min(count, turns.size()); ++i) {
    talk.turns.push_back({turns[i].role, turns[i].text, turns[i].strategy});
  }
  return talk;
}

OrderedJson EvalDialogueToJson(const EvalDialogue& dialogue) {
  OrderedJson json = {{"id", dialogue.id}, {"language", LanguageCode(dialogue.language)}};
  const auto put = [&json](const char* key, const std::string& text) {
    if (!text.empty()) json[key] = text;
  };
  put("split", dialogue.split);
  put("topic", dialogue.topic);
  put("weight", dialogue.weight);
  put("counselling", dialogue.counselling);
  if (!dialogue.persona.empty()) {
    json["persona"] = dialogue.persona;
    json["hidden"] = dialogue.hidden;
    json["openness"] = dialogue.openness;
  }
  json["turns"] = OrderedJson::array();
  for (const EvalTurn& turn : dialogue.turns) {
    OrderedJson one = {{"role", RoleName(turn.role)}, {"text", turn.text}};
    if (turn.role == Role::kClient) {
      one.update(LabelsToJson(turn.client));
      if (turn.second) one["second"] = LabelsToJson(*turn.second);
    } else {
      if (!turn.strategy.empty()) one["strategy"] = turn.strategy;
      if (!turn.timing.empty()) one["timing"] = turn.timing;
      if (!turn.second_strategy.empty()) {
        one["second"] = {{"strategy", turn.second_strategy}, {"timing", turn.second_timing}};
      }
    }
    json["turns"].push_back(std::move(one));
  }
  return json;
}

EvalDialogue EvalDialogueFromJson(const Json& json) {
  try {
    EvalDialogue dialogue;
    dialogue.id = TextAt(json, "id");
    const auto language = LanguageFromCode(TextAt(json, "language"));
    if (!language) throw Error(ErrorCode::kInput, "a language is en, zh or ja");
    dialogue.language = *language;
    dialogue.split = TextAt(json, "split");
    dialogue.topic = TextAt(json, "topic");
    dialogue.weight = TextAt(json, "weight");
    dialogue.counselling = TextAt(json, "counselling");
    dialogue.persona = TextAt(json, "persona");
    dialogue.hidden = TextAt(json, "hidden");
    dialogue.openness = std::clamp(json.value("openness", 3), 1, 5);
    for (const Json& turn : json.at("turns")) dialogue.turns.push_back(TurnFrom(turn));
    return dialogue;
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kInput, "a field is missing or of another kind: " +
                                       std::string(Utf8Prefix(error.what(), 120)));
  }
}

DataSet ReadDataSet(const std::string& source, const DataSetFilter& filter,
                    const std::string& data) {
  DataSet set;
  set.name = source;
  Remarks remarks;
  Sha256 hash;
  if (source == kScenarios) {
    const DataSource files = DataSource::Open(data.empty() ? std::optional<std::filesystem::path>()
                                                           : std::filesystem::path(data));
    for (const std::string& path : files.List(kScenarios, ".jsonl")) {
      const std::string content = files.Read(path);
      hash.Update(content);
      ReadScenarioLines(content, files.DisplayName(path), remarks, set.dialogues);
    }
  } else {
    const std::filesystem::path path = source;
    set.name = path.stem().string();
    std::vector<std::filesystem::path> files = {path};
    if (std::filesystem::is_directory(path)) {
      files.clear();
      for (const auto& entry : std::filesystem::directory_iterator(path)) {
        if (entry.is_regular_file()) files.push_back(entry.path());
      }
      std::ranges::sort(files);
    }
    bool own_form = false;
    for (const std::filesystem::path& file : files) {
      const std::string content = ReadFile(file);
      hash.Update(content);
      if (!IsValidUtf8(content)) {
        remarks.Add("files with bytes that are no UTF-8, which read as \uFFFD",
                    file.filename().string());
      }
      if (file.extension() == ".tsv") {
        own_form = true;
        ReadGoEmotions(file, content, LoadKnowledge(data)->emotions(), remarks, set.dialogues);
        continue;
      }
      if (!IsScenarioForm(content)) continue;
      own_form = true;
      ReadScenarioLines(content, file.filename().string(), remarks, set.dialogues);
    }
    if (!own_form) ReadAnyForm(path, set.dialogues);
  }
  set.sha256 = hash.HexDigest();
  Clean(set, filter, remarks);
  set.remarks = remarks.Lines();
  if (set.dialogues.empty()) {
    throw Error(ErrorCode::kInput, "no dialogue of '" + source + "' is left to evaluate",
                set.remarks.empty() ? "look at --lang, --split and --limit" : set.remarks.front());
  }
  return set;
}

}  // namespace emostage
