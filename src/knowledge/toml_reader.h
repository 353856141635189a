#ifndef EMOSTAGE_KNOWLEDGE_TOML_READER_H_
#define EMOSTAGE_KNOWLEDGE_TOML_READER_H_

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "knowledge/localized.h"

namespace emostage {

// A parsed TOML value with the line it began on. Our own tree, so that one file alone compiles
// against the TOML library.
struct TomlNode {
  using Array = std::vector<TomlNode>;
  using Table = std::map<std::string, TomlNode, std::less<>>;

  int line = 1;
  std::variant<std::monostate, std::string, bool, long long, double, Array, Table> value;
};

// One table of a file, read key by key. Every fault throws Error(kKnowledge):
// "FILE line N: what is wrong; remedy". A view: valid while its TomlDocument lives.
class TomlTable {
 public:
  // `where` names the table in messages ("phase 'insight'"); empty for the top of the file.
  TomlTable(const std::string& file, const TomlNode& node, std::string where = "")
      : file_(&file), node_(&node), where_(std::move(where)) {}

  [[nodiscard]] TomlTable Named(std::string where) const {
    return {*file_, *node_, std::move(where)};
  }

  // Refuses any key that is not listed: a misspelt key must not be ignored.
  void AllowOnly(std::initializer_list<std::string_view> keys) const;
  [[nodiscard]] bool Has(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> Keys() const;  // in alphabetical order

  // Each throws if the key is missing or of another type.
  [[nodiscard]] std::string Text(std::string_view key) const;     // not empty
  [[nodiscard]] std::string AnyText(std::string_view key) const;  // a date: as YYYY-MM-DD
  [[nodiscard]] bool Flag(std::string_view key) const;
  [[nodiscard]] double Number(std::string_view key) const;  // an integer will do
  [[nodiscard]] int PositiveInteger(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> Texts(std::string_view key) const;  // none empty
  [[nodiscard]] TomlTable Table(std::string_view key) const;
  // The tables of `[[key]]`; at least one.
  [[nodiscard]] std::vector<TomlTable> Tables(std::string_view key) const;

  // lower-case words joined by '-', as every id is
  [[nodiscard]] std::string Id(std::string_view key) const;
  // A text in exactly the three languages, none empty, each on one line.
  [[nodiscard]] Localized Translated(std::string_view key) const;
  // The same, and none ends with a full stop.
  [[nodiscard]] Localized Fragment(std::string_view key) const;

  [[noreturn]] void Fail(const std::string& what, const std::string& remedy = "") const;
  // The same, naming the line of `key`'s value.
  [[noreturn]] void FailAt(std::string_view key, const std::string& what,
                           const std::string& remedy = "") const;
  // The same, naming a line, from 1 on, of the text of '''several lines''' that is `key`'s value.
  [[noreturn]] void FailInText(std::string_view key, int line, const std::string& what,
                               const std::string& remedy = "") const;

 private:
  [[nodiscard]] const TomlNode::Table& entries() const;
  [[nodiscard]] const TomlNode& Find(std::string_view key) const;
  [[noreturn]] void FailOnLine(int line, const std::string& what, const std::string& remedy) const;

  const std::string* file_;
  const TomlNode* node_;
  std::string where_;
};

// One TOML file in memory. Not copied or moved: its tables point into it.
class TomlDocument {
 public:
  // `display_name` is how messages name the file, `stem` its name without folder and ".toml".
  // Throws Error(kKnowledge) with line and column if `text` is not TOML.
  TomlDocument(std::string display_name, std::string stem, std::string_view text);
  TomlDocument(const TomlDocument&) = delete;
  TomlDocument& operator=(const TomlDocument&) = delete;

  [[nodiscard]] TomlTable root() const { return {display_name_, root_}; }
  [[nodiscard]] const std::string& display_name() const { return display_name_; }
  [[nodiscard]] const std::string& stem() const { return stem_; }

  // Reads `version` and `source`, and `id`, which must equal the file's name.
  [[nodiscard]] DataFileInfo Info() const;
  // Reads `version` and `source` of a file without `id`; the id is the file's name.
  [[nodiscard]] DataFileInfo InfoWithoutId() const;

 private:
  std::string display_name_;
  std::string stem_;
  TomlNode root_;
};

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_TOML_READER_H_
