#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/draw.h"
#include "emostage/error.h"
#include "model/openai/openai_model.h"

namespace emostage {
namespace {

constexpr std::size_t kColumns = 19;

void Line(const std::string& name, const std::string& value) {
  std::printf("  %s %s\n", Padded(name, kColumns).c_str(), value.c_str());
}

std::string Milliseconds(double ms) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0f ms", ms);
  return text;
}

// From the asking to the end of an answer of one token.
double RoundTrip(Model& model) {
  Ask ask;
  ask.messages = {{Speaker::kClient, "Say yes."}};
  ask.sampling.max_tokens = 1;
  const auto start = std::chrono::steady_clock::now();
  (void)model.Open()->complete(std::move(ask)).get();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

void DrawServer(Model& model) {
  const OpenAiReport report = ReportOpenAi(model);
  DrawHeading("Model server");
  for (const OpenAiReport::Address& address : report.addresses) {
    std::string state = address.healthy ? "well, " + Milliseconds(address.round_trip_ms)
                                        : "ill: " + address.problem;
    if (!address.encrypted) state += "  (not encrypted)";
    Line(address.url, state);
  }
  Line("server", report.server);
  Line("model", report.model.empty() ? "(the server's own)" : report.model);
  Line("context", std::to_string(report.context_tokens) + " tokens" +
                      (report.context_known ? "" : ", a guess: give it with --context"));
  for (const auto& [name, how] : report.abilities) Line(name, how);
}

void DrawLocal(const Model& model) {
  const ModelInfo& info = model.info();
  const auto yes = [](bool can) { return std::string(can ? "yes" : "no"); };
  DrawHeading("Model on this machine");
  Line("model", info.name);
  Line("architecture", info.architecture);
  Line("context", std::to_string(info.context_tokens) + " tokens");
  Line("log-probabilities", info.capabilities.log_probabilities ? "of any token, exact" : "no");
  Line("score", yes(info.capabilities.log_probabilities));
  Line("schema", yes(info.capabilities.schema));
  Line("prefill", "yes");
  Line("embeddings", yes(info.capabilities.embeddings));
}

int Check(const ModelArguments& arguments) {
  const std::shared_ptr<Model> model = arguments.Load();
  if (IsOpenAiName(arguments.model)) {
    DrawServer(*model);
  } else {
    DrawLocal(*model);
  }
  Line("answer of one token", Milliseconds(RoundTrip(*model)));
  return 0;
}

}  // namespace

void AddModelsCheck(CLI::App& models, Run& run) {
  auto arguments = std::make_shared<ModelArguments>();
  CLI::App* check = models.add_subcommand(
      "check", "Asks a model or a model server what it can do; needs it to be there");
  arguments->AddTo(*check);
  check->callback([arguments, &run] { run = [arguments] { return Check(*arguments); }; });
}

}  // namespace emostage
