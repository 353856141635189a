#include "model/store/part.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "emostage/error.h"

namespace emostage::model_store {
namespace {

// How much a loss of power may cost. Syncing this often also keeps the kernel from piling up
// gigabytes of unwritten pages.
constexpr std::uint64_t kCheckpointBytes = std::uint64_t{64} << 20U;

// What is given back to a full disk so that the note can be written.
constexpr std::uint64_t kRoomForNote = std::uint64_t{256} << 10U;

}  // namespace

PartFile::PartFile(const std::filesystem::path& destination, std::string url, bool trust_any,
                   const std::stop_token& stop)
    : path_(WithSuffix(destination, ".part")), url_(std::move(url)), trust_any_(trust_any) {
  fd_ = UniqueFd(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!fd_.ok()) ThrowIo("write", path_, errno);
  TakeUp(stop);
}

void PartFile::TakeUp(const std::stop_token& stop) {
  const std::optional<PartNote> note = ReadNote(path_);
  if (!note || note->url != url_) return Truncate(0);
  note_ = *note;
  struct stat info{};
  if (::fstat(fd_.get(), &info) != 0) ThrowIo("read", path_, errno);
  const auto wanted =
      std::min<std::uint64_t>(static_cast<std::uint64_t>(info.st_size), note_.safe_bytes);
  std::vector<char> buffer(std::size_t{1} << 20U);
  while (size_ < wanted) {
    if (stop.stop_requested()) {
      throw Error(ErrorCode::kCancelled, "stopped", "run the same command again to resume");
    }
    const std::size_t chunk = std::min<std::uint64_t>(buffer.size(), wanted - size_);
    const ssize_t count = ::pread(fd_.get(), buffer.data(), chunk, static_cast<off_t>(size_));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) ThrowIo("read", path_, count < 0 ? errno : EIO);
    hash_.Update({buffer.data(), static_cast<std::size_t>(count)});
    size_ += static_cast<std::uint64_t>(count);
  }
  if (!Resumable()) return Restart({});
  Truncate(size_);
}

void PartFile::Truncate(std::uint64_t size) {
  if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) ThrowIo("write", path_, errno);
}

bool PartFile::Resumable() const { return size_ > 0 && (trust_any_ || !note_.Validator().empty()); }

void PartFile::Restart(PartNote note) {
  note_ = std::move(note);
  note_.url = url_;
  note_.safe_bytes = 0;
  size_ = 0;
  hash_ = Sha256();
  Truncate(0);
  WriteNote(path_, note_);
}

void PartFile::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (count < 0) {
      if (errno == EINTR) continue;
      if (!IsDiskFull(errno)) ThrowIo("write", path_, errno);
      throw Error(ErrorCode::kIo, "no room left on the disk for " + path_.string(),
                  Resumable() ? "free some space and run the same command again to resume"
                              : "free some space and run the same command again");
    }
    hash_.Update(bytes.substr(0, static_cast<std::size_t>(count)));
    size_ += static_cast<std::uint64_t>(count);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (size_ - note_.safe_bytes >= kCheckpointBytes) Checkpoint();
}

bool PartFile::StartsWith(std::string_view magic) const {
  std::string start(magic.size(), '\0');
  return ::pread(fd_.get(), start.data(), start.size(), 0) == static_cast<ssize_t>(magic.size()) &&
         start == magic;
}

void PartFile::Sync() {
  if (::fsync(fd_.get()) != 0) ThrowIo("write", path_, errno);
}

void PartFile::Checkpoint() {
  Sync();
  note_.safe_bytes = size_;
  WriteNote(path_, note_);
}

void PartFile::KeepOrDiscard() noexcept {
  if (!Resumable()) return Discard();
  try {
    try {
      Checkpoint();
    } catch (const Error&) {
      // On a full disk there is no room for the note either. The hash is of no use any more.
      size_ -= std::min(size_, kRoomForNote);
      Truncate(size_);
      Checkpoint();
    }
  } catch (const std::exception&) {
    // The note on the disk still vouches for fewer bytes than there are; nothing to mend.
    size_ = 0;
  }
}

void PartFile::Discard() noexcept {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
  RemoveNote(path_);
}

}  // namespace emostage::model_store
