#include "method/cause_words.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace emostage {
namespace {

constexpr size_t kShortHiragana = 2;  // characters: grammar, not a word to be taken up

enum class Script { kNone, kSpaced, kHan, kHiragana, kKatakana };

Script ScriptOf(char32_t c) {
  if (c >= 0x3041 && c <= 0x309F) return Script::kHiragana;
  if (c >= 0x30A1 && c <= 0x30FF) return Script::kKatakana;
  if ((c >= 0x3400 && c <= 0x9FFF) || c == 0x3005) return Script::kHan;
  const bool ascii = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  const bool letter = (c >= 0xC0 && c < 0x2000) || (c >= 0xAC00 && c <= 0xD7A3);
  return ascii || letter ? Script::kSpaced : Script::kNone;
}

size_t Utf8Length(char32_t c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }

// Bytes [begin, end) of the text.
struct Span {
  size_t begin = 0;
  size_t end = 0;
  Script script = Script::kNone;
  double probability = 0;
};

std::vector<Span> WordsOf(const std::string& text, const std::set<size_t>& token_starts) {
  std::vector<Span> words;
  size_t at = 0;
  for (const char32_t c : Codepoints(text)) {
    const size_t end = at + Utf8Length(c);
    Script script = ScriptOf(c);
    Span* open = words.empty() || words.back().end != at ? nullptr : &words.back();
    const bool apostrophe = c == '\'' || c == 0x2019;
    if (apostrophe && open != nullptr && open->script == Script::kSpaced) script = open->script;
    const bool one_word = script == Script::kSpaced || !token_starts.contains(at);
    if (open != nullptr && open->script == script && one_word) {
      open->end = end;
    } else if (script != Script::kNone) {
      words.push_back({at, end, script});
    }
    at = end;
  }
  return words;
}

// The first score's share in a word.
double ShareOfFirst(const Span& word, const std::vector<Score>& scores,
                    const std::vector<std::pair<size_t, size_t>>& tokens) {
  std::vector<double> means;
  for (const Score& score : scores) {
    double sum = 0;
    int count = 0;
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i].first >= word.end || tokens[i].second <= word.begin) continue;
      sum += score.token_log_likelihoods[i];
      ++count;
    }
    means.push_back(count == 0 ? 0 : sum / count);
  }
  double all = 0;
  for (const double mean : means) all += std::exp(mean - means.front());
  return 1 / all;
}

bool IsOfUse(const Span& word, std::string_view text, const std::set<std::string>& stop_words) {
  if (stop_words.contains(FoldCase(text))) return false;
  const size_t letters = CountCodepoints(text);
  if (word.script == Script::kHiragana) return letters > kShortHiragana;
  return word.script != Script::kSpaced || letters > 1;
}

}  // namespace

std::vector<CauseWord> CauseWords(const std::vector<Score>& scores,
                                  const std::vector<std::string>& stop_words, size_t most) {
  if (scores.empty()) return {};
  std::string text;
  std::vector<std::pair<size_t, size_t>> tokens;
  std::set<size_t> starts;
  for (const std::string& piece : scores.front().pieces) {
    starts.insert(text.size());
    tokens.emplace_back(text.size(), text.size() + piece.size());
    text += piece;
  }
  if (!IsValidUtf8(text)) return {};
  for (const Score& score : scores) {
    if (score.token_log_likelihoods.size() != tokens.size()) return {};
  }
  std::set<std::string> skipped;
  for (const std::string& word : stop_words) skipped.insert(FoldCase(word));

  std::vector<Span> words = WordsOf(text, starts);
  for (Span& word : words) word.probability = ShareOfFirst(word, scores, tokens);
  std::ranges::stable_sort(words, std::greater{}, &Span::probability);
  std::vector<Span> taken;
  for (const Span& word : words) {
    const std::string own = text.substr(word.begin, word.end - word.begin);
    if (taken.size() == most || word.probability * static_cast<double>(scores.size()) <= 1) break;
    if (!IsOfUse(word, own, skipped)) continue;
    // Said twice, it is told once.
    skipped.insert(FoldCase(own));
    taken.push_back(word);
  }
  std::ranges::sort(taken, std::less{}, &Span::begin);
  std::vector<CauseWord> causes;
  for (size_t i = 0; i < taken.size(); ++i) {
    const std::string own = text.substr(taken[i].begin, taken[i].end - taken[i].begin);
    const bool touches =
        i > 0 && taken[i].script != Script::kSpaced && taken[i - 1].end == taken[i].begin;
    if (touches && taken[i - 1].script != Script::kSpaced) {
      causes.back().text += own;
      causes.back().probability = std::max(causes.back().probability, taken[i].probability);
    } else {
      causes.push_back({own, taken[i].probability});
    }
  }
  return causes;
}

}  // namespace emostage
