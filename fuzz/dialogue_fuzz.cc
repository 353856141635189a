#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "dialogue/readers.h"
#include "emostage/dialogue.h"
#include "emostage/error.h"

namespace {

void Require(bool condition, const char* what) {
  if (condition) return;
  std::cerr << "broken promise: " << what << "\n";
  std::abort();
}

void CheckError(const emostage::Error& error) {
  const std::string_view message = error.what();
  Require(error.code() == emostage::ErrorCode::kInput, "bad input is an input error");
  Require(message.find('\n') == std::string_view::npos, "a message is one line");
  Require(emostage::IsValidUtf8(message), "a message is UTF-8");
}

void CheckText(std::string_view bytes) {
  const std::string repaired = emostage::RepairUtf8(bytes);
  Require(emostage::IsValidUtf8(repaired), "repaired text is UTF-8");
  Require(emostage::RepairUtf8(repaired) == repaired, "repairing is idempotent");
  Require(emostage::CompleteUtf8Length(bytes) + 3 >= bytes.size(), "at most 3 bytes are held back");
  const std::size_t half = bytes.size() / 2;
  const std::string_view prefix = emostage::Utf8Prefix(repaired, half);
  Require(prefix.size() <= half && emostage::IsValidUtf8(prefix), "a prefix fits and is UTF-8");
  constexpr std::size_t kColumns = 10;
  for (const std::string& row : emostage::Wrap(repaired, kColumns)) {
    Require(emostage::DisplayWidth(row) <= kColumns, "a wrapped row fits");
  }
}

void CheckJson(std::string_view bytes) {
  try {
    const emostage::Json value = emostage::ParseJson(bytes, "the input");
    const std::string dumped = emostage::DumpJson(value);
    Require(emostage::ParseJson(dumped, "the dump") == value, "JSON is read back unchanged");
  } catch (const emostage::Error& error) {
    CheckError(error);
  }
}

void CheckDialogues(std::string_view bytes, emostage::DialogueFormat format) {
  std::vector<emostage::Dialogue> dialogues;
  try {
    dialogues = emostage::ReadDialogues(bytes, format);
  } catch (const emostage::Error& error) {
    CheckError(error);
    return;
  }
  Require(!dialogues.empty(), "there is a dialogue or an error");
  for (const emostage::Dialogue& dialogue : dialogues) {
    Require(!dialogue.turns.empty(), "a dialogue has turns");
    for (const emostage::Turn& turn : dialogue.turns) {
      Require(!turn.text.empty() && emostage::IsValidUtf8(turn.text), "a turn has words");
    }
    (void)emostage::DetectLanguage(dialogue);
    // The dialogue was read once, so what is written must be read without an error, unchanged.
    const std::string json = emostage::DialogueToJson(dialogue);
    Require(emostage::DialogueToJson(emostage::ParseDialogue(json)) == json,
            "a written dialogue is read back unchanged");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  CheckText(bytes);
  CheckJson(bytes);
  for (std::size_t i = 0; i < emostage::FormatNames().size(); ++i) {
    CheckDialogues(bytes, static_cast<emostage::DialogueFormat>(i));
  }
  return 0;
}
