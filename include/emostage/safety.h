#ifndef EMOSTAGE_SAFETY_H_
#define EMOSTAGE_SAFETY_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emostage/dialogue.h"

// The safety layer beside every method; docs/safety.md tells how it works. It reads each client
// turn before the method does and may answer in the method's place, with texts written beforehand.
// It claims no clinical triage.
namespace emostage {

// After the steps of the C-SSRS screener, in our adaptation. From kModerate on the protocol speaks.
enum class RiskLevel { kNone, kLow, kModerate, kHigh, kImminent };

// "none", "low", "moderate", "high", "imminent".
[[nodiscard]] std::string_view RiskLevelName(RiskLevel level);
[[nodiscard]] std::optional<RiskLevel> RiskLevelFromName(std::string_view name);

// Something for an operator to know of, without a word of what was said.
struct RiskEvent {
  std::string what;  // "level_changed", "took_over", "reply_held_back"
  RiskLevel from = RiskLevel::kNone;
  RiskLevel to = RiskLevel::kNone;
  std::string track;  // whom or what the danger concerns: "self", "others", "abuse", …
  Language language = Language::kEnglish;
};

struct SafetyOptions {
  // False: nothing is read and the method always speaks. For measurements of methods only.
  bool enabled = true;
  // Also ask the model how great the danger is, beside the patterns. One more question a turn.
  bool ask_model = true;
  // False: the learned weights of data/safety/weights.*.toml are not read. For measurements only.
  bool weigh_words = true;
  // Two letters (ISO 3166), for the numbers on the card; empty: the client is asked.
  std::string country;
  bool minors = false;                             // remind of what this is after every three hours
  std::function<void(const RiskEvent&)> on_event;  // on the thread that called Respond
};

// What is known of a talk besides its words.
struct TalkTimes {
  double away_hours = 0;             // since the client last wrote; 0: not known, or no time
  double together_hours = 0;         // since this sitting began
  double together_hours_before = 0;  // the same at the client's last turn
};

}  // namespace emostage

#endif  // EMOSTAGE_SAFETY_H_
