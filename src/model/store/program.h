#ifndef EMOSTAGE_MODEL_STORE_PROGRAM_H_
#define EMOSTAGE_MODEL_STORE_PROGRAM_H_

#include <chrono>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

// Running another program and waiting for it.
namespace emostage::model_store {

struct ProgramCall {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH unless it holds a slash; no shell
  std::vector<std::pair<std::string, std::string>> environment;  // beside the inherited one
  std::filesystem::path folder;                                  // to run in
  std::chrono::milliseconds timeout{0};                          // 0: none
  std::stop_token stop;
  std::function<void()> on_tick;  // called several times a second; what it throws leaves Run
};

struct ProgramEnd {
  enum class Kind { kExited, kNotFound, kTimedOut, kStopped };
  Kind kind = Kind::kExited;
  int status = 0;      // the exit status, or 128 + the signal that ended it
  std::string output;  // the last of what it wrote to stdout and stderr, at most 64 KiB
};

// The program reads nothing, stands in a process group of its own, and no child of it outlives the
// call: the group is told to end (SIGTERM, three seconds later SIGKILL) when the call is stopped,
// times out or throws. Throws Error(kIo) when it cannot be started though it exists. Safe from any
// thread.
[[nodiscard]] ProgramEnd RunProgram(const ProgramCall& call);

}  // namespace emostage::model_store

#endif  // EMOSTAGE_MODEL_STORE_PROGRAM_H_
