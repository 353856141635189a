#include "knowledge/localized.h"

namespace emostage {

void AppendDefinition(std::string& list, const Localized& name, const Localized& definition,
                      Language language) {
  if (!list.empty()) list += '\n';
  list += "- " + name.in(language) + (language == Language::kEnglish ? ": " : "：") +
          definition.in(language);
}

}  // namespace emostage
