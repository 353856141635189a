#ifndef EMOSTAGE_CLI_COMMAND_H_
#define EMOSTAGE_CLI_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "emostage/model.h"
#include "emostage/session.h"

namespace emostage {

// Each subcommand lives in a file of its own and adds itself to the program here. The function it
// stores in `run` is called after parsing, and returns the exit code: 0 done; 1 failed. It may
// throw Error, which main() prints in one line.
using Run = std::function<int()>;

void AddRespond(CLI::App& app, Run& run);
void AddChat(CLI::App& app, Run& run);
void AddServe(CLI::App& app, Run& run);
void AddKeys(CLI::App& app, Run& run);
void AddStore(CLI::App& app, Run& run);
void AddSafety(CLI::App& app, Run& run);
void AddMethods(CLI::App& app, Run& run);
void AddModels(CLI::App& app, Run& run);
void AddModelsCheck(CLI::App& models, Run& run);  // 'models check'
void AddEval(CLI::App& app, Run& run);
void AddReport(CLI::App& app, Run& run);
void AddBench(CLI::App& app, Run& run);
void AddBenchMethods(CLI::App& bench, Run& run);  // 'bench methods'
void AddBenchLoad(CLI::App& bench, Run& run);     // 'bench load'
void AddBenchPeers(CLI::App& bench, Run& run);    // 'bench peers'

// Which model to use and how; the same options for every subcommand that needs one.
struct ModelArguments {
  // A file, a catalogue name or "openai:URL#NAME"; empty: $EMOSTAGE_MODEL, or the starter.
  std::string model;
  int context = 0;
  int threads = 0;
  int gpu_layers = -1;
  std::string chat_template;  // "chatml" or a file
  std::string data;           // a folder in place of the built-in data files
  int cache_mib = 0;          // for what was read of all talks; 0: the engine's own default
  int sessions = 1;           // no option of all: how many talk at the same time, about
  bool share = true;          // no option: for the benchmark
  bool steady = false;        // no option: a fixed number of threads, for equal seeds' sake
  bool stay = false;          // no option: a talk leaves the cache only for want of room
  bool quiet = false;         // no progress

  void AddTo(CLI::App& command);
  // Loads it, with a progress line on stderr where that is a terminal and loading takes long.
  [[nodiscard]] std::shared_ptr<Model> Load() const;
};

// How to answer.
struct SessionArguments {
  std::string method = "emostage";
  std::string scheme = "five-phase";
  std::string language = "auto";
  uint64_t seed = 0;
  double temperature = 0.7;
  int max_tokens = 120;
  std::string country;     // for the numbers of the safety card; empty: the locale's, or asked
  bool no_safety = false;  // for measurements of methods
  std::string stimulus;    // of data/stimuli.toml; empty: none
  std::string transition;  // a personality of data/transition.toml; empty: none

  void AddTo(CLI::App& command);
  // What stands beside any method; AddTo has them already.
  void AddExtrasTo(CLI::App& command);
  // Throws Error(kUsage) for a method, scheme or language that does not exist.
  [[nodiscard]] SessionOptions Options(const std::shared_ptr<const Knowledge>& knowledge) const;
};

// What the client said before: dialogues, whose client turns a method may recall.
struct PastArguments {
  std::vector<std::string> files;  // the oldest first

  void AddTo(CLI::App& command);
  // Reads them at once. Throws Error for a file that is no dialogue. No files: none.
  [[nodiscard]] AskPast Read() const;
};

}  // namespace emostage

#endif  // EMOSTAGE_CLI_COMMAND_H_
