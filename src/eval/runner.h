#ifndef EMOSTAGE_EVAL_RUNNER_H_
#define EMOSTAGE_EVAL_RUNNER_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "emostage/answer.h"
#include "emostage/model.h"
#include "emostage/session.h"
#include "eval/data_set.h"
#include "eval/eval_texts.h"

namespace emostage {

enum class EvalMode {
  kNextTurn,      // a reply wherever a counsellor spoke, given the recorded history
  kWholeSession,  // a talk with a simulated client from its first word
  kTask,          // labels by likelihood, no replies
};
[[nodiscard]] std::string_view EvalModeName(EvalMode mode);  // "next", "session", "task"

// One reply of a method.
struct EvalItem {
  std::string method;
  std::string dialogue;  // EvalDialogue::id
  size_t turn = 0;       // index of the client turn that is answered
  std::string client;    // what a simulated client said; empty: as recorded
  Answer answer;
  std::string error;  // why there is no answer; empty: there is one
  // What the model itself makes of the reply, where RunOptions::model_metrics asks for it.
  std::optional<double> log_perplexity;  // mean surprise of a token, in nats
  std::optional<double> similarity;      // cosine of its embedding and the recorded reply's
};
[[nodiscard]] OrderedJson EvalItemToJson(const EvalItem& item);
[[nodiscard]] EvalItem EvalItemFromJson(const Json& json);  // throws Error(kInput)

struct RunOptions {
  EvalMode mode = EvalMode::kNextTurn;
  std::vector<std::string> methods;
  SessionOptions session;  // with knowledge and leanings; method and seed are set for each item
  std::shared_ptr<const std::vector<EvalTexts>> texts;
  uint64_t seed = 0;
  size_t parallel = 1;  // talks at the same time
  size_t shard = 0;     // this process plays every `shards`-th dialogue, from this one on
  size_t shards = 1;
  size_t max_turns = 8;  // client turns of a whole session
  // Next turns only: ask the model how likely it finds each reply, as the answer of a plain
  // listener (the prompts of 'direct', so that methods are measured alike), and how near it comes
  // to the recorded one. Throws Error(kUsage) where the model cannot.
  bool model_metrics = false;
  std::shared_ptr<Model> client_model;  // who plays the client; null: the same model
  std::function<void(size_t done, size_t of, size_t replies)> progress;  // talks
  std::stop_token stop;
};

struct RunSummary {
  size_t units = 0;     // of this shard: a method with a dialogue each
  size_t resumed = 0;   // of them, found done
  size_t cut_off = 0;   // lines of a unit that was being written when an earlier run was killed
  double wall_ms = 0;   // of what was done now
  double model_ms = 0;  // of the answers among it; beside each other where `parallel` > 1
};

// Lets every method answer every dialogue and writes DIR/items.jsonl, a unit (method, dialogue) at
// a time; units that stand there already are left alone. The same options, data and model give the
// same items in whatever order and however often it was interrupted, as far as the model's
// arithmetic allows (docs/evaluation.md). An answer that fails is an item with its error; a model
// that is gone (kNetwork, kBusy) ends the run with Error, what is done being kept.
RunSummary RunEval(const std::shared_ptr<Model>& model, const DataSet& data,
                   const std::filesystem::path& folder, const RunOptions& options);

// All items of one or more folders' journals.
[[nodiscard]] std::vector<EvalItem> ReadItems(const std::filesystem::path& folder);

// The client turns that a reply is asked for: those not followed by another of the client's.
[[nodiscard]] std::vector<size_t> AnswerableTurns(const EvalDialogue& dialogue);

// A seed for one place of one dialogue: the same for every method, and whatever else is run.
[[nodiscard]] uint64_t ItemSeed(uint64_t seed, std::string_view dialogue, size_t turn);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_RUNNER_H_
