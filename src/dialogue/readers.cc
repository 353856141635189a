#include "dialogue/readers.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "dialogue/readers_internal.h"
#include "emostage/dialogue.h"
#include "emostage/error.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;

constexpr std::pair<std::string_view, DialogueFormat> kFormats[] = {
    {"auto", DialogueFormat::kAuto},
    {"emostage", DialogueFormat::kEmoStage},
    {"openai", DialogueFormat::kOpenAi},
    {"esconv", DialogueFormat::kEsconv},
    {"cpsycoun", DialogueFormat::kCpsycoun},
    {"smile", DialogueFormat::kSmile},
    {"kokorochat", DialogueFormat::kKokoroChat},
    {"empatheticdialogues", DialogueFormat::kEmpatheticDialogues},
};

// Tells the families of formats apart; the JSON reader needs to know no more than that.
DialogueFormat Recognise(std::string_view content) {
  if (content.starts_with('[') || content.starts_with('{')) return DialogueFormat::kEmoStage;
  if (internal::LooksLikeEmpatheticDialogues(content)) return DialogueFormat::kEmpatheticDialogues;
  if (internal::LooksLikeTranscript(content)) return DialogueFormat::kCpsycoun;
  throw Error(ErrorCode::kInput, "the dialogue is in no format known here",
              "give a JSON array of {\"role\": \"client\" or \"counsellor\", \"text\"}");
}

std::vector<Dialogue> ReadOneFile(const fs::path& path, DialogueFormat format) {
  const std::string content = ReadFile(path);
  std::vector<Dialogue> dialogues;
  try {
    dialogues = ReadDialogues(content, format);
  } catch (const Error& error) {
    throw Error(error.code(),
                (path == "-" ? "standard input" : path.string()) + ": " + error.what());
  }
  const std::string stem = path == "-" ? "" : RepairUtf8(path.stem().string());
  if (stem.empty()) return dialogues;
  for (std::size_t i = 0; i < dialogues.size(); ++i) {
    if (!dialogues[i].id.empty()) continue;
    dialogues[i].id = dialogues.size() == 1 ? stem : stem + "-" + std::to_string(i + 1);
  }
  return dialogues;
}

std::vector<fs::path> DialogueFilesIn(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::directory_iterator entries(directory, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const fs::path& path = entries->path();
    const std::string extension = path.extension().string();
    const bool wanted =
        extension == ".json" || extension == ".jsonl" || extension == ".txt" || extension == ".csv";
    std::error_code unknown;
    if (wanted && !fs::is_directory(path, unknown)) files.push_back(path);
  }
  if (error) {
    throw Error(ErrorCode::kIo, "cannot read " + directory.string() + ": " + error.message(),
                "check the permissions");
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

namespace internal {

void AddTurn(Role role, std::string_view text, std::string_view strategy, Dialogue* dialogue) {
  const std::string repaired = RepairUtf8(text);
  const std::string_view trimmed = Trim(repaired);
  if (trimmed.empty()) return;
  const std::string label = RepairUtf8(strategy);
  dialogue->turns.push_back({role, std::string(trimmed), std::string(Trim(label))});
}

}  // namespace internal

std::vector<std::string_view> FormatNames() {
  std::vector<std::string_view> names;
  for (const auto& [name, format] : kFormats) names.push_back(name);
  return names;
}

std::optional<DialogueFormat> FormatFromName(std::string_view name) {
  for (const auto& [known, format] : kFormats) {
    if (known == name) return format;
  }
  return std::nullopt;
}

std::vector<Dialogue> ReadDialogues(std::string_view content, DialogueFormat format) {
  const std::string repaired = RepairUtf8(content);
  if (Trim(repaired).empty()) {
    throw Error(ErrorCode::kInput, "the dialogue is empty", "give at least one turn");
  }
  const DialogueFormat family =
      format == DialogueFormat::kAuto ? Recognise(Trim(repaired)) : format;
  if (family == DialogueFormat::kCpsycoun) return {internal::ReadTranscript(repaired)};
  if (family == DialogueFormat::kEmpatheticDialogues) {
    return internal::ReadEmpatheticDialogues(repaired);
  }
  return internal::ReadJsonDialogues(repaired, format);
}

std::vector<Dialogue> ReadDialogueFile(const fs::path& path, DialogueFormat format) {
  std::error_code unknown;
  if (path == "-" || !fs::is_directory(path, unknown)) return ReadOneFile(path, format);
  std::vector<Dialogue> dialogues;
  for (const fs::path& file : DialogueFilesIn(path)) {
    for (Dialogue& dialogue : ReadOneFile(file, format)) dialogues.push_back(std::move(dialogue));
  }
  if (dialogues.empty()) {
    throw Error(ErrorCode::kInput,
                path.string() + " holds no .json, .jsonl, .txt or .csv files with dialogues",
                "check the path");
  }
  return dialogues;
}

}  // namespace emostage
