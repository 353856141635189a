#ifndef EMOSTAGE_SERVE_NOTICES_H_
#define EMOSTAGE_SERVE_NOTICES_H_

#include <string>
#include <string_view>

#include "emostage/answer.h"
#include "knowledge/safety_knowledge.h"

namespace emostage {

// Chat programs show nothing but a reply's text: what the page shows beside it stands before and
// after it there, and is taken out again when such a program sends the talk back.

[[nodiscard]] std::string NoticeBefore(const std::string& disclosure);  // empty: none
[[nodiscard]] std::string NoticeAfter(const RiskReading& risk);         // empty: no card
// A reply without them.
[[nodiscard]] std::string WithoutNotices(const SafetyKnowledge& safety, std::string_view text);

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_NOTICES_H_
