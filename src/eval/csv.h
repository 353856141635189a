#ifndef EMOSTAGE_EVAL_CSV_H_
#define EMOSTAGE_EVAL_CSV_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace emostage {

// A row as RFC 4180 has it, ended by "\r\n". What a spreadsheet would take for a formula (a field
// that begins with = + - @ or their full-width twins, blanks before them or not, or with a tab)
// gets an apostrophe before it, so that nobody's words can run on a rater's machine.
[[nodiscard]] std::string CsvRow(const std::vector<std::string>& fields);

struct CsvTable {
  std::vector<std::string> header;
  struct Row {
    size_t line = 0;  // where it begins, from 1
    std::vector<std::string> fields;
  };
  std::vector<Row> rows;  // without those that are empty

  // The place of a column, in any case of letters; npos if there is none.
  [[nodiscard]] size_t Column(std::string_view name) const;
  static constexpr size_t npos = static_cast<size_t>(-1);
};

// Reads what spreadsheets save: with or without a byte order mark, with commas, semicolons or tabs
// (told from the first line), quoted fields with line breaks. UTF-8; ill-formed bytes are repaired.
// Throws Error(kInput) for UTF-16, for a text without a header, and for a quotation mark that is
// never closed (naming its line).
[[nodiscard]] CsvTable ReadCsv(std::string_view text);

// A field without the apostrophe that CsvRow put before it.
[[nodiscard]] std::string WithoutGuard(std::string field);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_CSV_H_
