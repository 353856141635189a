#include "knowledge/word_features.h"

#include <algorithm>

#include "knowledge/text_units.h"

namespace emostage {
namespace {

constexpr size_t kWordRun = 3;
constexpr size_t kCjkRun = 4;
constexpr size_t kShortestPart = 3;  // letters of a word
constexpr size_t kLongestPart = 5;
constexpr size_t kLongestWord = 24;  // longer ones are no words

bool IsNumber(std::string_view unit) {
  return std::ranges::all_of(unit, [](char c) { return c >= '0' && c <= '9'; });
}

// Which number it is says nothing that few examples could teach.
std::string_view Word(const std::string& unit) {
  if (IsNumber(unit)) return "0";
  return std::string_view(unit).substr(0, kLongestWord);
}

bool IsAscii(std::string_view unit) {
  return std::ranges::all_of(unit, [](char c) { return static_cast<signed char>(c) >= 0; });
}

void AppendUnit(std::string& text, std::string_view unit, bool blank) {
  if (blank) text += ' ';
  text += unit;
}

// Runs of up to `most` units.
void ForEachRun(Units sentence, size_t most, const FeatureSink& sink) {
  std::string text;
  for (size_t i = 0; i < sentence.size(); ++i) {
    text = "w:";
    bool ascii_before = false;
    for (size_t n = 1; n <= most && i + n <= sentence.size(); ++n) {
      const std::string_view unit = Word(sentence[i + n - 1]);
      const bool ascii = IsAscii(unit);
      AppendUnit(text, unit, n > 1 && ascii && ascii_before);
      ascii_before = ascii;
      sink(text);
    }
  }
}

void ForEachPart(Units sentence, const FeatureSink& sink) {
  std::string word;
  std::string text;
  for (const std::string& unit : sentence) {
    if (unit.size() < kShortestPart || unit.size() > kLongestWord) continue;
    if (!IsAscii(unit) || IsNumber(unit)) continue;
    word = "_" + unit + "_";
    for (size_t n = kShortestPart; n <= kLongestPart && n < word.size(); ++n) {
      for (size_t i = 0; i + n <= word.size(); ++i) {
        text = "c:";
        text.append(word, i, n);
        sink(text);
      }
    }
  }
}

}  // namespace

std::vector<Units> SentencesOf(const std::vector<std::string>& units) {
  std::vector<Units> sentences;
  for (auto begin = units.begin(); begin != units.end();) {
    const auto end = std::find(begin, units.end(), kSentenceEnd);
    if (end != begin) sentences.emplace_back(begin, end);
    begin = end == units.end() ? end : end + 1;
  }
  return sentences;
}

void ForEachFeature(Language language, Units sentence, const FeatureSink& sink) {
  if (language == Language::kEnglish) {
    ForEachRun(sentence, kWordRun, sink);
    ForEachPart(sentence, sink);
  } else {
    ForEachRun(sentence, kCjkRun, sink);
  }
}

std::vector<std::pair<size_t, size_t>> ReadingWindows(size_t sentences) {
  std::vector<std::pair<size_t, size_t>> windows;
  if (sentences > 0) windows.emplace_back(0, sentences);
  if (sentences < 2) return windows;
  for (size_t i = 0; i < sentences; ++i) {
    windows.emplace_back(i, i + 1);
    if (sentences > 2 && i + 1 < sentences) windows.emplace_back(i, i + 2);
  }
  return windows;
}

}  // namespace emostage
