#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "dialogue/readers_internal.h"
#include "emostage/error.h"

namespace emostage::internal {
namespace {

constexpr std::pair<std::string_view, Role> kLabels[] = {
    {"来访者", Role::kClient},
    {"心理咨询师", Role::kCounsellor},
    {"咨询师", Role::kCounsellor},
};

struct LabelledLine {
  Role role;
  std::string_view text;  // what follows the label
};

std::optional<LabelledLine> ReadLabel(std::string_view line) {
  line = Trim(line);
  for (const auto& [label, role] : kLabels) {
    if (!line.starts_with(label)) continue;
    const std::string_view rest = Trim(line.substr(label.size()));
    for (const std::string_view colon : {"：", ":"}) {
      if (rest.starts_with(colon)) return LabelledLine{role, rest.substr(colon.size())};
    }
  }
  return std::nullopt;
}

}  // namespace

bool LooksLikeTranscript(std::string_view content) {
  for (const std::string_view line : SplitLines(content)) {
    if (ReadLabel(line)) return true;
  }
  return false;
}

Dialogue ReadTranscript(std::string_view content) {
  Dialogue dialogue;
  std::optional<Role> role;
  std::string text;
  for (const std::string_view line : SplitLines(content)) {
    if (const std::optional<LabelledLine> labelled = ReadLabel(line)) {
      if (role) AddTurn(*role, text, "", &dialogue);
      role = labelled->role;
      text = labelled->text;
    } else if (role) {
      // A paragraph more of the same turn. A colon in it ("妈妈：…") is prose, not a speaker.
      text += '\n';
      text += line;
    }
    // Lines before the first label are a title: nobody says them.
  }
  if (role) AddTurn(*role, text, "", &dialogue);
  if (dialogue.turns.empty()) {
    throw Error(ErrorCode::kInput, "the dialogue has no turns with words in them",
                "start each turn with 来访者： or 心理咨询师：");
  }
  return dialogue;
}

}  // namespace emostage::internal
