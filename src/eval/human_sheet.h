#ifndef EMOSTAGE_EVAL_HUMAN_SHEET_H_
#define EMOSTAGE_EVAL_HUMAN_SHEET_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eval/human_scores.h"
#include "eval/judge_scores.h"
#include "knowledge/knowledge.h"

namespace emostage {

// What people get to rate replies by: a table for a spreadsheet and a page for a browser, of which
// either is enough. Both name items by codes and in shuffled order; which method a code stands for
// is told by the key alone, which raters must not see.
struct HumanSheet {
  std::string csv;
  std::string html;  // one file that opens offline and sends nothing anywhere
  std::string key;   // JSON
};

struct SheetOptions {
  uint64_t seed = 0;                       // of order and codes
  Language language = Language::kEnglish;  // of the page's own words; questions are in the talk's
};

// A row (or question) for every item and dimension. Throws Error(kInput) without items or rubrics,
// for two items of the same id and method, and for one without a reply where a rubric judges
// replies.
[[nodiscard]] HumanSheet MakeHumanSheet(std::span<const JudgeItem> items,
                                        std::span<const Rubric* const> rubrics,
                                        const Knowledge& knowledge,
                                        const SheetOptions& options = {});

// Writes FOLDER/sheet.csv, sheet.html and key.json. Throws Error(kIo).
void WriteHumanSheet(const HumanSheet& sheet, const std::filesystem::path& folder);

// A filled sheet.
struct SheetReading {
  std::vector<HumanScore> scores;  // with their items' own ids and methods
  size_t raters = 0;
  size_t expected = 0;      // cells: a rater with an item and a dimension each
  size_t missing = 0;       // of them, left empty
  size_t out_of_range = 0;  // scores that are no whole number of their scale
  size_t duplicate = 0;     // rows of the same rater for the same cell; the first filled one counts
  size_t unknown = 0;       // rows whose item or dimension the key does not know
  // The same in words, each fault that occurred in one line.
  std::vector<std::string> remarks;
};

// Reads what was saved from either form, whatever columns were added or moved; "item", "dimension"
// and "score" must be there. `rater` names who filled in a sheet that does not say;
// a single name in it stands for all of its rows. Throws
// Error(kInput) for what is no table, or no key.
[[nodiscard]] SheetReading ReadHumanSheet(std::string_view csv, std::string_view key,
                                          const std::string& rater = "");

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_HUMAN_SHEET_H_
