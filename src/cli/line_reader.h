#ifndef EMOSTAGE_CLI_LINE_READER_H_
#define EMOSTAGE_CLI_LINE_READER_H_

#include <optional>
#include <string>

namespace emostage {

// Lines from the standard input: edited with history where that is a terminal, plain otherwise.
// The history lives in memory only; what a client wrote is never put on disk by it.
class LineReader {
 public:
  explicit LineReader(std::string prompt);

  // nullopt at the end. Ctrl-C gives up the line and starts a new one.
  [[nodiscard]] std::optional<std::string> Next();

 private:
  std::string prompt_;
  bool terminal_;
};

}  // namespace emostage

#endif  // EMOSTAGE_CLI_LINE_READER_H_
