#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/draw.h"
#include "cli/eval_report.h"
#include "cli/interrupt.h"
#include "emostage/error.h"
#include "emostage/version.h"
#include "eval/eval_texts.h"
#include "eval/run_folder.h"
#include "eval/runner.h"
#include "eval/tasks.h"
#include "knowledge/embedded.h"
#include "model/store/sha256.h"

namespace emostage {
namespace {

struct Arguments {
  ModelArguments model;
  SessionArguments session;
  std::vector<std::string> methods = {"emostage", "direct"};
  std::vector<std::string> languages;
  std::string mode = "next";
  std::string data = "scenarios";
  std::string split = "held-out";
  std::string client_model;
  std::vector<std::string> judges;
  std::vector<std::string> rubrics = {"esc"};
  std::string shard = "1/1";
  std::string out;
  size_t limit = 0;
  size_t parallel = 1;
  size_t turns = 8;
  bool model_metrics = false;
  EvalReportArguments report;
  std::string command;  // as it was typed
};

EvalMode ModeOf(const std::string& name) {
  if (name == "session") return EvalMode::kWholeSession;
  return name == "task" ? EvalMode::kTask : EvalMode::kNextTurn;
}

// "2/4": the second of four.
std::pair<size_t, size_t> ShardOf(const std::string& text) {
  size_t which = 0;
  size_t of = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%zu/%zu%c", &which, &of, &rest) != 2 || which < 1 || which > of) {
    throw Error(ErrorCode::kUsage, "'" + text + "' is no shard", "write it as 2/4");
  }
  return {which - 1, of};
}

// Everything that methods say comes from the data files: a run with other ones is another run.
std::string KnowledgeHash(const std::string& data) {
  const DataSource source = DataSource::Open(data.empty() ? std::optional<std::filesystem::path>()
                                                          : std::filesystem::path(data));
  Sha256 hash;
  for (const char* folder : {"", "prompts", "phases", "evaluation", "safety"}) {
    for (const std::string& path : source.List(folder, ".toml")) {
      hash.Update(path);
      hash.Update(source.Read(path));
    }
  }
  return hash.HexDigest();
}

class ProgressLine {
 public:
  void operator()(size_t done, size_t of, size_t replies) {
    using std::chrono::duration;
    const auto now = std::chrono::steady_clock::now();
    if (first_ == 0) {
      first_ = done;
      begun_ = now;
    }
    if (isatty(STDERR_FILENO) == 0) return;
    const double spent = duration<double>(now - begun_).count();
    const double left =
        done > first_ ? spent / static_cast<double>(done - first_) * static_cast<double>(of - done)
                      : 0;
    std::fprintf(stderr, "\r%zu of %zu talks, %zu replies, about %.0f min left   ", done, of,
                 replies, left / 60);
    if (done == of) std::fputs("\r\x1b[K", stderr);
  }

 private:
  size_t first_ = 0;
  std::chrono::steady_clock::time_point begun_;
};

int Evaluate(const Arguments& arguments) {
  if (arguments.out.empty()) {
    throw Error(ErrorCode::kUsage, "--out is missing",
                "name a folder for the report and its items");
  }
  const auto knowledge = LoadKnowledge(arguments.model.data);
  RunOptions options;
  options.mode = ModeOf(arguments.mode);
  options.methods = arguments.methods;
  if (options.mode == EvalMode::kTask) options.methods = {kLabelsMethod};
  options.session = arguments.session.Options(knowledge);
  if (!options.session.leanings) options.session.leanings = OpenLeanings();
  if (options.mode != EvalMode::kTask) {
    // A name that is none is told before anything is loaded.
    for (const std::string& method : options.methods) {
      SessionArguments one = arguments.session;
      one.method = method;
      static_cast<void>(one.Options(knowledge));
    }
  }
  options.texts =
      std::make_shared<const std::vector<EvalTexts>>(ReadEvalTexts(arguments.model.data));
  options.seed = arguments.session.seed;
  options.parallel = arguments.parallel;
  options.max_turns = arguments.turns;
  options.model_metrics = arguments.model_metrics && options.mode == EvalMode::kNextTurn;
  std::tie(options.shard, options.shards) = ShardOf(arguments.shard);

  DataSetFilter filter;
  filter.split = arguments.split;
  filter.limit = arguments.limit;
  for (const std::string& code : arguments.languages) {
    const auto language = LanguageFromCode(code);
    if (!language)
      throw Error(ErrorCode::kUsage, "there is no language '" + code + "'", "en, zh or ja");
    filter.languages.push_back(*language);
  }
  const DataSet data = ReadDataSet(arguments.data, filter, arguments.model.data);
  for (const std::string& remark : data.remarks) {
    std::fprintf(stderr, "%s: %s\n", data.name.c_str(), remark.c_str());
  }

  ModelArguments model_arguments = arguments.model;
  model_arguments.steady = true;
  model_arguments.sessions = static_cast<int>(arguments.parallel);
  const std::shared_ptr<Model> model = model_arguments.Load();
  if (!arguments.client_model.empty()) {
    model_arguments.model = arguments.client_model;
    options.client_model = model_arguments.Load();
  }

  RunManifest manifest;
  manifest.command = arguments.command;
  manifest.made = UtcNow();
  manifest.program = kVersion;
  manifest.mode = options.mode;
  manifest.data_source = arguments.data;
  manifest.data_sha256 = data.sha256;
  manifest.filter = filter;
  manifest.remarks = data.remarks;
  manifest.model_name = model->info().name;
  manifest.model_id = model->info().id;
  manifest.client_id = options.client_model ? options.client_model->info().id : "";
  manifest.seed = options.seed;
  manifest.temperature = arguments.session.temperature;
  manifest.max_tokens = arguments.session.max_tokens;
  manifest.scheme = arguments.session.scheme;
  manifest.model_metrics = options.model_metrics;
  manifest.stimulus = arguments.session.stimulus;
  manifest.transition = arguments.session.transition;
  manifest.safety = !arguments.session.no_safety;
  manifest.shard = options.shard;
  manifest.shards = options.shards;
  manifest.max_turns = options.mode == EvalMode::kWholeSession ? options.max_turns : 0;
  manifest.methods = options.methods;
  manifest.knowledge = KnowledgeHash(arguments.model.data);
  PrepareRunFolder(arguments.out, manifest, data);

  const Interrupt interrupt;
  options.stop = interrupt.token();
  ProgressLine progress;
  options.progress = std::ref(progress);
  RunSummary summary;
  try {
    summary = RunEval(model, data, arguments.out, options);
    if (!arguments.judges.empty()) {
      JudgeRun(arguments.out, arguments.judges, arguments.rubrics, model_arguments, knowledge,
               options.stop);
    }
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kUsage) throw;
    const std::string kept =
        "what is done is kept in " + arguments.out + "; the same command goes on from there";
    if (interrupt.happened()) throw Error(ErrorCode::kCancelled, "stopped", kept);
    throw Error(error.code(), error.what(), kept);
  }
  std::printf("%zu talks: %zu were there already, %zu played now in %.1f s", summary.units,
              summary.resumed, summary.units - summary.resumed, summary.wall_ms / 1000);
  if (summary.model_ms > 0) {
    std::printf(", answers took %.1f s of them", summary.model_ms / 1000);
  }
  std::puts(".");
  if (summary.cut_off > 0) {
    std::printf("%zu lines of a talk that was cut off were dropped and played again.\n",
                summary.cut_off);
  }
  return WriteEvalReport({arguments.out}, arguments.out, *knowledge, arguments.report);
}

}  // namespace

