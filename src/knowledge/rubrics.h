#ifndef EMOSTAGE_KNOWLEDGE_RUBRICS_H_
#define EMOSTAGE_KNOWLEDGE_RUBRICS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/localized.h"

namespace emostage {

class TomlDocument;

// What a rubric looks at.
enum class RubricScope {
  kReply,    // one reply, in the light of the talk before it
  kSession,  // the listener in a whole talk
};
[[nodiscard]] std::string_view RubricScopeName(RubricScope scope);  // "reply", "session"

// One thing to be judged on a scale of whole numbers, each with what it stands for. Scores are one
// digit: a judge is asked for them by likelihood, and people tick them.
struct RubricDimension {
  std::string id;
  Localized name;
  Localized question;
  int lowest = 0;
  std::vector<Localized> anchors;  // of each score from the lowest on; at least two

  [[nodiscard]] int highest() const { return lowest + static_cast<int>(anchors.size()) - 1; }
  // "0: neither …" a line, the lowest first, without a final newline.
  [[nodiscard]] std::string AnchorList(Language language) const;
};

// A file of data/rubrics/. All words are our reading of the works its `source` names.
struct Rubric {
  DataFileInfo file;
  Localized title;
  RubricScope scope = RubricScope::kReply;
  std::vector<RubricDimension> dimensions;

  // nullptr if there is none. The pointer lives as long as this rubric.
  [[nodiscard]] const RubricDimension* Find(std::string_view dimension) const;
};

// Throws Error(kKnowledge) with file and line.
[[nodiscard]] Rubric ReadRubric(const TomlDocument& document);

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_RUBRICS_H_
