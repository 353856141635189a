#ifndef EMOSTAGE_KNOWLEDGE_PROMPTS_H_
#define EMOSTAGE_KNOWLEDGE_PROMPTS_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "emostage/dialogue.h"
#include "knowledge/localized.h"

namespace emostage {

class TomlDocument;

using TextMap = std::map<std::string, std::string, std::less<>>;

// What one method says to the model in one language. Placeholders are `{{name}}`; which may stand
// where is checked at load (see data/README.md).
struct PromptFile {
  DataFileInfo file;
  std::string method;
  Language language = Language::kEnglish;
  std::string system;
  TextMap cues;      // one line each, beginning with "["
  TextMap prefixes;  // how the model's answer begins; may be empty
  TextMap words;     // small fixed words: opening, fold, cut, list_gap, label_gap, a method's own
  std::map<std::string, std::vector<std::string>, std::less<>> lists;  // sentences; mostly none
  std::vector<std::string> stop;  // a reply ends before any of these

  // The text of that name. Throws Error(kKnowledge), naming this file, if there is none; for the
  // names a shipped method needs, Load has already checked.
  [[nodiscard]] const std::string& Cue(std::string_view name) const;
  [[nodiscard]] const std::string& Prefix(std::string_view name) const;
  [[nodiscard]] const std::string& Word(std::string_view name) const;
  // Never empty. Throws in the same way.
  [[nodiscard]] const std::vector<std::string>& List(std::string_view name) const;
};

// Replaces each {{name}} in `text` by its value. Values are inserted as they are: a placeholder
// inside a value is never expanded. Throws Error(kInternal) if a value is missing or a "{{" is not
// closed; values that `text` does not use are ignored.
[[nodiscard]] std::string Fill(std::string_view text, const TextMap& values);

// Throws Error(kKnowledge) with file and line.
[[nodiscard]] PromptFile ReadPromptFile(const TomlDocument& document);
// That two languages of one method have the same keys and placeholders. Throws Error(kKnowledge),
// naming `file`.
void CheckSamePromptShape(const PromptFile& file, const PromptFile& reference);

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_PROMPTS_H_