void AddEval(CLI::App& app, Run& run) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "eval", "Lets methods answer recorded dialogues and shows with numbers what each is worth");
  arguments->model.AddTo(*command);
  // Elsewhere "--data" names the prompts and schemes; here it is what everybody calls the data.
  command->remove_option(command->get_option("--data"));
  command->add_option("--data-files", arguments->model.data,
                      "A folder in place of the built-in prompts and phase schemes");
  command->add_option("--method", arguments->methods, "Methods, parted by commas; see 'methods'")
      ->delimiter(',')
      ->capture_default_str();
  command
      ->add_option("--data", arguments->data,
                   "'scenarios' (our own, labelled), or a file or folder of dialogues")
      ->capture_default_str();
  command
      ->add_option("--mode", arguments->mode,
                   "next: a reply wherever a counsellor spoke, given the recorded history; "
                   "session: whole talks with a simulated client; task: labels by likelihood, "
                   "no replies")
      ->check(CLI::IsMember({"next", "session", "task"}))
      ->capture_default_str();
  command
      ->add_option("--out", arguments->out,
                   "A folder for everything; a run that was stopped goes on there")
      ->required();
  command->add_option("--lang", arguments->languages, "Only dialogues in these: en, zh, ja")
      ->delimiter(',');
  command->add_option("--split", arguments->split, "Of the scenarios: held-out, tune or all")
      ->check(CLI::IsMember({"held-out", "tune", "all"}))
      ->capture_default_str();
  command->add_option("--limit", arguments->limit, "So many dialogues of each language");
  command
      ->add_option("--shard", arguments->shard,
                   "Only every n-th dialogue, as 2/4; 'report' puts shards together")
      ->capture_default_str();
  command->add_option("--parallel", arguments->parallel, "Talks at the same time")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->add_option("--turns", arguments->turns, "Client turns of a simulated talk")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command->add_option("--client-model", arguments->client_model,
                      "Who plays the client; default: the model itself");
  command
      ->add_option("--judge", arguments->judges,
                   "Models that score every reply by --rubric, parted by commas")
      ->delimiter(',');
  command->add_option("--rubric", arguments->rubrics, "What judges are asked, of data/rubrics/")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--scheme", arguments->session.scheme, "Phase scheme")->capture_default_str();
  command->add_option("--seed", arguments->session.seed, "Of every draw")->capture_default_str();
  command->add_option("--temperature", arguments->session.temperature, "Of replies")
      ->capture_default_str();
  command->add_option("--max-tokens", arguments->session.max_tokens, "Longest reply")
      ->capture_default_str();
  command->add_flag("--model-metrics", arguments->model_metrics,
                    "Also ask the model how likely it finds each reply, and how near the recorded "
                    "one (next turns)");
  arguments->session.AddExtrasTo(*command);
  command->add_flag("--no-safety", arguments->session.no_safety,
                    "Methods alone: the safety protocol answers no turn");
  arguments->report.AddTo(*command);
  command->footer(
      "Needs hours with a large model: watch the progress, stop it with Ctrl-C, and run "
      "the same command again to go on.\nSee docs/evaluation.md.");
  AddEvalChoice(*command, run);
  command->callback([arguments, command, &run] {
    if (!command->get_subcommands().empty()) return;
    arguments->command = TypedCommand();
    run = [arguments] { return Evaluate(*arguments); };
  });
}

}  // namespace emostage
