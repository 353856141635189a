#ifndef EMOSTAGE_KNOWLEDGE_EMBEDDED_H_
#define EMOSTAGE_KNOWLEDGE_EMBEDDED_H_

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace emostage {

// One file built into the program by emostage_embed() (cmake/EmostageEmbed.cmake).
struct EmbeddedEntry {
  std::string_view path;  // relative, with '/': "phases/hill.toml"
  std::string_view text;
};

// The files of data/ as they were at build time, sorted by path; README.md is left out. They live
// as long as the program.
[[nodiscard]] std::span<const EmbeddedEntry> EmbeddedFiles();
// One of them by its path below data/. Throws Error(kKnowledge) if there is none.
[[nodiscard]] std::string_view EmbeddedFile(std::string_view relative_path);

// Where data files are read from: a folder that stands in for the whole of data/, or the files
// built in. Immutable; safe to share between threads.
class DataSource {
 public:
  // `folder` if given, else the folder that the environment's EMOSTAGE_DATA names, else built in.
  [[nodiscard]] static DataSource Open(std::optional<std::filesystem::path> folder = std::nullopt);

  // The paths of the files directly below `folder` ("phases") that end in `extension` (".toml"),
  // sorted; empty if there are none.
  [[nodiscard]] std::vector<std::string> List(std::string_view folder,
                                              std::string_view extension) const;
  // Throws Error(kKnowledge) if the file is missing or cannot be read.
  [[nodiscard]] std::string Read(std::string_view relative_path) const;
  // How messages name that file: "data/phases/hill.toml", or its place below the folder.
  [[nodiscard]] std::string DisplayName(std::string_view relative_path) const;

 private:
  explicit DataSource(std::optional<std::filesystem::path> folder) : folder_(std::move(folder)) {}

  std::optional<std::filesystem::path> folder_;
};

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_EMBEDDED_H_
