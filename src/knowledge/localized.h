#ifndef EMOSTAGE_KNOWLEDGE_LOCALIZED_H_
#define EMOSTAGE_KNOWLEDGE_LOCALIZED_H_

#include <string>

#include "emostage/dialogue.h"

namespace emostage {

inline constexpr Language kAllLanguages[] = {Language::kEnglish, Language::kChinese,
                                             Language::kJapanese};

// One text in every language EmoStage serves. None is empty once loaded.
struct Localized {
  std::string en;
  std::string zh;
  std::string ja;

  [[nodiscard]] const std::string& in(Language language) const noexcept {
    switch (language) {
      case Language::kChinese:
        return zh;
      case Language::kJapanese:
        return ja;
      case Language::kEnglish:
        break;
    }
    return en;
  }
};

// Adds "- name: definition" to a list of such lines ("- name：definition" in Chinese and Japanese).
void AppendDefinition(std::string& list, const Localized& name, const Localized& definition,
                      Language language);

// Which data file something came from; a trace names these.
struct DataFileInfo {
  std::string path;  // as an error names it: "data/emotions.toml", or under the override folder
  std::string id;
  int version = 0;
  std::string source;  // where the content comes from, in words
};

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_LOCALIZED_H_
