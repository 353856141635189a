#include "eval/metrics/tokens.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <functional>
#include <initializer_list>
#include <utility>

#include "base/text.h"

namespace emostage {
namespace {

using Characters = std::u32string;
using CharactersView = std::u32string_view;

bool IsDigit(char32_t c) { return c >= U'0' && c <= U'9'; }
bool IsStop(char32_t c) { return c == U'.' || c == U','; }

// ASCII punctuation that always stands alone; of ' , - . the neighbours decide.
bool StandsAlone(char32_t c) {
  return (c >= U'!' && c <= U'&') || (c >= U'(' && c <= U'+') || c == U'/' ||
         (c >= U':' && c <= U'@') || (c >= U'[' && c <= U'`') || (c >= U'{' && c <= U'~');
}

// What sacreBLEU's "zh" sets apart. Its list means to hold the ideographs beyond U+FFFF as well,
// but compares so that they stay out and U+2001 to U+2A6D come in. We follow what it does.
bool IsSetApartInZh(char32_t c) {
  static constexpr std::array<std::pair<char32_t, char32_t>, 14> kRanges = {{{0x2001, 0x2A6D},
                                                                             {0x2E80, 0x2FDF},
                                                                             {0x2FF0, 0x303F},
                                                                             {0x3100, 0x312F},
                                                                             {0x31A0, 0x31EF},
                                                                             {0x3200, 0x33FF},
                                                                             {0x3400, 0x4DB5},
                                                                             {0x4E00, 0x9FBB},
                                                                             {0xF900, 0xFA2D},
                                                                             {0xFA30, 0xFA6A},
                                                                             {0xFA70, 0xFAD9},
                                                                             {0xFE10, 0xFE1F},
                                                                             {0xFE30, 0xFE4F},
                                                                             {0xFF00, 0xFFEF}}};
  if (c < 0x2001) return false;  // most of what is asked
  return std::any_of(kRanges.begin(), kRanges.end(),
                     [c](const auto& range) { return c >= range.first && c <= range.second; });
}

void Replace(Characters& text, CharactersView what, CharactersView by) {
  for (std::size_t at = text.find(what); at != Characters::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), by);
    at += by.size();
  }
}

// The entities of mteval-v13a, in its order: "&amp;lt;" ends as "<".
void ReadEntities(Characters& text) {
  if (text.find(U'&') == Characters::npos) return;
  Replace(text, U"&quot;", U"\"");
  Replace(text, U"&amp;", U"&");
  Replace(text, U"&lt;", U"<");
  Replace(text, U"&gt;", U">");
}

// A text written anew with some places changed: what lies between them is copied in one go.
class Rewriting {
 public:
  Rewriting(const Characters& from, Characters& to) : from_(from), to_(to) { to_.clear(); }
  // Instead of the `length` characters at `at`.
  void Put(std::size_t at, std::size_t length, std::initializer_list<char32_t> instead) {
    to_.append(from_, done_, at - done_).append(instead);
    done_ = at + length;
  }
  void Finish() { to_.append(from_, done_); }

 private:
  const Characters& from_;
  Characters& to_;
  std::size_t done_ = 0;
};

// The passes of "13a". Those over pairs do not look again at what a hit took: of "..." the second
// stop is the first one's neighbour, not a hit of its own.
template <typename Hit, typename Write>
void PassOverPairs(Characters& text, Characters& spare, Hit is_hit, Write write) {
  Rewriting rewriting(text, spare);
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (!is_hit(text[i], text[i + 1])) continue;
    write(rewriting, i, text[i], text[i + 1]);
    ++i;
  }
  rewriting.Finish();
  std::swap(text, spare);
}

template <typename Hit>
void PassOverCharacters(Characters& text, Characters& spare, Hit is_hit) {
  Rewriting rewriting(text, spare);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_hit(text[i])) rewriting.Put(i, 1, {U' ', text[i], U' '});
  }
  rewriting.Finish();
  std::swap(text, spare);
}

void SetPunctuationApart(Characters& text, Characters& spare) {
  const auto apart_after = [](Rewriting& out, std::size_t at, char32_t a, char32_t b) {
    out.Put(at, 2, {a, U' ', b, U' '});
  };
  const auto apart_before = [](Rewriting& out, std::size_t at, char32_t a, char32_t b) {
    out.Put(at, 2, {U' ', a, U' ', b});
  };
  PassOverCharacters(text, spare, StandsAlone);
  PassOverPairs(
      text, spare, [](char32_t a, char32_t b) { return IsStop(b) && !IsDigit(a); }, apart_after);
  PassOverPairs(
      text, spare, [](char32_t a, char32_t b) { return IsStop(a) && !IsDigit(b); }, apart_before);
  PassOverPairs(
      text, spare, [](char32_t a, char32_t b) { return b == U'-' && IsDigit(a); }, apart_after);
}

void RemoveBlanksAtTheEnds(Characters& text) {
  while (!text.empty() && IsWhiteSpace(text.back())) text.pop_back();
  const auto first = std::find_if_not(text.begin(), text.end(), IsWhiteSpace);
  text.erase(text.begin(), first);
}

