#include "base/text.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace emostage {
namespace {

constexpr std::int32_t kReplacement = 0xFFFD;
constexpr std::string_view kReplacementUtf8 = "\xEF\xBF\xBD";

unsigned char ByteAt(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

struct Codepoint {
  std::int32_t value = kReplacement;
  std::size_t length = 1;  // bytes it takes
  bool valid = false;
  bool unfinished = false;  // ill-formed only because the text ends here
};

// How much of the ill-formed `rest` one U+FFFD stands for: the longest start of some valid code
// point (Unicode 15, table 3-7).
Codepoint IllFormed(std::string_view rest) {
  Codepoint result;
  const unsigned char lead = ByteAt(rest, 0);
  if (lead < 0xC2 || lead > 0xF4) return result;
  const std::size_t needed = lead >= 0xF0 ? 4 : (lead >= 0xE0 ? 3 : 2);
  // The second byte has a narrower range after some lead bytes: no overlong forms, surrogates or
  // values beyond U+10FFFF.
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  while (result.length < needed && result.length < rest.size()) {
    const unsigned char byte = ByteAt(rest, result.length);
    if (byte < low || byte > high) return result;
    ++result.length;
    low = 0x80;
    high = 0xBF;
  }
  result.unfinished = result.length < needed;
  return result;
}

// The first code point of `rest`, which is not empty.
Codepoint Decode(std::string_view rest) {
  if (ByteAt(rest, 0) < 0x80) return {ByteAt(rest, 0), 1, true, false};
  utf8proc_int32_t value = 0;
  // Four bytes are the longest form; the cap also keeps the length within utf8proc's signed type.
  const utf8proc_ssize_t length = utf8proc_iterate(
      reinterpret_cast<const utf8proc_uint8_t*>(rest.data()),
      static_cast<utf8proc_ssize_t>(std::min<std::size_t>(rest.size(), 4)), &value);
  if (length <= 0) return IllFormed(rest);
  return {value, static_cast<std::size_t>(length), true, false};
}

// Calls visit(codepoint, its bytes) for each code point in turn.
template <typename Visitor>
void ForEachCodepoint(std::string_view text, Visitor visit) {
  while (!text.empty()) {
    const Codepoint next = Decode(text);
    visit(next, text.substr(0, next.length));
    text.remove_prefix(next.length);
  }
}

bool IsBlank(std::int32_t c) {
  if (c < 0x80) return c == ' ' || (c >= '\t' && c <= '\r');
  if (c == 0x85 || c == 0x200B || c == 0xFEFF) return true;
  const utf8proc_category_t category = utf8proc_category(c);
  return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

bool IsDropped(std::int32_t c) {
  if (c == '\n' || c == '\t') return false;
  return c == 0xFEFF || (c >= 0xE000 && c <= 0xF8FF) ||
         utf8proc_category(c) == UTF8PROC_CATEGORY_CC;
}

std::size_t Width(std::int32_t c) {
  return static_cast<std::size_t>(std::max(0, utf8proc_charwidth(c)));
}

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

enum class Script { kHan, kKana, kHangul, kLatin };

struct ScriptRange {
  std::int32_t first;
  std::int32_t last;
  Script script;
};

// utf8proc knows which characters are letters but not their script. Blocks are enough here, for
// only the letters in them are counted.
constexpr ScriptRange kScriptRanges[] = {
    {0x0041, 0x024F, Script::kLatin},  {0x1100, 0x11FF, Script::kHangul},
    {0x1E00, 0x1EFF, Script::kLatin},  {0x2C60, 0x2C7F, Script::kLatin},
    {0x3005, 0x3007, Script::kHan},    {0x3040, 0x30FF, Script::kKana},
    {0x3130, 0x318F, Script::kHangul}, {0x31F0, 0x31FF, Script::kKana},
    {0x3400, 0x4DBF, Script::kHan},    {0x4E00, 0x9FFF, Script::kHan},
    {0xA720, 0xA7FF, Script::kLatin},  {0xA960, 0xA97F, Script::kHangul},
    {0xAC00, 0xD7FF, Script::kHangul}, {0xF900, 0xFAFF, Script::kHan},
    {0xFF21, 0xFF5A, Script::kLatin},  {0xFF66, 0xFF9F, Script::kKana},
    {0xFFA0, 0xFFDC, Script::kHangul}, {0x1AFF0, 0x1B16F, Script::kKana},
    {0x20000, 0x3FFFF, Script::kHan},
};

bool IsLetter(std::int32_t c) {
  const utf8proc_category_t category = utf8proc_category(c);
  // U+3007, the zero of "二〇二四", is a number to Unicode and a Han character to its readers.
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) || c == 0x3007;
}

std::size_t* CounterFor(std::int32_t c, ScriptCounts* counts) {
  for (const ScriptRange& range : kScriptRanges) {
    if (c < range.first || c > range.last) continue;
    switch (range.script) {
      case Script::kHan:
        return &counts->han;
      case Script::kKana:
        return &counts->kana;
      case Script::kHangul:
        return &counts->hangul;
      case Script::kLatin:
        return &counts->latin;
    }
  }
  return &counts->other;
}

// Text that stays on one line, and the blanks between it and the text before it.
struct Piece {
  std::string blanks;
  std::string text;
};

bool IsWrapBlank(std::int32_t c) { return c == ' ' || c == '\t' || c == 0x3000; }

// Whether a line may end between two characters without a blank between them. `joined` are the
// parts of one user-perceived character.
bool CanBreakBetween(std::int32_t before, std::int32_t after, bool joined) {
  if (joined || (Width(before) < 2 && Width(after) < 2)) return false;
  const utf8proc_category_t opening = utf8proc_category(before);
  if (opening == UTF8PROC_CATEGORY_PS || opening == UTF8PROC_CATEGORY_PI) return false;
  switch (utf8proc_category(after)) {
    case UTF8PROC_CATEGORY_PE:  // 」
    case UTF8PROC_CATEGORY_PF:  // ”
    case UTF8PROC_CATEGORY_PO:  // 。
    case UTF8PROC_CATEGORY_LM:  // ー and 々
      return false;
    default:
      return true;
  }
}

std::vector<Piece> SplitIntoPieces(std::string_view line) {
  std::vector<Piece> pieces(1);
  std::int32_t previous = 0;
  utf8proc_int32_t break_state = 0;
  ForEachCodepoint(line, [&](const Codepoint& next, std::string_view form) {
    const bool joined =
        previous != 0 && !utf8proc_grapheme_break_stateful(previous, next.value, &break_state);
    const bool started = !pieces.back().text.empty();
    if (IsWrapBlank(next.value)) {
      if (started) pieces.emplace_back();
      pieces.back().blanks += next.value == '\t' ? " " : form;
    } else {
      if (started && CanBreakBetween(previous, next.value, joined)) pieces.emplace_back();
      pieces.back().text += form;
    }
    previous = next.value;
  });
  if (pieces.back().text.empty()) pieces.pop_back();
  return pieces;
}

// Fills rows of at most `columns`, which is 2 or more.
class RowFiller {
 public:
  explicit RowFiller(std::size_t columns) : columns_(columns) {}

  void AddLine(std::string_view line) {
    for (const Piece& piece : SplitIntoPieces(line)) AddPiece(piece);
    EndRow();
  }

  [[nodiscard]] std::vector<std::string> TakeRows() { return std::move(rows_); }

 private:
  void AddPiece(const Piece& piece) {
    const std::size_t gap = DisplayWidth(piece.blanks);
    const std::size_t width = DisplayWidth(piece.text);
    // At the start of a line the gap is its indentation, dropped where it would leave no room for
    // one wide character.
    const bool fits = row_.empty() ? gap + 2 <= columns_ : width_ + gap + width <= columns_;
    if (fits) {
      row_ += piece.blanks;
      width_ += gap;
    } else if (!row_.empty()) {
      EndRow();
    }
    ForEachCodepoint(piece.text, [&](const Codepoint& next, std::string_view form) {
      const std::size_t step = Width(next.value);
      if (width_ + step > columns_) EndRow();
      row_ += form;
      width_ += step;
    });
  }

  void EndRow() {
    rows_.push_back(std::move(row_));
    row_.clear();
    width_ = 0;
  }

  std::size_t columns_;
  std::size_t width_ = 0;
  std::string row_;
  std::vector<std::string> rows_;
};

}  // namespace

bool IsValidUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const Codepoint next = Decode(bytes);
    if (!next.valid) return false;
    bytes.remove_prefix(next.length);
  }
  return true;
}

