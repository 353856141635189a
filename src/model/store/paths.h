#ifndef EMOSTAGE_MODEL_STORE_PATHS_H_
#define EMOSTAGE_MODEL_STORE_PATHS_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "model/store/catalogue.h"

namespace emostage {

// Where EmoStage keeps what it downloads: $EMOSTAGE_CACHE, else $XDG_CACHE_HOME/emostage, else
// $HOME/.cache/emostage. A variable that is empty counts as unset, and so does an XDG_CACHE_HOME
// that is not absolute, as its specification wants. Creates nothing. Throws Error(kIo) when none
// of the three is set. Reads the environment: not to be run beside setenv.
[[nodiscard]] std::filesystem::path CacheRoot();

// CacheRoot()/models.
[[nodiscard]] std::filesystem::path ModelsFolder();

// A model file in the models folder.
struct InstalledModel {
  std::string name;  // the catalogue's name for it, else the file's name without ".gguf"
  std::filesystem::path path;
  std::uint64_t bytes = 0;
  std::string sha256;     // as computed when it was pulled; empty when not pulled by EmoStage
  bool verified = false;  // whether that checksum was compared with an expected one
  bool in_catalogue = false;
};

// The models in `folder`, sorted by name; downloads under way are not among them. A folder that
// does not exist holds none. Throws Error(kIo) when the folder cannot be read. Reads no model file,
// only names, sizes and the small records beside them.
[[nodiscard]] std::vector<InstalledModel> InstalledModels(
    const ModelCatalogue& catalogue, const std::filesystem::path& folder = ModelsFolder());

// The file that `name_or_path` means, by the first of these that fits: an existing file; a name of
// the catalogue whose file is in `folder`; the name of a file in `folder`, with or without
// ".gguf". Throws Error(kModel), saying how to pull it, for a catalogue model that is not on this
// machine, and Error(kUsage) for anything else, with the nearest name where one is near.
[[nodiscard]] std::filesystem::path ResolveModel(
    std::string_view name_or_path, const ModelCatalogue& catalogue,
    const std::filesystem::path& folder = ModelsFolder());

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_STORE_PATHS_H_
