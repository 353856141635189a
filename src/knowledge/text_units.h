#ifndef EMOSTAGE_KNOWLEDGE_TEXT_UNITS_H_
#define EMOSTAGE_KNOWLEDGE_TEXT_UNITS_H_

#include <string>
#include <string_view>
#include <vector>

namespace emostage {

// Stands between two sentences in a list of units. No text has it.
inline constexpr std::string_view kSentenceEnd = "\x01";

// A text as patterns read it: words in scripts that part them, single characters in Chinese and
// Japanese, kSentenceEnd between sentences. What people change to hide a word, or change without
// meaning to, is undone: width and case of letters, invisible characters, curly apostrophes,
// look-alikes inside a word (k1ll), letters spelt out one by one (k i l l), letters repeated three
// times and more (diiie). Blanks and punctuation inside a sentence vanish. Accepts any bytes.
[[nodiscard]] std::vector<std::string> ReadUnits(std::string_view text);

// The same for a phrase of a pattern file, where nothing is hidden: `*` at the end of a word stays.
[[nodiscard]] std::vector<std::string> ReadPhrase(std::string_view phrase);

// Whether a unit is one Chinese or Japanese character.
[[nodiscard]] bool IsCjkUnit(std::string_view unit);

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_TEXT_UNITS_H_