std::string RepairUtf8(std::string_view bytes) {
  std::string repaired;
  repaired.reserve(bytes.size());
  bool after_return = false;
  ForEachCodepoint(bytes, [&](const Codepoint& next, std::string_view form) {
    if (next.value == '\r') {
      repaired += '\n';
    } else if (next.value == '\n' && after_return) {
      // The "\r" has already become the line end.
    } else if (!next.valid) {
      repaired += kReplacementUtf8;
    } else if (!IsDropped(next.value)) {
      repaired += form;
    }
    after_return = next.value == '\r';
  });
  return repaired;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty()) {
    const Codepoint first = Decode(text);
    if (!first.valid || !IsBlank(first.value)) break;
    text.remove_prefix(first.length);
  }
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && text.size() - start < 4 && IsContinuation(ByteAt(text, start))) --start;
    const Codepoint last = Decode(text.substr(start));
    if (!last.valid || last.length != text.size() - start || !IsBlank(last.value)) break;
    text.remove_suffix(last.length);
  }
  return text;
}

std::string_view Utf8Prefix(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  // Step back to the start of the code point that the cut would go through. If what stands there is
  // ill-formed, nothing is cut in two.
  std::size_t start = max_bytes;
  while (start > 0 && max_bytes - start < 3 && IsContinuation(ByteAt(text, start))) --start;
  return text.substr(0, start + Decode(text.substr(start)).length > max_bytes ? start : max_bytes);
}

