#include "knowledge/toml_reader.h"

#include <toml++/toml.h>

#include <algorithm>
#include <climits>
#include <sstream>
#include <utility>

#include "emostage/error.h"

namespace emostage {
namespace {

TomlNode Convert(const toml::node& node) {
  TomlNode result;
  result.line = static_cast<int>(node.source().begin.line);
  if (const toml::table* table = node.as_table()) {
    TomlNode::Table entries;
    for (const auto& [key, value] : *table) {
      entries.emplace(std::string(key.str()), Convert(value));
    }
    // A table made by dotted keys has no line of its own.
    if (result.line == 0 && !entries.empty()) {
      result.line =
          std::min_element(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
            return a.second.line < b.second.line;
          })->second.line;
    }
    result.value = std::move(entries);
  } else if (const toml::array* array = node.as_array()) {
    TomlNode::Array items;
    for (const toml::node& item : *array) items.push_back(Convert(item));
    result.value = std::move(items);
  } else if (const auto* text = node.as_string()) {
    result.value = text->get();
  } else if (const auto* integer = node.as_integer()) {
    result.value = static_cast<long long>(integer->get());
  } else if (const auto* number = node.as_floating_point()) {
    result.value = number->get();
  } else if (const auto* flag = node.as_boolean()) {
    result.value = flag->get();
  } else if (const auto* date = node.as_date()) {
    std::ostringstream written;
    written << date->get();
    result.value = written.str();
  }  // times: no file of ours has any, so they stay a value of no usable type
  return result;
}

std::string Quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

bool EndsWithFullStop(std::string_view text) {
  return text.ends_with(".") || text.ends_with("。") || text.ends_with("．");
}

}  // namespace

void TomlTable::AllowOnly(std::initializer_list<std::string_view> keys) const {
  for (const auto& [key, node] : entries()) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    std::string known;
    for (std::string_view name : keys) {
      if (!known.empty()) known += ", ";
      known += name;
    }
    FailOnLine(node.line, "unknown key " + Quoted(key), "the keys here are " + known);
  }
}

bool TomlTable::Has(std::string_view key) const { return entries().contains(key); }

std::vector<std::string> TomlTable::Keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, node] : entries()) keys.push_back(key);
  return keys;
}

std::string TomlTable::Text(std::string_view key) const {
  std::string text = AnyText(key);
  if (text.empty()) FailAt(key, Quoted(key) + " is empty");
  return text;
}

std::string TomlTable::AnyText(std::string_view key) const {
  const auto* text = std::get_if<std::string>(&Find(key).value);
  if (text == nullptr) FailAt(key, Quoted(key) + " must be a string");
  return *text;
}

bool TomlTable::Flag(std::string_view key) const {
  const auto* flag = std::get_if<bool>(&Find(key).value);
  if (flag == nullptr) FailAt(key, Quoted(key) + " must be true or false");
  return *flag;
}

double TomlTable::Number(std::string_view key) const {
  const TomlNode& node = Find(key);
  if (const auto* number = std::get_if<double>(&node.value)) return *number;
  if (const auto* integer = std::get_if<long long>(&node.value)) {
    return static_cast<double>(*integer);
  }
  FailAt(key, Quoted(key) + " must be a number");
}

int TomlTable::PositiveInteger(std::string_view key) const {
  const auto* integer = std::get_if<long long>(&Find(key).value);
  if (integer == nullptr || *integer < 1 || *integer > INT_MAX) {
    FailAt(key, Quoted(key) + " must be a whole number from 1 on");
  }
  return static_cast<int>(*integer);
}

std::vector<std::string> TomlTable::Texts(std::string_view key) const {
  const auto* items = std::get_if<TomlNode::Array>(&Find(key).value);
  if (items == nullptr) FailAt(key, Quoted(key) + " must be a list of strings");
  std::vector<std::string> texts;
  for (const TomlNode& item : *items) {
    const auto* text = std::get_if<std::string>(&item.value);
    if (text == nullptr || text->empty()) {
      FailOnLine(item.line, Quoted(key) + " may hold only strings that are not empty", "");
    }
    texts.push_back(*text);
  }
  return texts;
}

TomlTable TomlTable::Table(std::string_view key) const {
  const TomlNode& node = Find(key);
  if (!std::holds_alternative<TomlNode::Table>(node.value)) {
    FailAt(key, Quoted(key) + " must be a table");
  }
  return {*file_, node, "[" + std::string(key) + "]"};
}

