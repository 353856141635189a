#include "cli/store_arguments.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "emostage/error.h"

namespace emostage {
namespace {

// $XDG_DATA_HOME/emostage, or ~/.local/share/emostage.
std::filesystem::path DataFolder() {
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && *data == '/') return std::filesystem::path(data) / "emostage";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home != '/') {
    throw Error(ErrorCode::kUsage, "there is no home folder to keep talks in",
                "say where with --store FILE");
  }
  return std::filesystem::path(home) / ".local" / "share" / "emostage";
}

}  // namespace

void StoreArguments::AddTo(CLI::App& command) {
  command
      .add_option("--store", file,
                  "The file talks are kept in; 'memory' keeps none (default: in your data folder)")
      ->envname("EMOSTAGE_STORE")
      ->type_name("FILE");
  command
      .add_option("--store-key", key_file,
                  "The file with the key they are encrypted with (default: $EMOSTAGE_STORE_KEY, or "
                  "else FILE.key)")
      ->type_name("FILE");
}

std::string StoreArguments::path() const {
  return file.empty() ? (DataFolder() / "talks.db").string() : file;
}

std::shared_ptr<Store> StoreArguments::Open() const {
  if (file == "memory") return OpenMemoryStore();
  if (file.empty()) {
    const std::filesystem::path folder = DataFolder();
    std::error_code error;
    const bool made = std::filesystem::create_directories(folder, error);
    if (made) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    if (error) {
      throw Error(ErrorCode::kIo,
                  "cannot make the folder " + folder.string() + ": " + error.message(),
                  "say where to keep talks with --store FILE");
    }
  }
  return OpenSqliteStore({.file = path(), .key_file = key_file});
}

}  // namespace emostage
