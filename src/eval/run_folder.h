#ifndef EMOSTAGE_EVAL_RUN_FOLDER_H_
#define EMOSTAGE_EVAL_RUN_FOLDER_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "eval/data_set.h"
#include "eval/runner.h"

namespace emostage {

// What a run was: enough to repeat it, and to know whether two runs belong together. Written to
// DIR/run.json.
struct RunManifest {
  std::string command;
  std::string made;     // when it began, UTC, ISO 8601
  std::string program;  // version of EmoStage
  EvalMode mode = EvalMode::kNextTurn;
  std::string data_source;
  std::string data_sha256;
  DataSetFilter filter;
  std::vector<std::string> remarks;  // about the data
  std::string model_name;
  std::string model_id;   // of its weights
  std::string client_id;  // of the model that plays the client; empty: the same
  uint64_t seed = 0;
  double temperature = 0;
  int max_tokens = 0;
  std::string scheme;
  bool safety = true;
  bool model_metrics = false;
  std::string stimulus;  // SessionOptions'; empty: none
  std::string transition;
  size_t shard = 0;
  size_t shards = 1;
  size_t max_turns = 0;
  std::vector<std::string> methods;
  std::string knowledge;  // a hash of the prompts and other data files methods speak with
};
[[nodiscard]] OrderedJson ManifestToJson(const RunManifest& manifest);
[[nodiscard]] RunManifest ManifestFromJson(const Json& json);  // throws Error(kInput)

// In which respect two runs cannot be one; empty: they can. `shards` may differ where `merging`.
[[nodiscard]] std::string WhyNotOneRun(const RunManifest& a, const RunManifest& b, bool merging);

// Makes the folder ready to be run into: run.json, and dialogues.jsonl with all that was read. A
// folder that holds the same run is gone on with (methods may be added); one that holds another
// run, or anything else, is refused with Error(kUsage). Throws Error(kIo).
void PrepareRunFolder(const std::filesystem::path& folder, const RunManifest& manifest,
                      const DataSet& data);

// What is in a run's folder.
struct FinishedRun {
  RunManifest manifest;
  std::vector<EvalDialogue> dialogues;
  std::vector<EvalItem> items;
};
// Reads one run from one or more folders that are shards of it. Throws Error(kUsage) where they do
// not belong together, Error(kInput), Error(kIo).
[[nodiscard]] FinishedRun ReadRun(const std::vector<std::filesystem::path>& folders);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_RUN_FOLDER_H_
