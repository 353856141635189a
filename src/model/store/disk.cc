#include "model/store/disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "emostage/error.h"

namespace emostage::model_store {

namespace fs = std::filesystem;

UniqueFd::UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    Reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void UniqueFd::Reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void ThrowIo(const std::string& verb, const fs::path& path, int error) {
  std::string remedy;
  if (IsDiskFull(error)) remedy = "free some disk space";
  if (error == EACCES || error == EPERM || error == EROFS) remedy = "check the permissions";
  throw Error(ErrorCode::kIo,
              "cannot " + verb + " " + path.string() + ": " + std::system_category().message(error),
              remedy);
}

bool IsDiskFull(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }

FileLock::FileLock(fs::path path, const std::string& what) : path_(std::move(path)) {
  while (true) {
    UniqueFd fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (!fd.ok()) ThrowIo("create", path_, errno);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno != EWOULDBLOCK) ThrowIo("lock", path_, errno);
      throw Error(ErrorCode::kBusy, "another pull of " + what + " is running",
                  "wait until it is done");
    }
    // The previous owner may have removed the file between our open and our lock; then what we
    // hold is a name nobody else will meet, and the lock must be taken on the new file.
    struct stat held{};
    struct stat named{};
    if (::fstat(fd.get(), &held) == 0 && ::stat(path_.c_str(), &named) == 0 &&
        held.st_ino == named.st_ino && held.st_dev == named.st_dev) {
      fd_ = std::move(fd);
      return;
    }
  }
}

FileLock::~FileLock() {
  // Removed before it is let go, so that whoever gets the lock next sees that the name is gone.
  ::unlink(path_.c_str());
}

void CreateFolders(const fs::path& folder) {
  if (folder.empty()) return;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) ThrowIo("create the folder", folder, error.value());
}

std::optional<std::uint64_t> FreeBytes(const fs::path& folder) {
  struct statvfs info{};
  const fs::path place = folder.empty() ? fs::path(".") : folder;
  // Some network and overlay file systems report no sizes at all.
  if (::statvfs(place.c_str(), &info) != 0 || info.f_blocks == 0) return std::nullopt;
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

void CheckRoom(const fs::path& folder, std::uint64_t needed, const std::string& what) {
  const std::optional<std::uint64_t> free = FreeBytes(folder);
  if (!free || *free >= needed) return;
  throw Error(ErrorCode::kIo,
              "not enough room on the disk for " + what + ": " + HumanBytes(needed) +
                  " are needed, " + HumanBytes(*free) + " are free",
              "free some space and run the same command again");
}

void SyncFile(const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok() || ::fsync(fd.get()) != 0) ThrowIo("write", path, errno);
}

void InstallFile(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) ThrowIo("write", to, errno);
  const fs::path folder = to.parent_path().empty() ? fs::path(".") : to.parent_path();
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems cannot sync a folder (EINVAL); the rename itself has happened.
  if (!fd.ok() || (::fsync(fd.get()) != 0 && errno != EINVAL)) ThrowIo("write", folder, errno);
}

fs::path WithSuffix(const fs::path& path, std::string_view suffix) {
  fs::path longer = path;
  longer += suffix;
  return longer;
}

std::string HumanBytes(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"bytes", "kB", "MB", "GB", "TB"};
  if (bytes < 1000) return std::to_string(bytes) + " bytes";
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f ", value);
  return std::string(text.data()) + std::string(kUnits[unit]);
}

}  // namespace emostage::model_store
