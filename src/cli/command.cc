#include "cli/command.h"

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "emostage/dialogue.h"
#include "emostage/error.h"
#include "knowledge/embedded.h"
#include "knowledge/knowledge.h"
#include "method/registry.h"
#include "model/llama/llama_model.h"
#include "model/openai/openai_model.h"
#include "model/store/catalogue.h"
#include "model/store/paths.h"

namespace emostage {
namespace {

constexpr std::string_view kStarter = "smollm2-135m";
// CLI11 takes "-1" and what is too large for some number of its own, and "nan" for within a range.
std::string WholeNumber(const std::string& text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return "";
  return "Value " + text + " is not a whole number from 0 to 18446744073709551615";
}
std::string Finite(const std::string& text) {
  return std::isfinite(std::strtod(text.c_str(), nullptr)) ? "" : "Value " + text + " is no number";
}

// "JP" where the locale is ja_JP.UTF-8; empty where it names no country.
std::string LocaleCountry() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == 0) continue;
    const std::string_view locale(value);
    return locale.size() >= 5 && locale[2] == '_' ? std::string(locale.substr(3, 2)) : "";
  }
  return "";
}

constexpr uint64_t kLongestTemplate = 1 << 20;

// Draws only when loading takes long enough for a person to wonder.
std::function<void(float)> LoadProgress(const std::string& name) {
  if (isatty(STDERR_FILENO) == 0) return {};
  const auto start = std::chrono::steady_clock::now();
  return [name, start, drawn = false](float done) mutable {
    if (!drawn && std::chrono::steady_clock::now() - start < std::chrono::milliseconds(700)) return;
    drawn = true;
    std::fprintf(stderr, "\rloading %s %3.0f %%", name.c_str(), static_cast<double>(done) * 100);
    if (done >= 1) std::fprintf(stderr, "\r\x1b[K");
  };
}

}  // namespace

void ModelArguments::AddTo(CLI::App& command) {
  command
      .add_option("--model", model,
                  "A GGUF file, a name that 'models list' shows, or a model server: "
                  "openai:http://HOST:PORT#MODEL")
      ->envname("EMOSTAGE_MODEL")
      ->type_name("FILE|NAME|SERVER");
  command
      .add_option("--context", context, "Tokens the model can see at once (default: up to 8192)")
      ->check(CLI::Range(256, 1 << 20));
  command
      .add_option("--cache", cache_mib,
                  "MiB for what was read of all talks; the longest unused are read again "
                  "(default: 1024)")
      ->check(CLI::Range(1, 1 << 24));
  command.add_option("--threads", threads, "Threads to compute with (default: one a processor)")
      ->check(CLI::Range(1, 1024));
  command.add_option("--gpu-layers", gpu_layers, "Layers to put on a GPU, where one is built in");
  command.add_option("--chat-template", chat_template,
                     "'chatml' or a Jinja file, for a model that carries none");
  command.add_option("--data", data, "A folder in place of the built-in prompts and phase schemes")
      ->envname("EMOSTAGE_DATA");
}

std::shared_ptr<Model> ModelArguments::Load() const {
  const std::string wanted = model.empty() ? std::string(kStarter) : model;
  if (IsOpenAiName(wanted)) {
    OpenAiOptions options = ParseOpenAiName(wanted);
    options.context_tokens = context;
    return ConnectOpenAi(options);
  }
  const DataSource source =
      data.empty() ? DataSource::Open() : DataSource::Open(std::filesystem::path(data));
  const ModelCatalogue catalogue =
      ModelCatalogue::Parse(source.Read("models.toml"), source.DisplayName("models.toml"));
  LlamaOptions options;
  const std::string path = ResolveModel(wanted, catalogue).string();
  const ModelEntry* entry = catalogue.Find(wanted);
  if (entry != nullptr) options.name = entry->name;
  options.context_tokens = context;
  options.cache_bytes = static_cast<uint64_t>(cache_mib) << 20;
  options.sessions = sessions;
  options.threads = threads == 0 && steady ? UsableProcessors() : threads;
  options.gpu_layers = gpu_layers;
  options.share = share;
  options.chat_template = chat_template.empty() || chat_template == "chatml"
                              ? chat_template
                              : ReadFile(chat_template, kLongestTemplate);
  if (stay) options.rest = std::chrono::hours(24);
  options.root_folder = (CacheRoot() / "prompts").string();
  if (!quiet) options.progress = LoadProgress(wanted);
  return LoadLlamaModel(path, options);
}

