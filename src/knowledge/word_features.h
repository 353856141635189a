#ifndef EMOSTAGE_KNOWLEDGE_WORD_FEATURES_H_
#define EMOSTAGE_KNOWLEDGE_WORD_FEATURES_H_

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "emostage/dialogue.h"

namespace emostage {

// What WordWeights weighs: short runs of the units that patterns read (text_units.h), so that what
// is undone there (k1ll, letters spelt out, full width) is undone here. A feature is a text:
//   w:want to die   up to three words in a row; in Chinese and Japanese up to four characters
//   c:_suici        English only: three to five letters of a word, `_` where it begins and ends
// None crosses the end of a sentence, and none tells a text's length, its punctuation, or how it
// begins: a classifier must not learn who wrote the examples.

using Units = std::span<const std::string>;
// Gets each feature, as often as it occurs. The view is overwritten by the next.
using FeatureSink = std::function<void(std::string_view)>;

// Parts a text's units into its sentences; views into `units`, none empty.
[[nodiscard]] std::vector<Units> SentencesOf(const std::vector<std::string>& units);

void ForEachFeature(Language language, Units sentence, const FeatureSink& sink);

// Which sentences [begin, end) are read together: all of them first, then each, and each two in a
// row, since one sentence must not drown in a long story.
[[nodiscard]] std::vector<std::pair<size_t, size_t>> ReadingWindows(size_t sentences);

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_WORD_FEATURES_H_
