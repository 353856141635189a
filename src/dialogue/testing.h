#ifndef EMOSTAGE_DIALOGUE_TESTING_H_
#define EMOSTAGE_DIALOGUE_TESTING_H_

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "dialogue/readers.h"
#include "emostage/dialogue.h"
#include "emostage/error.h"

namespace emostage {

// "client: Hi | counsellor[Question]: Why? | ": a dialogue in one line, to compare.
inline std::string Show(const Dialogue& dialogue) {
  std::string shown;
  for (const Turn& turn : dialogue.turns) {
    shown += RoleName(turn.role);
    if (!turn.strategy.empty()) shown += "[" + turn.strategy + "]";
    shown += ": " + turn.text + " | ";
  }
  return shown;
}

// The one dialogue in `content`, shown; a failure if there are more.
inline std::string ShowOne(std::string_view content,
                           DialogueFormat format = DialogueFormat::kAuto) {
  const auto dialogues = ReadDialogues(content, format);
  EXPECT_EQ(dialogues.size(), 1U);
  return Show(dialogues.front());
}

// The message of the Error(kInput) that reading throws; empty where it throws none.
inline std::string ReadingFault(std::string_view content,
                                DialogueFormat format = DialogueFormat::kAuto) {
  try {
    const auto dialogues = ReadDialogues(content, format);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInput);
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << "more than one line: " << message;
    return message;
  }
  return "";
}

}  // namespace emostage

#endif  // EMOSTAGE_DIALOGUE_TESTING_H_