std::size_t CompleteUtf8Length(std::string_view bytes) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, bytes.size()); ++back) {
    const std::size_t start = bytes.size() - back;
    if (IsContinuation(ByteAt(bytes, start))) continue;
    const Codepoint last = Decode(bytes.substr(start));
    return last.unfinished && last.length == back ? start : bytes.size();
  }
  return bytes.size();
}

std::size_t CountCodepoints(std::string_view text) {
  std::size_t count = 0;
  ForEachCodepoint(text, [&](const Codepoint&, std::string_view) { ++count; });
  return count;
}

std::u32string Codepoints(std::string_view text) {
  std::u32string result;
  result.reserve(text.size());
  ForEachCodepoint(text, [&result](const Codepoint& c, std::string_view) {
    result += static_cast<char32_t>(c.value);
  });
  return result;
}

std::string FoldCase(std::string_view text) {
  if (std::all_of(text.begin(), text.end(),
                  [](char c) { return static_cast<signed char>(c) >= 0; })) {
    std::string folded(text);
    for (char& c : folded) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return folded;
  }
  std::string sound;
  sound.reserve(text.size());
  ForEachCodepoint(text, [&](const Codepoint& next, std::string_view form) {
    sound += next.valid ? form : kReplacementUtf8;
  });
  utf8proc_uint8_t* folded = nullptr;
  const utf8proc_ssize_t length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(sound.data()),
                   static_cast<utf8proc_ssize_t>(sound.size()), &folded,
                   static_cast<utf8proc_option_t>(UTF8PROC_CASEFOLD | UTF8PROC_COMPAT |
                                                  UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  if (length < 0) return sound;  // out of memory, or longer than utf8proc counts
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(folded, &std::free);
  return {reinterpret_cast<const char*>(folded), static_cast<std::size_t>(length)};
}

std::size_t DisplayWidth(std::string_view text) {
  std::size_t width = 0;
  ForEachCodepoint(text,
                   [&](const Codepoint& next, std::string_view) { width += Width(next.value); });
  return width;
}

std::vector<std::string> Wrap(std::string_view text, std::size_t columns) {
  RowFiller filler(std::max<std::size_t>(columns, 2));
  for (const std::string_view line : SplitLines(text)) filler.AddLine(line);
  return filler.TakeRows();
}

std::vector<std::string_view> SplitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

ScriptCounts CountScripts(std::string_view text) {
  ScriptCounts counts;
  ForEachCodepoint(text, [&](const Codepoint& next, std::string_view) {
    if (next.valid && IsLetter(next.value)) ++*CounterFor(next.value, &counts);
  });
  return counts;
}

}  // namespace emostage
