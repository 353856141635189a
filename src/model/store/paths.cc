#include "model/store/paths.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "emostage/error.h"
#include "model/store/disk.h"
#include "model/store/record.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExtension = ".gguf";

fs::path FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? fs::path() : fs::path(value);
}

bool IsFile(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

// A file of `folder` by its own name; empty when there is none. Never leads out of the folder.
fs::path FileInFolder(std::string_view name, const fs::path& folder) {
  if (name.empty() || name.front() == '.' || name.find('/') != std::string_view::npos) return {};
  for (const std::string& file : {std::string(name), std::string(name) + std::string(kExtension)}) {
    if (file.ends_with(kExtension) && IsFile(folder / file)) return folder / file;
  }
  return {};
}

}  // namespace

fs::path CacheRoot() {
  if (fs::path own = FromEnvironment("EMOSTAGE_CACHE"); !own.empty()) return own;
  if (const fs::path xdg = FromEnvironment("XDG_CACHE_HOME"); xdg.is_absolute()) {
    return xdg / "emostage";
  }
  if (const fs::path home = FromEnvironment("HOME"); !home.empty()) {
    return home / ".cache" / "emostage";
  }
  throw Error(ErrorCode::kIo, "there is no place for models: HOME is not set",
              "set EMOSTAGE_CACHE to a folder");
}

fs::path ModelsFolder() { return CacheRoot() / "models"; }

std::vector<InstalledModel> InstalledModels(const ModelCatalogue& catalogue,
                                            const fs::path& folder) {
  std::vector<InstalledModel> models;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  if (error == std::errc::no_such_file_or_directory) return models;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    const std::string file = path.filename().string();
    if (path.extension() != kExtension || file.starts_with('.') || !IsFile(path)) continue;
    InstalledModel model;
    model.name = path.stem().string();
    model.path = path;
    std::error_code gone;
    model.bytes = fs::file_size(path, gone);
    if (gone) continue;  // removed between listing and asking
    for (const ModelEntry& known : catalogue.entries()) {
      if (known.file != file) continue;
      model.name = known.name;
      model.in_catalogue = true;
    }
    const std::optional<model_store::PullRecord> record = model_store::ReadRecord(path);
    if (record && record->bytes == model.bytes) {
      model.sha256 = record->sha256;
      model.verified = record->verified;
    }
    models.push_back(std::move(model));
  }
  if (error) model_store::ThrowIo("read the folder", folder, error.value());
  std::sort(models.begin(), models.end(),
            [](const InstalledModel& a, const InstalledModel& b) { return a.name < b.name; });
  return models;
}

fs::path ResolveModel(std::string_view name_or_path, const ModelCatalogue& catalogue,
                      const fs::path& folder) {
  if (fs::path given(name_or_path); IsFile(given)) return given;
  const std::string shown(name_or_path);
  if (const ModelEntry* entry = catalogue.Find(name_or_path)) {
    if (IsFile(folder / entry->file)) return folder / entry->file;
    throw Error(ErrorCode::kModel, "model '" + entry->name + "' is not on this machine",
                "run: emostage models pull " + entry->name);
  }
  if (fs::path found = FileInFolder(name_or_path, folder); !found.empty()) return found;
  if (name_or_path.find('/') != std::string_view::npos || name_or_path.ends_with(kExtension)) {
    throw Error(ErrorCode::kUsage, "there is no model file " + shown, "check the path");
  }
  return folder / catalogue.Get(name_or_path).file;  // throws: Find() knew no such name
}

}  // namespace emostage
