#include <cstdio>
#include <iomanip>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/draw.h"
#include "knowledge/knowledge.h"
#include "method/registry.h"

namespace emostage {
namespace {

struct Arguments {
  std::string name;  // empty: all of them
  std::string language = "en";
  std::string data;
};

using Rows = std::vector<std::pair<std::string, std::string>>;

std::string Calls(const Method& method) {
  return std::to_string(method.calls()) + (method.calls() == 1 ? " model call" : " model calls") +
         " a turn";
}

std::string Wants(const Method& method) {
  std::string wants;
  const auto add = [&wants](bool wanted, const char* what) {
    if (wanted) wants += (wants.empty() ? "" : ", ") + std::string(what);
  };
  add(method.needs().log_probabilities, "log-probabilities");
  add(method.needs().store, "the store");
  add(method.needs().embeddings, "embeddings");
  return wants.empty() ? "any model" : wants;
}

void DrawAll(const Knowledge& knowledge) {
  DrawHeading("Methods (--method)");
  Rows rows;
  for (const Method* method : AllMethods()) {
    rows.emplace_back(method->name(), std::string(method->summary()) + "\n" + Calls(*method) +
                                          "; needs " + Wants(*method) +
                                          "; source: " + std::string(method->source()));
  }
  DrawList(rows);
  DrawHeading("Phase schemes (--scheme)");
  DrawList(SchemeList(knowledge));
  DrawHeading("Stimuli (--stimulus)");
  rows.clear();
  for (const Stimulus& stimulus : knowledge.stimuli().entries) {
    rows.emplace_back(stimulus.id, stimulus.text.en);
  }
  DrawList(rows);
  DrawHeading("Personalities (--transition)");
  rows.clear();
  for (const TransitionData::Personality& one : knowledge.transition().personalities) {
    std::ostringstream line;
    line << std::fixed << std::setprecision(2) << "follows what a turn provokes with weights "
         << one.weight.valence << " (valence), " << one.weight.arousal << " (arousal), "
         << one.weight.dominance << " (dominance)";
    rows.emplace_back(one.id, line.str());
  }
  DrawList(rows);
}

void DrawTexts(const std::string& title, const TextMap& texts) {
  DrawHeading(title);
  Rows rows;
  for (const auto& [name, text] : texts) {
    if (!text.empty()) rows.emplace_back(name, text);
  }
  DrawList(rows);
}

void DrawPage(const Method& method, const PromptFile& prompts) {
  DrawHeading(std::string(method.name()));
  std::string steps;
  for (const std::string_view step : method.steps()) {
    steps += (steps.empty() ? "" : ", ") + std::string(step);
  }
  Rows rows = {{"what", std::string(method.summary())},
               {"source", std::string(method.source())},
               {"cost", Calls(method)},
               {"needs", Wants(method)}};
  if (!steps.empty()) rows.emplace_back("steps", steps);
  rows.emplace_back("prompts",
                    prompts.file.path + ", version " + std::to_string(prompts.file.version));
  DrawList(rows);
  DrawTexts("Cues", prompts.cues);
  DrawTexts("How answers begin", prompts.prefixes);
}

}  // namespace

void AddMethods(CLI::App& app, Run& run) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("methods", "Lists the methods and the phase schemes, or shows one method");
  command->add_option("NAME", arguments->name, "A method: its steps, source, needs and cues");
  command->add_option("--lang", arguments->language, "of the cues: en, zh or ja")
      ->check(CLI::IsMember({"en", "zh", "ja"}))
      ->capture_default_str();
  command->add_option("--data", arguments->data, "A folder in place of the built-in data files")
      ->envname("EMOSTAGE_DATA");
  command->callback([arguments, &run] {
    run = [arguments] {
      const auto knowledge = LoadKnowledge(arguments->data);
      if (arguments->name.empty()) {
        DrawAll(*knowledge);
      } else {
        const Method& method = FindMethod(arguments->name);
        const auto language = LanguageFromCode(arguments->language);
        DrawPage(method, knowledge->prompts(method.prompts(), language.value()));
      }
      return 0;
    };
  });
}

}  // namespace emostage
