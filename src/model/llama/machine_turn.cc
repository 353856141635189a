#include "model/llama/machine_turn.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace emostage {

namespace {

int OpenLock(const char* ending) {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const std::string folder = runtime != nullptr && *runtime != '\0' ? runtime : "/tmp";
  const std::string path = folder + "/emostage-" + std::to_string(getuid()) + ending;
  // O_NOFOLLOW: in a shared /tmp the name could be somebody's link.
  return open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

void Lock(int file) {
  while (flock(file, LOCK_EX) != 0 && errno == EINTR) {
  }
}

}  // namespace

MachineTurn::MachineTurn() : queue_(OpenLock(".queue")), turn_(OpenLock(".turn")) {}

MachineTurn::~MachineTurn() {
  if (queue_ >= 0) close(queue_);
  if (turn_ >= 0) close(turn_);
}

void MachineTurn::Take() {
  if (queue_ < 0 || turn_ < 0) return;
  // The system hands a lock to nobody: who gives it and wants it again at once mostly has it before
  // whoever waited is awake. So who waits holds the queue, and who wants another turn waits behind.
  Lock(queue_);
  Lock(turn_);
  flock(queue_, LOCK_UN);
}

void MachineTurn::Give() {
  if (turn_ >= 0) flock(turn_, LOCK_UN);
}

}  // namespace emostage
