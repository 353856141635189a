#ifndef EMOSTAGE_BASE_FILE_H_
#define EMOSTAGE_BASE_FILE_H_

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace emostage {

// The bytes of a file, or of standard input where `path` is "-". Pipes can be read too. Throws
// Error(kIo) where the file is missing, is a directory, holds more than `max_bytes` or cannot be
// read.
[[nodiscard]] std::string ReadFile(const std::filesystem::path& path,
                                   std::size_t max_bytes = std::size_t{256} << 20);

// Writes `content` to `path` so that any reader, and a machine that loses power, sees either the
// old file or the whole new one. The bytes go to a temporary file in the same directory, which is
// synced and renamed; it is removed on failure. A symbolic link is followed; an existing file keeps
// its permissions; anything but a regular file (a directory, a device) is refused.
// Throws Error(kIo); the old file is then unchanged.
void WriteFileAtomically(const std::filesystem::path& path, std::string_view content);

}  // namespace emostage

#endif  // EMOSTAGE_BASE_FILE_H_
