#ifndef EMOSTAGE_KNOWLEDGE_VOCABULARY_H_
#define EMOSTAGE_KNOWLEDGE_VOCABULARY_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "emostage/dialogue.h"
#include "knowledge/localized.h"

namespace emostage {

class TomlDocument;

enum class Valence { kNegative, kNeutral, kPositive };

struct Emotion {
  std::string id;  // the word of the wire, e.g. "sadness"
  Localized name;  // what the model reads and chooses
  Valence valence = Valence::kNeutral;
  std::vector<std::string> goemotions;  // GoEmotions labels it stands for; may be empty
};

// A kind of support. The definition is a fragment without a full stop.
struct Need {
  std::string id;
  Localized name;
  Localized definition;
};

// A counsellor's strategy. The definition is a fragment without a full stop.
struct Strategy {
  std::string id;
  Localized name;
  Localized definition;
  std::vector<std::string> esconv;  // labels as ESConv's files spell them, variants included
};

// The entries of one vocabulary file, in file order. Ids are unique; so are the names within each
// language.
template <typename Entry>
struct Vocabulary {
  DataFileInfo file;
  std::vector<Entry> entries;

  [[nodiscard]] auto begin() const { return entries.begin(); }
  [[nodiscard]] auto end() const { return entries.end(); }
  [[nodiscard]] std::size_t size() const { return entries.size(); }
  [[nodiscard]] const Entry& operator[](std::size_t i) const { return entries[i]; }

  // nullptr if there is none. The pointer lives as long as this vocabulary.
  [[nodiscard]] const Entry* Find(std::string_view id) const {
    for (const Entry& entry : entries) {
      if (entry.id == id) return &entry;
    }
    return nullptr;
  }
  // The same by exact name in one language, as a model answers.
  [[nodiscard]] const Entry* FindByName(std::string_view name, Language language) const {
    for (const Entry& entry : entries) {
      if (entry.name.in(language) == name) return &entry;
    }
    return nullptr;
  }
};

using Emotions = Vocabulary<Emotion>;
using Needs = Vocabulary<Need>;
using Strategies = Vocabulary<Strategy>;

// The strategy that stands for a label of ESConv's, spelt exactly; nullptr if there is none.
[[nodiscard]] const Strategy* FindByEsconvLabel(const Strategies& strategies,
                                                std::string_view label);

// Lists as a system prompt shows them: names on one line ("sadness, grief"; "悲伤、哀痛"), or one
// "- name: definition" a line, without a final newline.
[[nodiscard]] std::string NameList(const Emotions& emotions, Language language);
[[nodiscard]] std::string DefinitionList(const Needs& needs, Language language);
[[nodiscard]] std::string DefinitionList(const Strategies& strategies, Language language);

// Readers of the three files. Each throws Error(kKnowledge) with file and line.
[[nodiscard]] Emotions ReadEmotions(const TomlDocument& document);
[[nodiscard]] Needs ReadNeeds(const TomlDocument& document);
[[nodiscard]] Strategies ReadStrategies(const TomlDocument& document);

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_VOCABULARY_H_