std::vector<TomlTable> TomlTable::Tables(std::string_view key) const {
  const std::string header = "[[" + std::string(key) + "]]";
  const TomlNode& node = Find(key);
  const auto* items = std::get_if<TomlNode::Array>(&node.value);
  if (items == nullptr || items->empty()) FailAt(key, "there must be at least one " + header);
  std::vector<TomlTable> tables;
  for (const TomlNode& item : *items) {
    if (!std::holds_alternative<TomlNode::Table>(item.value)) {
      FailOnLine(item.line, Quoted(key) + " must be written as " + header, "");
    }
    tables.emplace_back(*file_, item, header);
  }
  return tables;
}

std::string TomlTable::Id(std::string_view key) const {
  std::string id = Text(key);
  const bool plain = std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!plain || id.front() == '-' || id.back() == '-') {
    FailAt(key, Quoted(key) + " is " + Quoted(id),
           "an id holds lower-case letters and digits, words joined by '-'");
  }
  return id;
}

Localized TomlTable::Translated(std::string_view key) const {
  const TomlNode& node = Find(key);
  if (!std::holds_alternative<TomlNode::Table>(node.value)) {
    FailAt(key, Quoted(key) + " must have en, zh and ja");
  }
  const std::string where = where_.empty() ? Quoted(key) : where_ + " " + Quoted(key);
  const TomlTable table(*file_, node, where);
  table.AllowOnly({"en", "zh", "ja"});
  Localized text{table.Text("en"), table.Text("zh"), table.Text("ja")};
  for (std::string_view code : {"en", "zh", "ja"}) {
    if (table.Text(code).find('\n') != std::string::npos) {
      table.FailAt(code, Quoted(code) + " must be one line");
    }
  }
  return text;
}

Localized TomlTable::Fragment(std::string_view key) const {
  Localized text = Translated(key);
  const TomlTable table = Table(key);
  for (std::string_view code : {"en", "zh", "ja"}) {
    if (EndsWithFullStop(table.Text(code))) {
      table.Named(where_ + " " + Quoted(key))
          .FailAt(code, Quoted(code) + " ends with a full stop",
                  "leave it out: the prompts put these words into sentences");
    }
  }
  return text;
}

void TomlTable::Fail(const std::string& what, const std::string& remedy) const {
  FailOnLine(node_->line, what, remedy);
}

void TomlTable::FailAt(std::string_view key, const std::string& what,
                       const std::string& remedy) const {
  FailOnLine(Find(key).line, what, remedy);
}

void TomlTable::FailInText(std::string_view key, int line, const std::string& what,
                           const std::string& remedy) const {
  FailOnLine(Find(key).line + line, what, remedy);  // TOML drops the line break after ''''
}

const TomlNode::Table& TomlTable::entries() const {
  return std::get<TomlNode::Table>(node_->value);  // only tables are ever wrapped
}

const TomlNode& TomlTable::Find(std::string_view key) const {
  const auto found = entries().find(key);
  if (found == entries().end()) Fail(Quoted(key) + " is missing");
  return found->second;
}

void TomlTable::FailOnLine(int line, const std::string& what, const std::string& remedy) const {
  const std::string place = *file_ + " line " + std::to_string(line) + ": ";
  throw Error(ErrorCode::kKnowledge, place + (where_.empty() ? what : where_ + ": " + what),
              remedy);
}

TomlDocument::TomlDocument(std::string display_name, std::string stem, std::string_view text)
    : display_name_(std::move(display_name)), stem_(std::move(stem)) {
  try {
    root_ = Convert(toml::parse(text));
    root_.line = 1;
  } catch (const toml::parse_error& error) {
    const auto& place = error.source().begin;
    throw Error(ErrorCode::kKnowledge, display_name_ + " line " + std::to_string(place.line) +
                                           ", column " + std::to_string(place.column) +
                                           ": not valid TOML: " + std::string(error.description()));
  }
}

DataFileInfo TomlDocument::Info() const {
  const std::string id = root().Id("id");
  if (id != stem_) {
    root().FailAt("id", "id is '" + id + "' but the file is called '" + stem_ + ".toml'",
                  "make them the same");
  }
  return InfoWithoutId();
}

DataFileInfo TomlDocument::InfoWithoutId() const {
  return {display_name_, stem_, root().PositiveInteger("version"), root().Text("source")};
}

}  // namespace emostage
