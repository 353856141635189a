#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "emostage/error.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunkBytes = std::size_t{64} << 10;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ > STDERR_FILENO) ::close(fd_);
  }

  [[nodiscard]] int get() const { return fd_; }
  // Closes now, for close() can be the first to report a failed write. False on failure.
  [[nodiscard]] bool Close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

// Deletes the file it created unless told that it has found its place.
class TemporaryFile {
 public:
  TemporaryFile() = default;
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  // Creates a file beside `target` and returns its descriptor; -1 with errno set on failure.
  [[nodiscard]] int Create(const fs::path& target, mode_t mode) {
    static std::atomic<unsigned> counter{0};
    constexpr int kAttempts = 100;  // a killed process of the same number may have left some names
    for (int i = 0; i < kAttempts; ++i) {
      fs::path path = target.parent_path() / (".emostage-" + std::to_string(::getpid()) + "-" +
                                              std::to_string(counter.fetch_add(1)) + ".tmp");
      // O_EXCL: never write through a file or link that someone else put there.
      const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
      if (fd >= 0) path_ = std::move(path);
      if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
  }

  [[nodiscard]] const fs::path& path() const { return path_; }
  void Keep() { path_.clear(); }

 private:
  fs::path path_;
};

[[noreturn]] void Fail(const std::string& verb, const std::string& name, int error) {
  std::string remedy;
  if (error == ENOENT) remedy = "check the path";
  if (error == EACCES || error == EPERM) remedy = "check the permissions";
  if (error == ENOSPC || error == EDQUOT) remedy = "free some disk space";
  throw Error(ErrorCode::kIo,
              "cannot " + verb + " " + name + ": " + std::system_category().message(error), remedy);
}

void WriteAll(int fd, std::string_view content, const std::string& name) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      Fail("write", name, errno);
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

// The file that a symbolic link stands for; `path` itself where it is none.
fs::path FollowLinks(fs::path path) {
  constexpr int kMaxLinks = 40;  // as Linux does
  std::error_code error;
  for (int i = 0; i < kMaxLinks && fs::is_symlink(path, error); ++i) {
    const fs::path target = fs::read_symlink(path, error);
    if (error) break;
    path = path.parent_path() / target;  // an absolute target replaces the whole
  }
  return path;
}

}  // namespace

std::string ReadFile(const fs::path& path, std::size_t max_bytes) {
  const bool is_stdin = path == "-";
  const std::string name = is_stdin ? "standard input" : path.string();
  const Descriptor file(is_stdin ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) Fail("read", name, errno);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) Fail("read", name, errno);
  if (S_ISDIR(status.st_mode)) {
    throw Error(ErrorCode::kIo, "cannot read " + name + ": it is a directory",
                "name a file inside it");
  }
  std::string content;
  if (S_ISREG(status.st_mode)) {  // a file's size is only a hint: it may be growing
    content.reserve(std::min(static_cast<std::size_t>(status.st_size), max_bytes) + kChunkBytes);
  }
  for (;;) {
    const std::size_t before = content.size();
    content.resize(before + kChunkBytes);
    const ssize_t got = ::read(file.get(), content.data() + before, kChunkBytes);
    const int error = errno;
    content.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got < 0 && error != EINTR) Fail("read", name, error);
    if (got == 0) return content;
    if (content.size() > max_bytes) {
      throw Error(
          ErrorCode::kIo,
          "cannot read " + name + ": it holds more than " + std::to_string(max_bytes) + " bytes",
          "check that this is the file you meant");
    }
  }
}

void WriteFileAtomically(const fs::path& path, std::string_view content) {
  const std::string name = path.string();
  const fs::path target = FollowLinks(path);
  mode_t mode = 0666;  // less what the umask takes
  struct stat status{};
  const bool exists = ::stat(target.c_str(), &status) == 0;
  if (exists) {
    if (!S_ISREG(status.st_mode)) {
      throw Error(ErrorCode::kIo, "cannot write " + name + ": it is not a regular file",
                  "choose another path");
    }
    mode = status.st_mode & 07777U;
  }
  TemporaryFile temporary;
  Descriptor file(temporary.Create(target, mode));
  if (file.get() < 0) Fail("write", name, errno);
  if (exists && ::fchmod(file.get(), mode) != 0) Fail("write", name, errno);
  WriteAll(file.get(), content, name);
  if (::fsync(file.get()) != 0 || !file.Close()) Fail("write", name, errno);
  if (::rename(temporary.path().c_str(), target.c_str()) != 0) Fail("write", name, errno);
  temporary.Keep();

  // The rename itself lasts only once the directory is on the disk. The content is complete either
  // way, and some file systems cannot sync a directory, so failure here is no error.
  const fs::path parent = target.parent_path().empty() ? fs::path(".") : target.parent_path();
  const Descriptor directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() >= 0) ::fsync(directory.get());
}

}  // namespace emostage
