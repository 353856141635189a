#ifndef EMOSTAGE_DIALOGUE_H_
#define EMOSTAGE_DIALOGUE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace emostage {

enum class Role { kClient, kCounsellor };

// One message of one side; a side may send several in a row. After reading, `text` is valid UTF-8,
// trimmed and never empty.
struct Turn {
  Role role = Role::kClient;
  std::string text;
  std::string strategy;  // the counsellor's strategy, where a data set labels it; else empty
};

struct Dialogue {
  std::string id;  // the data set's own name for it, or empty
  std::vector<Turn> turns;
};

// The languages EmoStage serves. Everything under data/ exists in each of them.
enum class Language { kEnglish, kChinese, kJapanese };

// "en", "zh" or "ja".
[[nodiscard]] std::string_view LanguageCode(Language language);
// The inverse; nullopt for anything else ("auto" included).
[[nodiscard]] std::optional<Language> LanguageFromCode(std::string_view code);

// "client" or "counsellor", the words of the wire.
[[nodiscard]] std::string_view RoleName(Role role);

// The language the client writes in, by script: kana means Japanese, Han without kana Chinese,
// anything else English. The newest client turns weigh most: one full sentence in another language
// switches, an "ok" or an emoji does not. Where the client has written no letters, the counsellor's
// turns decide; where nobody has, English. Never fails.
[[nodiscard]] Language DetectLanguage(const Dialogue& dialogue);

// Reads one dialogue: EmoStage's own JSON array of {"role": "client"|"counsellor", "text"}, the
// same under "dialogue" or "turns", or OpenAI messages ({"role": "user"|"assistant", "content"}),
// also as a whole request; system messages are left out. The forms of the data sets that
// dialogue/readers.h lists are read too. Invalid UTF-8 and control characters are repaired, blank
// turns are left out, turns of the same role in a row are kept apart. Throws Error(kInput) where
// there is no turn, more than one dialogue or an unknown role (naming the turn), or malformed JSON
// (naming line and column).
[[nodiscard]] Dialogue ParseDialogue(std::string_view text);

// EmoStage's own JSON for a dialogue, on one line: the array of turns, or {"id", "dialogue"} where
// the dialogue has an id. ParseDialogue reads a dialogue that came from reading back unchanged.
[[nodiscard]] std::string DialogueToJson(const Dialogue& dialogue);

}  // namespace emostage

#endif  // EMOSTAGE_DIALOGUE_H_
