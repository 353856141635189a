#include "method/cue_text.h"

#include <cstddef>
#include <set>
#include <utility>

#include "base/text.h"
#include "method/perspective.h"
#include "method/perspective_questions.h"
#include "method/window.h"

namespace emostage {
namespace {

constexpr size_t kLongest = 240;     // bytes; a back end without schemas may write a page
constexpr size_t kShortestWord = 4;  // letters of an English word that carries meaning
constexpr std::string_view kNotKnown = "nothing that could be read was written";

bool IsHiragana(char32_t c) { return c >= 0x3040 && c <= 0x309F; }
bool IsCjk(char32_t c) { return c >= 0x3040 && c <= 0x9FFF; }
bool IsLetter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 0xC0 && c < 0x2000); }

// Longer words, and pairs of Chinese or Japanese characters.
std::set<std::u32string> MeaningfulWords(std::string_view text) {
  std::set<std::u32string> words;
  std::u32string word;
  char32_t before = 0;
  for (const char32_t c : Codepoints(FoldCase(text)) + U' ') {
    if (IsLetter(c)) {
      word += c;
    } else {
      if (word.size() >= kShortestWord) words.insert(word);
      word.clear();
    }
    const bool pair = IsCjk(before) && IsCjk(c) && !(IsHiragana(before) && IsHiragana(c));
    if (pair) words.insert({before, c});
    before = c;
  }
  return words;
}

}  // namespace

std::string CueText(std::string_view text, const PromptFile& prompts) {
  std::string line(Utf8Prefix(Trim(text), kLongest));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  // A cue sets its own full stops.
  for (bool more = true; std::exchange(more, false);) {
    for (const std::string_view stop : {".", "。", " "}) {
      if (!line.ends_with(stop)) continue;
      line.resize(line.size() - stop.size());
      more = true;
    }
  }
  if (CountScripts(line).Total() == 0) return "";
  return WithoutCues(std::move(line), prompts);
}

Asked<Completion> AskWritten(Stage& stage, std::string_view step, const std::string& cue) {
  return stage.Note(step, cue, stage.prompts().Prefix(step),
                    LineSchema(stage.language(), stage.fixed().note));
}

std::string Written(Stage& stage, std::string_view step, Asked<Completion>& line) {
  std::string text = CueText(LineText(line.get()), stage.prompts());
  if (!text.empty()) return text;
  stage.Remark(step, std::string(kNotKnown));
  return stage.prompts().Word("unknown");
}

bool TakesUpClient(const Stage& stage, std::string_view text) {
  const std::set<std::u32string> words = MeaningfulWords(text);
  for (const Message& message : stage.messages()) {
    if (message.speaker != Speaker::kClient) continue;
    for (const std::u32string& word : MeaningfulWords(message.text)) {
      if (words.contains(word)) return true;
    }
  }
  return false;
}

}  // namespace emostage
