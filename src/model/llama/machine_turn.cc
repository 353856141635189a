#include "model/llama/machine_turn.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace emostage {

MachineTurn::MachineTurn() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const std::string folder = runtime != nullptr && *runtime != '\0' ? runtime : "/tmp";
  const std::string path = folder + "/emostage-" + std::to_string(getuid()) + ".turn";
  // O_NOFOLLOW: in a shared /tmp the name could be somebody's link.
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

MachineTurn::~MachineTurn() {
  if (file_ >= 0) close(file_);
}

void MachineTurn::Take() {
  if (file_ < 0) return;
  while (flock(file_, LOCK_EX) != 0 && errno == EINTR) {
  }
}

void MachineTurn::Give() {
  if (file_ >= 0) flock(file_, LOCK_UN);
}

}  // namespace emostage
