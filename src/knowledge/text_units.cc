#include "knowledge/text_units.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/text.h"

namespace emostage {
namespace {

constexpr size_t kSpeltOut = 3;  // so many single letters in a row are a word spelt out

bool IsCjk(char32_t c) {
  if (c == U'・') return false;  // U+30FB: punctuation among the katakana
  return (c >= 0x3040 && c <= 0x30ff) || (c >= 0x3400 && c <= 0x9fff) || c == U'々' || c == U'〆' ||
         (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x3ffff);
}

bool IsHidden(char32_t c) {
  return c == 0xad || c == 0x34f || c == 0x61c || c == 0x115f || c == 0x1160 || c == 0x17b4 ||
         c == 0x17b5 || (c >= 0x180b && c <= 0x180e) || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
         (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff || (c >= 0xe0000 && c <= 0xe0fff);
}

bool IsWordCharacter(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  if (IsCjk(c)) return false;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return true;
    default:
      return false;
  }
}

// Characters of pictures: units of their own, since 🔪 says something.
bool IsPicture(char32_t c) {
  return c != 0xfffd && ((c >= 0x2190 && c <= 0x2bff) || c > 0x2fff) &&
         utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_SO;
}

bool EndsSentence(char32_t c) {
  return c == '.' || c == '!' || c == '?' || c == ';' || c == '\n' || c == U'。' || c == U'…';
}

std::u32string Decode(std::string_view text) {
  std::u32string decoded;
  decoded.reserve(text.size());
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t c = 0;
    utf8proc_ssize_t length = utf8proc_iterate(bytes, left, &c);
    if (length < 1) {
      length = 1;
      c = 0xfffd;
    }
    decoded += static_cast<char32_t>(c);
    bytes += length;
    left -= length;
  }
  return decoded;
}

void Append(std::string& out, char32_t c) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
}

// Folded, without what cannot be seen, apostrophes straight.
std::u32string Fold(std::string_view text) {
  std::u32string folded = Decode(FoldCase(text));
  std::erase_if(folded, IsHidden);
  for (char32_t& c : folded) {
    if (c == U'’' || c == U'‘' || c == U'`' || c == U'´' || c == U'ʼ') c = U'\'';
  }
  return folded;
}

char32_t Letter(char32_t look_alike) {
  constexpr std::u32string_view kFrom = U"013457@$!";
  constexpr std::u32string_view kTo = U"oieastasi";
  const size_t at = kFrom.find(look_alike);
  return at == std::u32string_view::npos ? look_alike : kTo[at];
}

bool IsAsciiLetter(char32_t c) { return c >= 'a' && c <= 'z'; }
bool IsAsciiDigit(char32_t c) { return c >= '0' && c <= '9'; }

// 20mg, 3am, 2nd: a number with its unit, nothing hidden.
bool IsMeasure(std::u32string_view word) {
  const auto letters = std::ranges::find_if_not(word, IsAsciiDigit);
  const auto count = word.end() - letters;
  return letters != word.begin() && count >= 1 && count <= 3 &&
         std::all_of(letters, word.end(), IsAsciiLetter);
}

std::string Unmask(std::u32string word) {
  const bool letters = std::ranges::any_of(word, IsAsciiLetter);
  if (letters && !IsMeasure(word)) {
    for (char32_t& c : word) c = Letter(c);
  }
  std::string out;
  for (size_t i = 0; i < word.size();) {
    size_t same = i + 1;
    while (same < word.size() && word[same] == word[i]) ++same;
    const size_t keep = IsAsciiLetter(word[i]) && same - i >= 3 ? 1 : same - i;
    for (size_t k = 0; k < keep; ++k) Append(out, word[i]);
    i = same;
  }
  return out;
}

std::vector<std::string> JoinSpeltOut(std::vector<std::string> units) {
  std::vector<std::string> joined;
  for (size_t i = 0; i < units.size();) {
    size_t end = i;
    std::string word;
    while (end < units.size() && units[end].size() == 1 &&
           IsAsciiLetter(static_cast<unsigned char>(units[end][0]))) {
      word += units[end++];
    }
    if (end - i >= kSpeltOut) {
      joined.push_back(std::move(word));
      i = end;
    } else {
      joined.push_back(std::move(units[i++]));
    }
  }
  return joined;
}

}  // namespace

std::vector<std::string> ReadUnits(std::string_view text) {
  const std::u32string folded = Fold(text);
  std::vector<std::string> units;
  const auto in_word = [&](size_t i) {
    constexpr std::u32string_view kInside = U"'@$*!";
    const char32_t c = folded[i];
    if (IsWordCharacter(c) || c == '@' || c == '$' || c == '*') return true;
    return kInside.find(c) != std::u32string_view::npos && i + 1 < folded.size() &&
           IsWordCharacter(folded[i + 1]);
  };
  for (size_t i = 0; i < folded.size();) {
    const char32_t c = folded[i];
    if (IsCjk(c)) {
      units.emplace_back();
      Append(units.back(), c);
      ++i;
    } else if (IsWordCharacter(c) || c == '@' || c == '$' || c == '*') {
      size_t end = i + 1;
      while (end < folded.size() && in_word(end)) ++end;
      units.push_back(Unmask(folded.substr(i, end - i)));
      i = end;
    } else {
      if (EndsSentence(c)) {
        if (!units.empty() && units.back() != kSentenceEnd) units.emplace_back(kSentenceEnd);
      } else if (IsPicture(c)) {
        units.emplace_back();
        Append(units.back(), c);
      }
      ++i;
    }
  }
  return JoinSpeltOut(std::move(units));
}

std::vector<std::string> ReadPhrase(std::string_view phrase) {
  std::vector<std::string> units;
  std::string word;
  // Most phrases of the files are plain, and there are tens of thousands.
  const bool plain = std::ranges::all_of(phrase, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ' ' || c == '\'' || c == '*';
  });
  if (plain) {
    for (size_t at = 0; at < phrase.size();) {
      const size_t end = std::min(phrase.find(' ', at), phrase.size());
      if (end > at) units.emplace_back(phrase.substr(at, end - at));
      at = end + 1;
    }
    return units;
  }
  const auto end_word = [&] {
    if (!word.empty()) units.push_back(std::exchange(word, {}));
  };
  for (const char32_t c : Fold(phrase)) {
    if (IsCjk(c) || IsPicture(c)) {
      end_word();
      units.emplace_back();
      Append(units.back(), c);
    } else if (c == ' ' || c == '\t' || c == '\n') {
      end_word();
    } else {
      Append(word, c);
    }
  }
  end_word();
  return units;
}

bool IsCjkUnit(std::string_view unit) {
  const std::u32string decoded = Decode(unit);
  return decoded.size() == 1 && IsCjk(decoded[0]);
}

}  // namespace emostage
