#include "eval/eval_texts.h"

#include <filesystem>
#include <optional>

#include "emostage/error.h"
#include "knowledge/embedded.h"
#include "knowledge/toml_reader.h"

namespace emostage {
namespace {

// Refuses a text without a placeholder that it needs.
std::string TextWith(const TomlTable& table, const char* key,
                     std::initializer_list<const char*> placeholders) {
  std::string text = table.Text(key);
  for (const char* name : placeholders) {
    if (text.find("{{" + std::string(name) + "}}") == std::string::npos) {
      table.FailAt(key, "'{{" + std::string(name) + "}}' is missing", "put it where it belongs");
    }
  }
  return text;
}

}  // namespace

std::vector<EvalTexts> ReadEvalTexts(const std::string& data) {
  const DataSource source = DataSource::Open(data.empty() ? std::optional<std::filesystem::path>()
                                                          : std::filesystem::path(data));
  std::vector<EvalTexts> all;
  for (const Language language : kAllLanguages) {
    const std::string stem = "texts." + std::string(LanguageCode(language));
    const std::string path = "evaluation/" + stem + ".toml";
    const TomlDocument document(source.DisplayName(path), stem, source.Read(path));
    const TomlTable root = document.root();
    root.AllowOnly({"version", "language", "source", "client", "strategy", "choice"});
    EvalTexts texts;
    texts.file = document.InfoWithoutId();
    if (root.Text("language") != LanguageCode(language)) {
      root.FailAt("language", "is not that of the file's name", "name the file after its language");
    }
    const TomlTable client = root.Table("client");
    client.AllowOnly({"system", "cue", "opening", "silence", "openness"});
    texts.client_system = TextWith(client, "system", {"persona", "hidden", "openness"});
    texts.client_cue = client.Text("cue");
    texts.client_opening = client.Text("opening");
    texts.client_silence = client.Text("silence");
    texts.openness = client.Texts("openness");
    if (texts.openness.size() != 5)
      client.FailAt("openness", "needs five texts", "from closed to open");
    const TomlTable strategy = root.Table("strategy");
    strategy.AllowOnly({"cue", "prefix"});
    texts.strategy_cue = TextWith(strategy, "cue", {"strategies"});
    texts.strategy_prefix = strategy.Text("prefix");
    const TomlTable choice = root.Table("choice");
    choice.AllowOnly({"system", "cue", "prefix", "emotion", "cause", "action", "response"});
    for (const char* part : {"emotion", "cause", "action", "response"}) {
      texts.choice_questions[part] = TextWith(choice, part, {"subject"});
    }
    texts.choice_system = choice.Text("system");
    texts.choice_cue = choice.Text("cue");
    texts.choice_prefix = choice.Text("prefix");
    all.push_back(std::move(texts));
  }
  return all;
}

}  // namespace emostage
