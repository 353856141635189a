#ifndef EMOSTAGE_SERVE_REFUSAL_H_
#define EMOSTAGE_SERVE_REFUSAL_H_

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

#include "serve/http/server.h"

namespace emostage {

// An answer other than success, thrown by whatever handles a request.
class Refusal : public std::runtime_error {
 public:
  // `code` is a word for programs ("not_found"); `what` a line for people: what happened, then,
  // after a semicolon, what to do about it. `param` names the field at fault, if one is.
  Refusal(int status, std::string code, const std::string& what, std::string param = "")
      : std::runtime_error(what),
        status_(status),
        code_(std::move(code)),
        param_(std::move(param)) {}

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const std::string& code() const { return code_; }
  [[nodiscard]] const std::string& param() const { return param_; }
  [[nodiscard]] int retry_after_s() const { return retry_after_s_; }
  [[nodiscard]] Refusal RetryAfter(int seconds) && {
    retry_after_s_ = seconds;
    return std::move(*this);
  }

 private:
  int status_;
  std::string code_;
  std::string param_;
  int retry_after_s_ = 0;
};

// The refusal that any exception comes to: an Error by its code, anything else a fault of ours.
[[nodiscard]] Refusal AsRefusal(const std::exception_ptr& exception);

// {"error": {"message", "type", "param", "code"}}, as OpenAI's clients read it.
[[nodiscard]] std::string ErrorBody(const Refusal& refusal);
void SendRefusal(HttpReply& reply, const Refusal& refusal);

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_REFUSAL_H_