void Prepare13a(Characters& text) {
  Replace(text, U"<skipped>", U"");
  Replace(text, U"-\n", U"");
  std::replace(text.begin(), text.end(), U'\n', U' ');
  ReadEntities(text);
  // So that a stop at either end has a neighbour.
  text.insert(text.begin(), U' ');
  text += U' ';
}

char32_t Lower(char32_t c) {
  if (c < 0x80) return c >= U'A' && c <= U'Z' ? c + (U'a' - U'A') : c;
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

// The longest runs of characters for which is_part(i) holds.
template <typename IsPart>
void Runs(const Characters& text, IsPart is_part, std::vector<CharactersView>& pieces) {
  for (std::size_t i = 0; i < text.size();) {
    if (!is_part(i)) {
      ++i;
      continue;
    }
    const std::size_t start = i;
    while (i < text.size() && is_part(i)) ++i;
    pieces.push_back(CharactersView(text).substr(start, i - start));
  }
}

template <typename IsPiece>
void Singles(const Characters& text, IsPiece is_piece, std::vector<CharactersView>& pieces) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_piece(text[i])) pieces.push_back(CharactersView(text).substr(i, 1));
  }
}

bool Joins(char32_t c) { return c == U'\'' || c == U'\u2019' || c == U'-'; }

std::vector<Characters> Copies(TextCutter::Pieces pieces) { return {pieces.begin(), pieces.end()}; }

}  // namespace

bool IsWhiteSpace(char32_t c) {
  if (c < 0x80) return c == U' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool IsWordCharacter(char32_t c) {
  if (c < 0x80) return IsDigit(c) || (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z');
  const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

TextCutter::Pieces TextCutter::Tokens(std::string_view text, MetricTokens tokens) {
  text_ = Codepoints(text);
  pieces_.clear();
  switch (tokens) {
    case MetricTokens::kChar:
      Singles(text_, std::not_fn(IsWhiteSpace), pieces_);
      return pieces_;
    case MetricTokens::k13a:
      // Only at the end: "-\n" and a line's start mean something to it.
      while (!text_.empty() && IsWhiteSpace(text_.back())) text_.pop_back();
      Prepare13a(text_);
      break;
    case MetricTokens::kZh:
      RemoveBlanksAtTheEnds(text_);
      PassOverCharacters(text_, spare_, IsSetApartInZh);
      break;
  }
  SetPunctuationApart(text_, spare_);
  Runs(text_, [&](std::size_t i) { return !IsWhiteSpace(text_[i]); }, pieces_);
  return pieces_;
}

TextCutter::Pieces TextCutter::Units(std::string_view text, TextUnits units) {
  text_ = Codepoints(text);
  pieces_.clear();
  std::transform(text_.begin(), text_.end(), text_.begin(), Lower);
  const auto in_word = [&](std::size_t i) { return i < text_.size() && IsWordCharacter(text_[i]); };
  if (units == TextUnits::kCharacters) {
    Singles(text_, IsWordCharacter, pieces_);
  } else {
    Runs(
        text_,
        [&](std::size_t i) {
          return in_word(i) || (Joins(text_[i]) && i > 0 && in_word(i - 1) && in_word(i + 1));
        },
        pieces_);
  }
  return pieces_;
}

TextCutter::Pieces TextCutter::RougeWords(std::string_view text) {
  spare_ = Codepoints(text);
  pieces_.clear();
  text_.clear();
  for (const char32_t c : spare_) {
    // The package lowers the case first. Of all letters beyond ASCII two become ASCII by that: the
    // sign of kelvin, and the Turkish I, whose dot becomes a character of its own.
    if (c == U'\u0130') {
      text_ += U"i\u0307";
    } else {
      text_ += c == U'\u212A' ? U'k' : c < 0x80 ? Lower(c) : c;
    }
  }
  Runs(
      text_,
      [&](std::size_t i) { return IsDigit(text_[i]) || (text_[i] >= U'a' && text_[i] <= U'z'); },
      pieces_);
  return pieces_;
}

std::vector<std::uint32_t> TokenNumbers::Numbers(TextCutter::Pieces pieces) {
  constexpr std::uint32_t kBeyondCharacters = 0x110000;
  std::vector<std::uint32_t> result;
  result.reserve(pieces.size());
  for (const CharactersView piece : pieces) {
    if (piece.size() == 1) {
      result.push_back(piece[0]);  // a character is its own number
      continue;
    }
    auto known = numbers_.find(piece);
    if (known == numbers_.end()) {
      const auto next = kBeyondCharacters + static_cast<std::uint32_t>(numbers_.size());
      known = numbers_.emplace(Characters(piece), next).first;
    }
    result.push_back(known->second);
  }
  return result;
}

std::vector<std::u32string> Tokenize(std::string_view text, MetricTokens tokens) {
  TextCutter cutter;
  return Copies(cutter.Tokens(text, tokens));
}

std::vector<std::u32string> Units(std::string_view text, TextUnits units) {
  TextCutter cutter;
  return Copies(cutter.Units(text, units));
}

std::size_t TextLength(std::string_view text, TextUnits units) {
  TextCutter cutter;
  return cutter.Units(text, units).size();
}

}  // namespace emostage
