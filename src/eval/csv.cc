#include "eval/csv.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "emostage/error.h"

namespace emostage {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool LooksLikeFormula(std::string_view field) {
  if (field.starts_with('\t') || field.starts_with('\r')) return true;
  const std::string_view words = Trim(field);
  for (const std::string_view begin : {"=", "+", "-", "@", "＝", "＋", "－", "＠"}) {
    if (words.starts_with(begin)) return true;
  }
  return false;
}

// Which of the separators the first line has most of, outside quotation marks.
char SeparatorOf(std::string_view text) {
  size_t counts[] = {0, 0, 0};
  constexpr std::string_view kSeparators = ",;\t";
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '\n' || c == '\r')) break;
    const size_t which = kSeparators.find(c);
    if (!quoted && which != std::string_view::npos) ++counts[which];
  }
  return kSeparators[static_cast<size_t>(std::ranges::max_element(counts) - std::begin(counts))];
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), separator_(SeparatorOf(text)) {}

  CsvTable Parse() {
    CsvTable table;
    while (at_ < text_.size()) {
      CsvTable::Row row = ParseRow();
      const bool empty =
          std::ranges::all_of(row.fields, [](const std::string& f) { return Trim(f).empty(); });
      if (empty) continue;
      if (table.header.empty()) {
        for (const std::string& field : row.fields) table.header.emplace_back(Trim(field));
      } else {
        table.rows.push_back(std::move(row));
      }
    }
    return table;
  }

 private:
  CsvTable::Row ParseRow() {
    CsvTable::Row row;
    row.line = line_;
    while (true) {
      row.fields.push_back(at_ < text_.size() && text_[at_] == '"' ? Quoted() : Plain());
      if (at_ >= text_.size()) return row;
      const char c = text_[at_++];
      if (c == separator_) continue;
      if (c == '\r' && at_ < text_.size() && text_[at_] == '\n') ++at_;
      ++line_;
      return row;
    }
  }
  std::string Plain() {
    const size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\n' &&
           text_[at_] != '\r') {
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }
  std::string Quoted() {
    const size_t opened = line_;
    std::string field;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] != '"') {
        field += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        field += text_[at_++];
      } else {
        ++at_;
        return field + Plain();  // what stands behind a closing mark belongs to the field too
      }
    }
    throw Error(ErrorCode::kInput,
                "line " + std::to_string(opened) + ": a quotation mark is never closed",
                "save the sheet as CSV again");
  }

  std::string_view text_;
  char separator_;
  size_t at_ = 0;
  size_t line_ = 1;
};

}  // namespace

std::string CsvRow(const std::vector<std::string>& fields) {
  std::string row;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) row += ',';
    const std::string field = (LooksLikeFormula(fields[i]) ? "'" : "") + fields[i];
    if (field.find_first_of(",;\t\"\r\n") == std::string::npos && field == Trim(field)) {
      row += field;
      continue;
    }
    row += '"';
    for (const char c : field) {
      if (c == '"') row += '"';
      row += c;
    }
    row += '"';
  }
  return row + "\r\n";
}

size_t CsvTable::Column(std::string_view name) const {
  for (size_t i = 0; i < header.size(); ++i) {
    if (FoldCase(header[i]) == FoldCase(name)) return i;
  }
  return npos;
}

CsvTable ReadCsv(std::string_view text) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    throw Error(ErrorCode::kInput, "the sheet is UTF-16", "save it as CSV in UTF-8");
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  CsvTable table = Parser(text).Parse();
  if (table.header.empty()) throw Error(ErrorCode::kInput, "the sheet is empty");
  for (CsvTable::Row& row : table.rows) {
    for (std::string& field : row.fields) field = RepairUtf8(field);
  }
  return table;
}

std::string WithoutGuard(std::string field) {
  if (field.starts_with('\'') && LooksLikeFormula(std::string_view(field).substr(1))) {
    field.erase(0, 1);
  }
  return field;
}

}  // namespace emostage
