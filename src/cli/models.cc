#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <stop_token>
#include <string>

#include "cli/command.h"
#include "cli/draw.h"
#include "cli/interrupt.h"
#include "emostage/error.h"
#include "knowledge/embedded.h"
#include "model/store/catalogue.h"
#include "model/store/fetch.h"
#include "model/store/paths.h"
#include "model/store/pull.h"

namespace emostage {
namespace {

ModelCatalogue Catalogue() {
  const DataSource data = DataSource::Open();
  return ModelCatalogue::Parse(data.Read("models.toml"), data.DisplayName("models.toml"));
}

std::string Megabytes(uint64_t bytes) { return std::to_string(bytes / 1'000'000) + " MB"; }

PullProgress DrawnProgress(const std::string& name) {
  if (isatty(STDERR_FILENO) == 0) return {};
  return [name, last = std::chrono::steady_clock::time_point()](uint64_t done,
                                                                uint64_t total) mutable {
    const auto now = std::chrono::steady_clock::now();
    if (now - last < std::chrono::milliseconds(100) && done != total) return;
    last = now;
    constexpr int kColumns = 30;
    const double share = total == 0 ? 0 : static_cast<double>(done) / static_cast<double>(total);
    std::fprintf(stderr, "\r%s  %s %3.0f %%  %s / %s\x1b[K", name.c_str(),
                 Padded(Bar(share, kColumns), kColumns).c_str(), share * 100,
                 Megabytes(done).c_str(), total == 0 ? "?" : Megabytes(total).c_str());
  };
}

int List() {
  const ModelCatalogue catalogue = Catalogue();
  const std::vector<InstalledModel> installed = InstalledModels(catalogue);
  DrawHeading("On this machine (" + ModelsFolder().string() + ")");
  for (const InstalledModel& model : installed) {
    std::printf("  %s %9s  %s\n", Padded(model.name, 28).c_str(), Megabytes(model.bytes).c_str(),
                model.verified ? "checksum verified" : "checksum not verified");
  }
  if (installed.empty())
    std::printf("  none; 'emostage models pull smollm2-135m' gets the starter\n");
  DrawHeading("Catalogue ('emostage models pull NAME')");
  for (const ModelEntry& entry : catalogue.entries()) {
    std::string languages;
    for (const std::string& code : entry.languages) {
      languages += (languages.empty() ? "" : " ") + code;
    }
    std::printf("  %s %s %s %s%s\n", Padded(entry.name, 28).c_str(),
                Padded(entry.parameters, 6).c_str(), Padded(languages, 9).c_str(),
                Padded(entry.licence, 12).c_str(),
                entry.HasSource() ? "" : "  (no confirmed address: add --url)");
  }
  return 0;
}

struct PullArguments {
  std::string name;
  std::string url;
  std::string sha256;
  bool force = false;
};

// A model that the catalogue does not know, under a name of the user's own.
PullResult PullAs(const PullArguments& arguments, const std::stop_token& stop) {
  std::string file = arguments.name;
  if (file.empty() || file.front() == '.' || file.find('/') != std::string::npos) {
    throw Error(ErrorCode::kUsage, "'" + file + "' is no name for a model",
                "give one without '/' and without a dot at its start");
  }
  if (!file.ends_with(".gguf")) file += ".gguf";
  PullRequest request;
  request.url = arguments.url;
  request.destination = ModelsFolder() / file;
  if (!arguments.sha256.empty()) request.sha256 = arguments.sha256;
  request.progress = DrawnProgress(file);
  request.stop = stop;
  request.force = arguments.force;
  return PullModel(request);
}

int Pull(const PullArguments& arguments) {
  const ModelCatalogue catalogue = Catalogue();
  const ModelEntry* entry = catalogue.Find(arguments.name);
  const Interrupt interrupt;
  PullResult result;
  if (entry == nullptr && !arguments.url.empty()) {
    result = PullAs(arguments, interrupt.token());
  } else {
    const ModelEntry& known = catalogue.Get(arguments.name);
    FetchOptions options;
    if (!arguments.url.empty()) options.url = arguments.url;
    if (!arguments.sha256.empty()) options.sha256 = arguments.sha256;
    options.progress = DrawnProgress(known.name);
    options.stop = interrupt.token();
    options.force = arguments.force;
    result = FetchModel(known, options);
  }
  if (isatty(STDERR_FILENO) != 0 && !result.already_present) std::fprintf(stderr, "\n");
  std::printf("%s%s\n", result.path.c_str(), result.already_present ? " (was here already)" : "");
  std::printf("%s, sha256 %s, %s\n", Megabytes(result.bytes).c_str(), result.sha256.c_str(),
              result.verified ? "as expected" : "not compared: no expected value is known");
  return 0;
}

}  // namespace

void AddModels(CLI::App& app, Run& run) {
  CLI::App* models = app.add_subcommand("models", "Models: list, get, find, check");
  models->require_subcommand(1);
  CLI::App* list = models->add_subcommand("list", "What is here, and what the catalogue knows");
  list->callback([&run] { run = List; });

  auto pull = std::make_shared<PullArguments>();
  CLI::App* pulling =
      models->add_subcommand("pull", "Gets a model; run it again to go on after an interruption");
  pulling->add_option("NAME", pull->name, "A name of the catalogue, or one of your own with --url")
      ->required();
  pulling->add_option("--url", pull->url, "Another address than the catalogue's");
  pulling->add_option("--sha256", pull->sha256, "What the file's sha256 must be");
  pulling->add_flag("--force", pull->force, "Get it again even if it is here");
  pulling->callback([pull, &run] { run = [pull] { return Pull(*pull); }; });

  auto name = std::make_shared<std::string>();
  CLI::App* path = models->add_subcommand("path", "Prints where a model's file is");
  path->add_option("NAME", *name, "A name that 'models list' shows")->required();
  path->callback([name, &run] {
    run = [name] {
      std::printf("%s\n", ResolveModel(*name, Catalogue()).c_str());
      return 0;
    };
  });

  AddModelsCheck(*models, run);
}

}  // namespace emostage
