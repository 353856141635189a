#ifndef EMOSTAGE_BASE_TEXT_H_
#define EMOSTAGE_BASE_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// Tools for UTF-8 text. All are pure functions, safe to call from any thread, and accept any bytes:
// an ill-formed sequence counts as one U+FFFD, as Unicode recommends ("maximal subpart").
// A function that returns a view returns one into its argument.
namespace emostage {

[[nodiscard]] bool IsValidUtf8(std::string_view bytes);

// Valid UTF-8 that is safe to show, to store and to put into a prompt: ill-formed sequences become
// U+FFFD; "\r\n" and a lone "\r" become "\n"; other control characters but "\n" and "\t", U+FEFF
// and the private-use characters U+E000 to U+F8FF are dropped. Repairing twice changes nothing
// more.
[[nodiscard]] std::string RepairUtf8(std::string_view bytes);

// Without blanks at either end: ASCII white space, every Unicode space (U+3000 and U+00A0 included)
// and the invisible U+200B and U+FEFF.
[[nodiscard]] std::string_view Trim(std::string_view text);

// The longest prefix of at most `max_bytes` bytes that does not cut a code point in two.
[[nodiscard]] std::string_view Utf8Prefix(std::string_view text, std::size_t max_bytes);

// How many bytes can be shown now when more may follow: all but a code point still unfinished at
// the end. Bytes that no continuation could make valid are not held back.
[[nodiscard]] std::size_t CompleteUtf8Length(std::string_view bytes);

[[nodiscard]] std::size_t CountCodepoints(std::string_view text);

// The code points themselves, for work on single characters.
[[nodiscard]] std::u32string Codepoints(std::string_view text);

// For comparing and finding text in any case of letters: Unicode's case folding, full-width and
// half-width forms and other variants of a letter made one (NFKC). Ill-formed sequences become
// U+FFFD. Not for showing.
[[nodiscard]] std::string FoldCase(std::string_view text);

// Terminal columns: 2 for wide characters (CJK, most emoji), 0 for combining and control
// characters. The parts of a joined emoji are added up, as terminals that cannot join them do, so
// the answer is never too small for a layout.
[[nodiscard]] std::size_t DisplayWidth(std::string_view text);

// The lines of `text`, each at most `columns` wide (values below 2 are taken as 2). Breaks at
// spaces, which vanish at the break, and beside wide characters, but neither before closing
// punctuation nor after opening punctuation; a word too long for a line is cut. Line breaks,
// empty lines and the indentation of a line's first row are kept; a tab becomes one space.
[[nodiscard]] std::vector<std::string> Wrap(std::string_view text, std::size_t columns);

// Lines without their ends ("\n" or "\r\n"). A line end at the very end starts no further line; no
// text, no lines.
[[nodiscard]] std::vector<std::string_view> SplitLines(std::string_view text);

// Letters by script. Digits, punctuation, spaces and emoji count nowhere.
struct ScriptCounts {
  std::size_t han = 0;
  std::size_t kana = 0;  // hiragana and katakana, half-width too
  std::size_t hangul = 0;
  std::size_t latin = 0;
  std::size_t other = 0;  // letters of any other script

  [[nodiscard]] std::size_t Total() const { return han + kana + hangul + latin + other; }
};

[[nodiscard]] ScriptCounts CountScripts(std::string_view text);

}  // namespace emostage

#endif  // EMOSTAGE_BASE_TEXT_H_