void SessionArguments::AddTo(CLI::App& command) {
  command.add_option("--method", method, "How to answer; see 'methods'")->capture_default_str();
  command.add_option("--scheme", scheme, "Phases to tell apart; see 'methods'")
      ->capture_default_str();
  command.add_option("--lang", language, "auto, en, zh or ja")->capture_default_str();
  command.add_option("--seed", seed, "The same seed gives the same reply on the same machine")
      ->check(CLI::Validator(WholeNumber, ""))
      ->capture_default_str();
  command.add_option("--temperature", temperature, "0 takes the likeliest words")
      ->check(CLI::Validator(Finite, ""))
      ->check(CLI::Range(0.0, 5.0))
      ->capture_default_str();
  command
      .add_option("--country", country,
                  "Where clients are, two letters, for numbers to call in danger (default: the "
                  "locale's; else they are asked)")
      ->envname("EMOSTAGE_COUNTRY");
  command.add_flag("--no-safety", no_safety,
                   "Without the safety layer: to measure a method, never for people");
  command.add_option("--max-tokens", max_tokens, "Longest reply")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  AddExtrasTo(command);
}

void SessionArguments::AddExtrasTo(CLI::App& command) {
  command.add_option("--stimulus", stimulus,
                     "A line that ends the questions a method asks itself; see 'methods'");
  command.add_option("--transition", transition,
                     "The counsellor has a feeling of its own, by personality; see 'methods'");
}

void PastArguments::AddTo(CLI::App& command) {
  command
      .add_option("--past", files,
                  "An earlier dialogue of the same client, for methods that recall what was told "
                  "before; repeatable, the oldest first")
      ->allow_extra_args(false)
      ->type_name("FILE");
}

AskPast PastArguments::Read() const {
  if (files.empty()) return {};
  constexpr uint64_t kLongestDialogue = 64 << 20;
  std::vector<PastTurn> past;
  for (const std::string& file : files) {
    for (const Turn& turn : ParseDialogue(ReadFile(file, kLongestDialogue)).turns) {
      if (turn.role == Role::kClient) past.push_back({.text = turn.text, .at_ms = 0});
    }
  }
  return [past = std::move(past)] { return past; };
}

SessionOptions SessionArguments::Options(const std::shared_ptr<const Knowledge>& knowledge) const {
  SessionOptions options;
  options.knowledge = knowledge;
  options.leanings = OpenLeanings((CacheRoot() / "leanings").string());
  options.method = FindMethod(method).name();
  options.scheme = knowledge->scheme(scheme).file.id;
  if (language != "auto") {
    options.language = LanguageFromCode(language);
    if (!options.language) {
      throw Error(ErrorCode::kUsage, "there is no language '" + language + "'",
                  "choose one of: auto, en, zh, ja");
    }
  }
  if (!stimulus.empty()) options.stimulus = knowledge->stimuli().Get(stimulus).id;
  if (!transition.empty()) options.transition = knowledge->transition().personality(transition).id;
  options.safety.enabled = !no_safety;
  options.safety.country = country.empty() ? LocaleCountry() : country;
  if (!country.empty() && knowledge->safety().helplines.Find(country) == nullptr) {
    throw Error(ErrorCode::kUsage, "no confirmed numbers for '" + country + "' are known here",
                "'safety helplines' lists the countries; without --country clients are asked");
  }
  options.sampling.temperature = temperature;
  options.sampling.max_tokens = max_tokens;
  options.sampling.seed = seed;
  return options;
}

}  // namespace emostage
