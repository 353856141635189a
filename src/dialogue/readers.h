#ifndef EMOSTAGE_DIALOGUE_READERS_H_
#define EMOSTAGE_DIALOGUE_READERS_H_

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "emostage/dialogue.h"

namespace emostage {

// The forms a dialogue can come in. Every JSON form may hold one dialogue, an array of dialogues,
// or JSON lines: one dialogue a line, or one turn a line.
enum class DialogueFormat {
  kAuto,        // told from the content; for JSON, whatever mixture of the keys below is found
  kEmoStage,    // [{"role": "client"|"counsellor", "text"}], also under "dialogue" or "turns"
  kOpenAi,      // [{"role": "user"|"assistant", "content"}], also under "messages"
  kEsconv,      // {"dialog": [{"speaker": "seeker"|"supporter", "content" or "text", strategy}]}
  kCpsycoun,    // plain text, "来访者：" and "心理咨询师：" before the turns
  kSmile,       // [{"role": "client"|"counselor", "content"}]
  kKokoroChat,  // {"dialogue": [{"role", "utterance" or, translated, "content"}]}
  kEmpatheticDialogues,  // CSV with one utterance a row, grouped by conv_id
};

// The names a user gives to the formats: "auto", "emostage", "openai" and so on; in enum order.
[[nodiscard]] std::vector<std::string_view> FormatNames();
[[nodiscard]] std::optional<DialogueFormat> FormatFromName(std::string_view name);

// All dialogues in `content`, at least one, in their order; each has at least one turn, and each
// turn has text: valid UTF-8 (see RepairUtf8) without blanks at its ends. Blank turns and system
// messages are left out; turns by the same role in a row stay apart. A role may be written in the
// words of any format. Throws Error(kInput) in one line where the content cannot be understood,
// naming line and column for malformed JSON, and dialogue and turn for anything else.
[[nodiscard]] std::vector<Dialogue> ReadDialogues(std::string_view content,
                                                  DialogueFormat format = DialogueFormat::kAuto);

// As ReadDialogues, for a file, for "-" (standard input), or for a directory: then every .json,
// .jsonl, .txt and .csv file directly in it, in order of their names. A dialogue without a name of
// its own gets that of its file ("case_7", or "talks-2" for the second of several in talks.json).
// Throws Error(kInput) as above with the path in front, and Error(kIo).
[[nodiscard]] std::vector<Dialogue> ReadDialogueFile(const std::filesystem::path& path,
                                                     DialogueFormat format = DialogueFormat::kAuto);

}  // namespace emostage

#endif  // EMOSTAGE_DIALOGUE_READERS_H_
