#include "knowledge/embedded.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "base/file.h"
#include "emostage/error.h"

namespace emostage {

// Defined in the source that emostage_embed() writes.
std::span<const EmbeddedEntry> EmbeddedData();

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;

// That `path` lies directly in `folder`, and `name` is what follows.
bool IsDirectlyIn(std::string_view folder, std::string_view path) {
  return path.size() > folder.size() + 1 && path.starts_with(folder) &&
         path[folder.size()] == '/' && path.find('/', folder.size() + 1) == std::string_view::npos;
}

}  // namespace

std::span<const EmbeddedEntry> EmbeddedFiles() { return EmbeddedData(); }

std::string_view EmbeddedFile(std::string_view relative_path) {
  for (const EmbeddedEntry& entry : EmbeddedData()) {
    if (entry.path == relative_path) return entry.text;
  }
  throw Error(ErrorCode::kKnowledge,
              "data/" + std::string(relative_path) + " is not built into this program");
}

DataSource DataSource::Open(std::optional<fs::path> folder) {
  if (!folder) {
    const char* name = std::getenv("EMOSTAGE_DATA");
    if (name != nullptr && *name != '\0') folder = fs::path(name);
  }
  std::error_code ignored;
  if (folder && !fs::is_directory(*folder, ignored)) {
    throw Error(ErrorCode::kKnowledge, "the data folder " + folder->string() + " does not exist",
                "give a copy of data/, or unset EMOSTAGE_DATA to use what is built in");
  }
  return DataSource(std::move(folder));
}

std::vector<std::string> DataSource::List(std::string_view folder,
                                          std::string_view extension) const {
  std::vector<std::string> paths;
  if (!folder_) {
    for (const EmbeddedEntry& entry : EmbeddedData()) {
      if (IsDirectlyIn(folder, entry.path) && entry.path.ends_with(extension)) {
        paths.emplace_back(entry.path);
      }
    }
  } else {
    std::error_code fault;  // a folder that is missing holds no files
    for (fs::directory_iterator it(*folder_ / folder, fault), end; !fault && it != end;
         it.increment(fault)) {
      const std::string name = it->path().filename().string();
      std::error_code ignored;
      if (name.ends_with(extension) && name.front() != '.' && it->is_regular_file(ignored)) {
        paths.push_back(std::string(folder) + "/" + name);
      }
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string DataSource::Read(std::string_view relative_path) const {
  if (!folder_) return std::string(EmbeddedFile(relative_path));
  try {
    return ReadFile(*folder_ / relative_path, kMaxFileBytes);
  } catch (const Error& error) {
    throw Error(ErrorCode::kKnowledge, error.what());
  }
}

std::string DataSource::DisplayName(std::string_view relative_path) const {
  return folder_ ? (*folder_ / relative_path).string() : "data/" + std::string(relative_path);
}

}  // namespace emostage
