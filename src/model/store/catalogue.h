#ifndef EMOSTAGE_MODEL_STORE_CATALOGUE_H_
#define EMOSTAGE_MODEL_STORE_CATALOGUE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace emostage {

// A model file that travels inside a Python wheel.
struct WheelSource {
  std::string package;  // the PyPI package's name
  std::string version;  // the one version that was checked
  std::string member;   // the model's path inside the wheel
  std::string sha256;   // of that member, 64 lower-case hex digits
};

// One model of data/models.toml. A field that could not be confirmed is empty: what is not known
// is not invented.
struct ModelEntry {
  std::string name;                    // "qwen3-4b"; what a user types, matched without case
  std::string family;                  // "Qwen3"
  std::string parameters;              // "4B", as the publisher says it
  std::vector<std::string> languages;  // language codes it is meant for: "en", "zh", "ja"
  std::string licence;                 // an SPDX id or the licence's title; may be empty
  std::string note;                    // one line for the list; may be empty
  std::string file;                    // the file's name in the models folder, "….gguf"
  std::string url;                     // https://, or http:// on this machine; may be empty
  std::string sha256;                  // of the file at `url`, lower-case hex; may be empty
  std::optional<std::uint64_t> bytes;  // the model file's size
  std::optional<WheelSource> wheel;    // instead of `url`, never beside it

  // Whether the catalogue knows where to pull it from.
  [[nodiscard]] bool HasSource() const { return !url.empty() || wheel.has_value(); }
};

// The models EmoStage knows by name. Immutable after Parse, so any number of threads may read one.
class ModelCatalogue {
 public:
  // Knows no model.
  ModelCatalogue() = default;

  // Reads the text of data/models.toml; `file_name` is only what errors call it. Throws
  // Error(kKnowledge) naming the file, and the line where there is one, for TOML that does not
  // parse, an unknown or missing key, a value of the wrong shape, or two models of one name.
  [[nodiscard]] static ModelCatalogue Parse(std::string_view toml, std::string_view file_name);

  // In the file's order. Lives as long as the catalogue.
  [[nodiscard]] std::span<const ModelEntry> entries() const { return entries_; }

  // The entry called `name`, ASCII case ignored; null when there is none. Lives as long as the
  // catalogue.
  [[nodiscard]] const ModelEntry* Find(std::string_view name) const;

  // As Find, but throws Error(kUsage), with the nearest name where one is near, for an unknown one.
  [[nodiscard]] const ModelEntry& Get(std::string_view name) const;

  // The known name nearest to `name`, for "did you mean"; empty when none is near.
  [[nodiscard]] std::string_view Nearest(std::string_view name) const;

 private:
  std::vector<ModelEntry> entries_;
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_STORE_CATALOGUE_H_
