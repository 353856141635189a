#ifndef EMOSTAGE_KNOWLEDGE_PHASE_SCHEME_H_
#define EMOSTAGE_KNOWLEDGE_PHASE_SCHEME_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emostage/dialogue.h"
#include "knowledge/localized.h"

namespace emostage {

class TomlDocument;

// One phase of a talk. Every text but the name is a fragment on one line without a full stop: the
// prompts put it into sentences.
struct Phase {
  std::string id;  // the word of the wire, e.g. "problem-solving"
  Localized name;  // what the model reads and chooses
  Localized definition;
  Localized aims;
  Localized actions;  // the file's key is `do`
  Localized too_early;
  std::string five_phase;  // the phase of the scheme "five-phase" it comes closest to
};

// Phases with a Markov prior over them. At least two phases; ids are unique, and names within each
// language.
struct PhaseScheme {
  DataFileInfo file;  // file.id is the scheme's name, e.g. "five-phase"
  Localized title;
  std::vector<Phase> phases;
  std::vector<double> initial;                  // sums to 1; the order of `phases`
  std::vector<std::vector<double>> transition;  // [from][to]; each row sums to 1

  [[nodiscard]] std::optional<std::size_t> IndexOf(std::string_view phase_id) const;
};

// "- name: definition", one phase a line, as a system prompt shows them; no final newline.
[[nodiscard]] std::string DefinitionList(const PhaseScheme& scheme, Language language);
// The same with "- name: aims | what to do | what would be too early".
[[nodiscard]] std::string GuideList(const PhaseScheme& scheme, Language language);

// Throws Error(kKnowledge) with file and line. `five_phase` is the scheme that each phase's
// `five_phase` must name a phase of; nullptr while reading that scheme itself.
[[nodiscard]] PhaseScheme ReadPhaseScheme(const TomlDocument& document,
                                          const PhaseScheme* five_phase);

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_PHASE_SCHEME_H_
