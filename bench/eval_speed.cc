// What evaluation itself costs: next-turn items through a scripted model that answers at once, with
// their journal and report. Usage: eval_speed [ITEMS]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "eval/report.h"
#include "eval/run_folder.h"
#include "eval/runner.h"
#include "model/scripted/scripted_model.h"

namespace {

double SecondsSince(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

}  // namespace

int main(int argc, char** argv) {
  using namespace emostage;  // NOLINT(google-build-using-namespace): a program of one file
  const size_t wanted = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10000;
  const auto folder = std::filesystem::temp_directory_path() / "emostage-eval-speed";
  std::filesystem::remove_all(folder);
  const auto knowledge = LoadKnowledge();
  DataSetFilter filter;
  filter.split = "all";
  const DataSet scenarios = ReadDataSet("scenarios", filter);
  // The same talks again under other names until there are enough places to answer.
  DataSet data = scenarios;
  data.dialogues.clear();
  size_t places = 0;
  for (size_t round = 0; places < wanted; ++round) {
    for (EvalDialogue dialogue : scenarios.dialogues) {
      if (places >= wanted) break;
      dialogue.id += "-" + std::to_string(round);
      places += AnswerableTurns(dialogue).size();
      data.dialogues.push_back(std::move(dialogue));
    }
  }
  const auto model = ScriptedModel::Create(
      {.text = [](const Ask&) { return "That sounds hard. What weighs most on you?"; }});
  RunManifest manifest;
  manifest.methods = {"direct"};
  PrepareRunFolder(folder, manifest, data);
  RunOptions options;
  options.methods = manifest.methods;
  options.session.knowledge = knowledge;
  options.session.leanings = OpenLeanings();
  options.texts = std::make_shared<const std::vector<EvalTexts>>(ReadEvalTexts());
  auto begun = std::chrono::steady_clock::now();
  const RunSummary summary = RunEval(model, data, folder, options);
  const double run = SecondsSince(begun);
  begun = std::chrono::steady_clock::now();
  const FinishedRun finished = ReadRun({folder});
  const OrderedJson report = BuildReport(finished, *knowledge, {});
  const double reported = SecondsSince(begun);
  std::printf(
      "%zu items, %zu talks: run %.1f s (%.2f ms an item; answers %.1f s of it), "
      "read and reported %.1f s\n",
      places, summary.units, run, 1000 * run / static_cast<double>(places), summary.model_ms / 1000,
      reported);
  std::filesystem::remove_all(folder);
  return report["metrics"].empty() ? 1 : 0;
}
