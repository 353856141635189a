#ifndef EMOSTAGE_KNOWLEDGE_TRANSITION_DATA_H_
#define EMOSTAGE_KNOWLEDGE_TRANSITION_DATA_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/localized.h"

namespace emostage {

class TomlDocument;

// Valence, arousal and dominance, each from -1 to 1: how pleasant a feeling is, how excited, and
// how much in charge.
struct Vad {
  double valence = 0;
  double arousal = 0;
  double dominance = 0;
};

// data/transition.toml: what a listener's own feeling is worked out from.
struct TransitionData {
  struct Emotion {
    std::string id;
    Localized name;
    Vad point;
  };
  struct Personality {
    std::string id;
    Vad weight;  // how far each side of a feeling follows what was provoked
  };

  DataFileInfo file;
  double pull = 0;  // in (0, 1]: the part of the way that one turn may go
  Localized cue;
  Localized prefix;
  Localized line;                 // with {{emotion}}
  std::vector<Emotion> emotions;  // ids and names are unique; exactly one lies at the origin
  std::vector<Personality> personalities;

  // The emotion whose point is nearest.
  [[nodiscard]] const Emotion& Nearest(const Vad& point) const;
  // Throws Error(kUsage), listing the ids there are.
  [[nodiscard]] const Personality& personality(std::string_view id) const;
};

// Throws Error(kKnowledge) with file and line.
[[nodiscard]] TransitionData ReadTransition(const TomlDocument& document);

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_TRANSITION_DATA_H_
