#include "eval/run_folder.h"

#include <algorithm>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "emostage/error.h"

namespace emostage {
namespace {

constexpr const char* kManifest = "run.json";
constexpr const char* kDialogues = "dialogues.jsonl";

std::vector<std::string> LanguageCodes(const std::vector<Language>& languages) {
  std::vector<std::string> codes;
  for (const Language one : languages) codes.emplace_back(LanguageCode(one));
  return codes;
}

EvalMode ModeFromName(const std::string& name) {
  for (const EvalMode mode : {EvalMode::kNextTurn, EvalMode::kWholeSession, EvalMode::kTask}) {
    if (EvalModeName(mode) == name) return mode;
  }
  throw Error(ErrorCode::kInput, "there is no mode '" + name + "'");
}

RunManifest ReadManifest(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kManifest;
  return ManifestFromJson(ParseJson(ReadFile(path), path.string()));
}

}  // namespace

OrderedJson ManifestToJson(const RunManifest& manifest) {
  return {{"version", 1},
          {"made", manifest.made},
          {"command", manifest.command},
          {"emostage", manifest.program},
          {"mode", EvalModeName(manifest.mode)},
          {"methods", manifest.methods},
          {"data",
           {{"source", manifest.data_source},
            {"sha256", manifest.data_sha256},
            {"languages", LanguageCodes(manifest.filter.languages)},
            {"split", manifest.filter.split},
            {"limit", manifest.filter.limit},
            {"remarks", manifest.remarks}}},
          {"model", {{"name", manifest.model_name}, {"id", manifest.model_id}}},
          {"client_model", manifest.client_id},
          {"knowledge", manifest.knowledge},
          {"seed", manifest.seed},
          {"temperature", manifest.temperature},
          {"max_tokens", manifest.max_tokens},
          {"scheme", manifest.scheme},
          {"safety", manifest.safety},
          {"model_metrics", manifest.model_metrics},
          {"stimulus", manifest.stimulus},
          {"transition", manifest.transition},
          {"max_turns", manifest.max_turns},
          {"shard", manifest.shard},
          {"shards", manifest.shards}};
}

RunManifest ManifestFromJson(const Json& json) {
  try {
    RunManifest manifest;
    if (json.at("version").get<int>() != 1) {
      throw Error(ErrorCode::kInput, "the run was made by another version of EmoStage");
    }
    manifest.made = json.at("made").get<std::string>();
    manifest.command = json.at("command").get<std::string>();
    manifest.program = json.at("emostage").get<std::string>();
    manifest.mode = ModeFromName(json.at("mode").get<std::string>());
    manifest.methods = json.at("methods").get<std::vector<std::string>>();
    const Json& data = json.at("data");
    manifest.data_source = data.at("source").get<std::string>();
    manifest.data_sha256 = data.at("sha256").get<std::string>();
    for (const Json& code : data.at("languages")) {
      const auto language = LanguageFromCode(code.get<std::string>());
      if (language) manifest.filter.languages.push_back(*language);
    }
    manifest.filter.split = data.at("split").get<std::string>();
    manifest.filter.limit = data.at("limit").get<size_t>();
    manifest.remarks = data.at("remarks").get<std::vector<std::string>>();
    manifest.model_name = json.at("model").at("name").get<std::string>();
    manifest.model_id = json.at("model").at("id").get<std::string>();
    manifest.client_id = json.at("client_model").get<std::string>();
    manifest.knowledge = json.at("knowledge").get<std::string>();
    manifest.seed = json.at("seed").get<uint64_t>();
    manifest.temperature = json.at("temperature").get<double>();
    manifest.max_tokens = json.at("max_tokens").get<int>();
    manifest.scheme = json.at("scheme").get<std::string>();
    manifest.safety = json.at("safety").get<bool>();
    manifest.model_metrics = json.value("model_metrics", false);  // older runs had none
    manifest.stimulus = json.value("stimulus", "");
    manifest.transition = json.value("transition", "");
    manifest.max_turns = json.at("max_turns").get<size_t>();
    manifest.shard = json.at("shard").get<size_t>();
    manifest.shards = json.at("shards").get<size_t>();
    return manifest;
  } catch (const Json::exception&) {
    throw Error(ErrorCode::kInput, "run.json lacks a field", "give another --out");
  }
}

std::string WhyNotOneRun(const RunManifest& a, const RunManifest& b, bool merging) {
  const auto differ = [](const char* what, const auto& one, const auto& other) {
    return one == other ? "" : std::string(what);
  };
  const std::string found[] = {
      differ("mode", a.mode, b.mode),
      differ("data", a.data_sha256, b.data_sha256),
      differ("languages", a.filter.languages, b.filter.languages),
      differ("split", a.filter.split, b.filter.split),
      differ("limit of dialogues", a.filter.limit, b.filter.limit),
      differ("model", a.model_id, b.model_id),
      differ("model of the client", a.client_id, b.client_id),
      differ("prompts or other data files", a.knowledge, b.knowledge),
      differ("seed", a.seed, b.seed),
      differ("temperature", a.temperature, b.temperature),
      differ("length limit", a.max_tokens, b.max_tokens),
      differ("phase scheme", a.scheme, b.scheme),
      differ("safety setting", a.safety, b.safety),
      differ("asking of --model-metrics", a.model_metrics, b.model_metrics),
      differ("stimulus", a.stimulus, b.stimulus),
      differ("transition", a.transition, b.transition),
      differ("number of turns", a.max_turns, b.max_turns),
      merging ? "" : differ("shard", std::pair(a.shard, a.shards), std::pair(b.shard, b.shards))};
  const auto* const first =
      std::ranges::find_if(found, [](const auto& one) { return !one.empty(); });
  return first == std::end(found) ? "" : *first;
}

void PrepareRunFolder(const std::filesystem::path& folder, const RunManifest& manifest,
                      const DataSet& data) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw Error(ErrorCode::kIo, folder.string() + " cannot be made (" + error.message() + ")",
                "choose another --out");
  }
  RunManifest written = manifest;
  if (std::filesystem::exists(folder / kManifest)) {
    const RunManifest there = ReadManifest(folder);
    const std::string why = WhyNotOneRun(there, manifest, /*merging=*/false);
    if (!why.empty()) {
      throw Error(ErrorCode::kUsage, folder.string() + " holds a run with another " + why,
                  "choose another --out, or delete the folder");
    }
    // What was begun stays told as it was begun; methods may be added.
    written = there;
    for (const std::string& method : manifest.methods) {
      if (std::ranges::find(written.methods, method) == written.methods.end()) {
        written.methods.push_back(method);
      }
    }
  } else if (!std::filesystem::is_empty(folder)) {
    throw Error(ErrorCode::kUsage, folder.string() + " holds files that are no run of 'eval'",
                "choose another --out");
  }
  std::string lines;
  for (const EvalDialogue& dialogue : data.dialogues) {
    lines += DumpJson(EvalDialogueToJson(dialogue)) + '\n';
  }
  WriteFileAtomically(folder / kDialogues, lines);
  WriteFileAtomically(folder / kManifest, DumpJson(ManifestToJson(written), 2) + '\n');
}

