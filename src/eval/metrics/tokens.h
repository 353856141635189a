#ifndef EMOSTAGE_EVAL_METRICS_TOKENS_H_
#define EMOSTAGE_EVAL_METRICS_TOKENS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

// What texts are cut into before they are compared or counted. Pure functions, safe from any
// thread; any bytes are accepted (base/text.h).
namespace emostage {

// The tokens that BLEU counts, as sacreBLEU 2 names and makes them, so that figures can be compared
// with published ones. Case is kept.
enum class MetricTokens {
  k13a,   // "13a", for English: words, punctuation apart
  kZh,    // "zh", for Chinese: each Chinese character, the rest as in "13a"
  kChar,  // "char": each character but white space. Use it for Japanese: sacreBLEU's own way there
          // needs MeCab and its dictionary, whose version moves the figures.
};
[[nodiscard]] std::vector<std::u32string> Tokenize(std::string_view text, MetricTokens tokens);

// What diversity, repetition, length and ROUGE count. Punctuation, emoji and white space are
// neither; letters are in lower case.
enum class TextUnits {
  kWords,       // runs of letters and digits; an apostrophe or hyphen within joins: "don't"
  kCharacters,  // each letter or digit: for Chinese and Japanese, which do not part words
};
[[nodiscard]] std::vector<std::u32string> Units(std::string_view text, TextUnits units);

// The two above without a copy of each piece, and with one room to work in for many texts. Pieces
// hold until the next call. Not for several threads at once.
class TextCutter {
 public:
  TextCutter() = default;
  TextCutter(const TextCutter&) = delete;  // its pieces lie in it
  TextCutter& operator=(const TextCutter&) = delete;

  using Pieces = std::span<const std::u32string_view>;
  [[nodiscard]] Pieces Tokens(std::string_view text, MetricTokens tokens);
  [[nodiscard]] Pieces Units(std::string_view text, TextUnits units);
  // Words as the package rouge-score 0.1 makes them without its stemmer: only a-z and 0-9 are part
  // of one, in lower case.
  [[nodiscard]] Pieces RougeWords(std::string_view text);

 private:
  std::u32string text_;
  std::u32string spare_;
  std::vector<std::u32string_view> pieces_;
};

// Numbers for pieces of text: the same for the same piece.
class TokenNumbers {
 public:
  [[nodiscard]] std::vector<std::uint32_t> Numbers(TextCutter::Pieces pieces);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::u32string_view piece) const {
      return std::hash<std::u32string_view>()(piece);
    }
  };
  std::unordered_map<std::u32string, std::uint32_t, Hash, std::equal_to<>> numbers_;
};

// How long a text is.
[[nodiscard]] std::size_t TextLength(std::string_view text, TextUnits units);

// White space as Python's str.isspace has it, on which the reference programs stand.
[[nodiscard]] bool IsWhiteSpace(char32_t c);
// A letter, a mark that belongs to one, or a digit.
[[nodiscard]] bool IsWordCharacter(char32_t c);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_METRICS_TOKENS_H_
