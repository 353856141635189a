#ifndef EMOSTAGE_KNOWLEDGE_STIMULI_H_
#define EMOSTAGE_KNOWLEDGE_STIMULI_H_

#include <string>
#include <string_view>
#include <vector>

#include "knowledge/localized.h"

namespace emostage {

class TomlDocument;

// A short line that may stand at the end of the questions a method asks itself.
struct Stimulus {
  std::string id;
  Localized text;
};

// data/stimuli.toml, in file order. Ids are unique; so are the texts within each language.
struct Stimuli {
  DataFileInfo file;
  std::vector<Stimulus> entries;

  // Throws Error(kUsage), listing the ids there are.
  [[nodiscard]] const Stimulus& Get(std::string_view id) const;
};

// Throws Error(kKnowledge) with file and line.
[[nodiscard]] Stimuli ReadStimuli(const TomlDocument& document);

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_STIMULI_H_
