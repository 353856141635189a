#ifndef EMOSTAGE_ERROR_H_
#define EMOSTAGE_ERROR_H_

#include <stdexcept>
#include <string>
#include <utility>

namespace emostage {

// What kind of thing went wrong. The set is closed: a caller may switch over it.
enum class ErrorCode {
  kUsage,      // the caller asked for something that does not exist (method, scheme, option)
  kInput,      // a dialogue or other outside data could not be understood
  kModel,      // a model file or model call failed
  kKnowledge,  // a file under data/ is malformed
  kIo,         // a file could not be read or written
  kNetwork,    // a download or a remote call failed
  kCancelled,  // the caller asked to stop
  kBusy,       // no room for more work now; try again later
  kInternal,   // a fault of this program
};

// The one exception type thrown across the public interface.
//
// what() is one line without a trailing newline: what happened, then "; " and what to do about it
// (the remedy), when there is something to do.
class Error : public std::runtime_error {
 public:
  explicit Error(ErrorCode code, const std::string& what, const std::string& remedy = "")
      : std::runtime_error(remedy.empty() ? what : what + "; " + remedy), code_(code) {}

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  // Of kBusy: after how many seconds it is worth trying again; 0: not known.
  [[nodiscard]] int retry_after_s() const noexcept { return retry_after_s_; }
  [[nodiscard]] Error RetryAfter(int seconds) && {
    retry_after_s_ = seconds;
    return std::move(*this);
  }

 private:
  ErrorCode code_;
  int retry_after_s_ = 0;
};

}  // namespace emostage

#endif  // EMOSTAGE_ERROR_H_
