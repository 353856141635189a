#ifndef EMOSTAGE_MODEL_OPENAI_ANSWER_ERROR_H_
#define EMOSTAGE_MODEL_OPENAI_ANSWER_ERROR_H_

#include <string>
#include <string_view>
#include <vector>

#include "emostage/error.h"
#include "model/openai/http_loop.h"

// What went wrong with a server's answer, in one line that says what to do. Servers repeat in their
// messages what they were sent; so nothing of a server's own text is passed on but short names of
// faults. Nor are keys, passwords or the words of a dialogue.
namespace emostage::openai {

struct AnswerPlace {
  std::string url;                  // as it may be shown
  std::string model;                // that was asked for
  std::vector<std::string> models;  // that the server has
};

// For a status other than 2xx.
[[nodiscard]] Error StatusError(const HttpHead& head, std::string_view body,
                                const AnswerPlace& place);
// For a request that did not end in order.
[[nodiscard]] Error BrokenError(HttpEnd end, const std::string& problem, const AnswerPlace& place);
// For a 200 that is not what was asked for.
[[nodiscard]] Error NonsenseError(const HttpHead& head, std::string_view body,
                                  const AnswerPlace& place);
// An answer that ended before its end.
[[nodiscard]] Error CutError(const AnswerPlace& place);
// A stream that ended, or went wrong, after some of it was handed on.
[[nodiscard]] Error BrokeOffError(const AnswerPlace& place);
// An answer that was not whole when the question's deadline came.
[[nodiscard]] Error LateError();
// A fault that the server reports in the middle of a stream.
[[nodiscard]] Error ReportedError(std::string_view event, const AnswerPlace& place);

// Whether a server's complaint is that the question is longer than its context.
[[nodiscard]] bool IsAboutContext(std::string_view body);

}  // namespace emostage::openai

#endif  // EMOSTAGE_MODEL_OPENAI_ANSWER_ERROR_H_
