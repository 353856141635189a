#ifndef EMOSTAGE_MODEL_STORE_DISK_H_
#define EMOSTAGE_MODEL_STORE_DISK_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

// What the downloads need of the file system. Functions are safe from any thread and throw
// Error(kIo) unless they say otherwise.
namespace emostage::model_store {

// Owns a file descriptor, or none (-1).
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept;
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { Reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool ok() const { return fd_ >= 0; }
  void Reset();

 private:
  int fd_ = -1;
};

// Throws Error(kIo, "cannot VERB PATH: reason") for the errno value `error`.
[[noreturn]] void ThrowIo(const std::string& verb, const std::filesystem::path& path, int error);

// Whether `error` says that no more bytes fit: a full disk, a quota or a limit on file sizes.
[[nodiscard]] bool IsDiskFull(int error);

// Held by one owner at a time, in this process or any other; let go with the object, or when the
// process dies. The file at `path` exists only while it is held.
class FileLock {
 public:
  // Throws Error(kBusy) when somebody else holds it; `what` names what is locked, for the message.
  FileLock(std::filesystem::path path, const std::string& what);
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  std::filesystem::path path_;
  UniqueFd fd_;
};

void CreateFolders(const std::filesystem::path& folder);

// Bytes that may still be written in `folder`; nullopt when the file system does not say.
[[nodiscard]] std::optional<std::uint64_t> FreeBytes(const std::filesystem::path& folder);

// Throws Error(kIo) when `needed` bytes certainly do not fit in `folder`.
void CheckRoom(const std::filesystem::path& folder, std::uint64_t needed, const std::string& what);

// Forces a file's bytes to the disk.
void SyncFile(const std::filesystem::path& path);

// Renames the finished and synced file `from` to `to` in the same file system, replacing it, and
// forces the new name to the disk.
void InstallFile(const std::filesystem::path& from, const std::filesystem::path& to);

// `path` with `suffix` behind its last letter: model.gguf -> model.gguf.part.
[[nodiscard]] std::filesystem::path WithSuffix(const std::filesystem::path& path,
                                               std::string_view suffix);

// "98.4 MB": powers of 1000, one decimal from kB up.
[[nodiscard]] std::string HumanBytes(std::uint64_t bytes);

}  // namespace emostage::model_store

#endif  // EMOSTAGE_MODEL_STORE_DISK_H_
