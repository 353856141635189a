// The engine's speed on one question: tokens read and written in a second, so that it can be held
// against llama.cpp's own benchmark of the same model (bench/overhead.sh).
//
//   engine_speed MODEL.gguf [PROMPT_TOKENS] [ANSWER_TOKENS] [ROUNDS] [THREADS]
//
// Prints one JSON object: the medians over the rounds.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "emostage/error.h"
#include "model/llama/llama_model.h"

namespace emostage {
namespace {

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

int Argument(int argc, char** argv, int index, int otherwise) {
  return argc > index ? std::atoi(argv[index]) : otherwise;
}

int Run(int argc, char** argv) {
  const int prompt_tokens = Argument(argc, argv, 2, 512);
  const int answer_tokens = Argument(argc, argv, 3, 128);
  const int rounds = Argument(argc, argv, 4, 5);
  LlamaOptions options;
  options.threads = Argument(argc, argv, 5, 0);
  options.context_tokens = std::max(1024, 2 * (prompt_tokens + answer_tokens));
  const std::shared_ptr<Model> model = LoadLlamaModel(argv[1], options);
  std::string text;
  while (model->CountTokens(text) < prompt_tokens - 24) text += " word";

  std::vector<double> reading;
  std::vector<double> writing;
  for (int round = 0; round <= rounds; ++round) {
    const std::unique_ptr<Context> context = model->Open();  // nothing read yet
    Ask ask;
    ask.messages = {{Speaker::kClient, text}};
    ask.sampling.max_tokens = ask.sampling.min_tokens = answer_tokens;
    const Usage usage = context->complete(ask).get().usage;
    if (round == 0) continue;  // warms up
    reading.push_back(usage.read_tokens() * 1000.0 / usage.first_ms);
    // The first token comes with the reading.
    writing.push_back((answer_tokens - 1) * 1000.0 / (usage.ms - usage.first_ms));
  }
  std::printf(
      "{\"prompt_tokens\": %d, \"answer_tokens\": %d, \"read_per_s\": %.2f, "
      "\"written_per_s\": %.2f}\n",
      prompt_tokens, answer_tokens, Median(reading), Median(writing));
  return 0;
}

}  // namespace
}  // namespace emostage

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: engine_speed MODEL [PROMPT] [ANSWER] [ROUNDS] [THREADS]\n");
    return 2;
  }
  try {
    return emostage::Run(argc, argv);
  } catch (const emostage::Error& e) {
    std::fprintf(stderr, "engine_speed: %s\n", e.what());
    return 1;
  }
}
