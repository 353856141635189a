#ifndef EMOSTAGE_METHOD_ANSWER_JSON_H_
#define EMOSTAGE_METHOD_ANSWER_JSON_H_

#include "base/json.h"
#include "emostage/answer.h"

namespace emostage {

// What AnswerToJson and StepToJson write, for those who go on building with it.
[[nodiscard]] OrderedJson AnswerObject(const Answer& answer);
[[nodiscard]] OrderedJson RiskObject(const RiskReading& risk);
[[nodiscard]] OrderedJson StepObject(const Step& step);

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_ANSWER_JSON_H_
