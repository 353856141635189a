#include "knowledge/stimuli.h"

#include <utility>

#include "emostage/error.h"
#include "knowledge/toml_reader.h"

namespace emostage {

const Stimulus& Stimuli::Get(std::string_view id) const {
  std::string known;
  for (const Stimulus& stimulus : entries) {
    if (stimulus.id == id) return stimulus;
    known += (known.empty() ? "" : ", ") + stimulus.id;
  }
  throw Error(ErrorCode::kUsage, "there is no stimulus '" + std::string(id) + "'",
              "the stimuli are " + known);
}

Stimuli ReadStimuli(const TomlDocument& document) {
  Stimuli stimuli;
  stimuli.file = document.Info();
  document.root().AllowOnly({"id", "version", "source", "stimulus"});
  for (const TomlTable& entry : document.root().Tables("stimulus")) {
    Stimulus stimulus;
    stimulus.id = entry.Id("id");
    const TomlTable table = entry.Named("stimulus '" + stimulus.id + "'");
    table.AllowOnly({"id", "text"});
    stimulus.text = table.Translated("text");
    for (const Stimulus& other : stimuli.entries) {
      if (other.id == stimulus.id) {
        table.FailAt("id", "the id '" + stimulus.id + "' is used twice");
      }
      for (const Language language : kAllLanguages) {
        if (other.text.in(language) == stimulus.text.in(language)) {
          table.FailAt("text", "the text is that of '" + other.id + "'");
        }
      }
    }
    stimuli.entries.push_back(std::move(stimulus));
  }
  return stimuli;
}

}  // namespace emostage