FinishedRun ReadRun(const std::vector<std::filesystem::path>& folders) {
  FinishedRun run;
  std::set<std::string> dialogues;
  bool first = true;
  for (const std::filesystem::path& folder : folders) {
    if (!std::filesystem::exists(folder / kManifest)) {
      throw Error(ErrorCode::kUsage, folder.string() + " holds no run of 'eval'",
                  "give the folder that 'eval --out' wrote");
    }
    RunManifest manifest = ReadManifest(folder);
    if (first) {
      run.manifest = std::move(manifest);
    } else if (const std::string why = WhyNotOneRun(run.manifest, manifest, true); !why.empty()) {
      throw Error(ErrorCode::kUsage, folder.string() + " is of a run with another " + why,
                  "give the shards of one run, or use 'report compare'");
    }
    first = false;
    const std::string content = ReadFile(folder / kDialogues);
    for (const std::string_view line : SplitLines(content)) {
      EvalDialogue dialogue = EvalDialogueFromJson(ParseJson(line, "dialogues.jsonl"));
      if (dialogues.insert(dialogue.id).second) run.dialogues.push_back(std::move(dialogue));
    }
    std::vector<EvalItem> items = ReadItems(folder);
    std::ranges::move(items, std::back_inserter(run.items));
  }
  std::ranges::stable_sort(run.items, [](const EvalItem& a, const EvalItem& b) {
    return std::tie(a.dialogue, a.method, a.turn) < std::tie(b.dialogue, b.method, b.turn);
  });
  const auto repeated = std::ranges::unique(run.items, [](const EvalItem& a, const EvalItem& b) {
    return std::tie(a.dialogue, a.method, a.turn) == std::tie(b.dialogue, b.method, b.turn);
  });
  run.items.erase(repeated.begin(), repeated.end());
  return run;
}

}  // namespace emostage
