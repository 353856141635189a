#ifndef EMOSTAGE_CLI_DRAW_H_
#define EMOSTAGE_CLI_DRAW_H_

#include <string>
#include <utility>
#include <vector>

#include "emostage/answer.h"
#include "emostage/dialogue.h"

namespace emostage {

class Knowledge;

// Pictures for the terminal, on stdout: in colour where that is a terminal and $NO_COLOR is unset,
// as wide as the terminal up to 100 columns.

void DrawHeading(const std::string& title);
// Two columns, the second wrapped.
void DrawList(const std::vector<std::pair<std::string, std::string>>& rows);
void DrawDialogue(const Dialogue& dialogue);
// The whole trace of a reply: perspective, phase, steps with what each read and reused.
void DrawAnswer(const Answer& answer, const Knowledge& knowledge);
// People to turn to, as a box.
void DrawCard(const RiskCard& card);
// A notice of the program's own, set off from what is said.
void DrawNotice(const std::string& text);
void DrawPhase(const PhaseBelief& belief, const Knowledge& knowledge, Language language);

// `share` of `columns` as a bar, in eighths of a column.
[[nodiscard]] std::string Bar(double share, int columns);
// Padded to a number of terminal columns.
[[nodiscard]] std::string Padded(const std::string& text, size_t columns);

}  // namespace emostage

#endif  // EMOSTAGE_CLI_DRAW_H_
