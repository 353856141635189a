#ifndef EMOSTAGE_DIALOGUE_READERS_INTERNAL_H_
#define EMOSTAGE_DIALOGUE_READERS_INTERNAL_H_

#include <string_view>
#include <vector>

#include "dialogue/readers.h"
#include "emostage/dialogue.h"

// What the readers of the single formats share. `content` is always repaired UTF-8 with something
// other than blanks in it. For use inside this room only.
namespace emostage::internal {

// Appends a turn, repaired and trimmed, unless nothing is left of it.
void AddTurn(Role role, std::string_view text, std::string_view strategy, Dialogue* dialogue);

[[nodiscard]] std::vector<Dialogue> ReadJsonDialogues(std::string_view content,
                                                      DialogueFormat format);

// Whether a line of `content` starts with the label of a speaker.
[[nodiscard]] bool LooksLikeTranscript(std::string_view content);
[[nodiscard]] Dialogue ReadTranscript(std::string_view content);

// Whether `content` starts with the header of an EmpatheticDialogues table.
[[nodiscard]] bool LooksLikeEmpatheticDialogues(std::string_view content);
[[nodiscard]] std::vector<Dialogue> ReadEmpatheticDialogues(std::string_view content);

}  // namespace emostage::internal

#endif  // EMOSTAGE_DIALOGUE_READERS_INTERNAL_H_
