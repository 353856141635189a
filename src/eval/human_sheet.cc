#include "eval/human_sheet.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "emostage/error.h"
#include "eval/agreement_figures.h"
#include "eval/csv.h"
#include "eval/human_sheet_page.h"

namespace emostage {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // or spreadsheets guess the encoding
constexpr int kKeyVersion = 1;

// "kqzv": letters only, that no spreadsheet takes a code for a number or a date.
std::string SheetName(agreement::Draws& draws) {
  constexpr std::string_view kLetters = "bcdfghjkmnpqrstvwxz";
  std::string name;
  for (int i = 0; i < 4; ++i) name += kLetters[draws.Below(kLetters.size())];
  return name;
}

std::string Code(const std::string& sheet, size_t number) {
  const std::string digits = std::to_string(number);
  return sheet + "-" + std::string(digits.size() < 3 ? 3 - digits.size() : 0, '0') + digits;
}

std::string TalkText(const JudgeItem& item, const JudgeTexts& texts) {
  std::string text;
  for (const Turn& turn : item.history.turns) {
    if (!text.empty()) text += '\n';
    text += (turn.role == Role::kClient ? texts.client : texts.listener) + turn.text;
  }
  return text;
}

void Check(std::span<const JudgeItem> items, std::span<const Rubric* const> rubrics) {
  if (items.empty()) throw Error(ErrorCode::kInput, "there is nothing to rate");
  if (rubrics.empty()) throw Error(ErrorCode::kInput, "there is no rubric to rate by");
  std::set<std::pair<std::string, std::string>> names;
  for (const JudgeItem& item : items) {
    if (!names.insert({item.id, item.method}).second) {
      throw Error(ErrorCode::kInput, "item '" + item.id + "' stands there twice");
    }
    for (const Rubric* rubric : rubrics) {
      if (rubric->scope == RubricScope::kReply && Trim(item.reply).empty()) {
        throw Error(ErrorCode::kInput, "item '" + item.id + "' has no reply to rate");
      }
    }
  }
}

// What the key says of a sheet.
struct Key {
  struct Item {
    std::string id;
    std::string method;
  };
  std::map<std::string, Item> items;                  // by code
  std::map<std::string, std::pair<int, int>> scales;  // by "RUBRIC/DIMENSION"
};

Key ReadKey(std::string_view text) {
  const Json json = ParseJson(text, "the key");
  try {
    if (json.at("version").get<int>() != kKeyVersion) {
      throw Error(ErrorCode::kInput, "the key is of another version");
    }
    Key key;
    for (const Json& item : json.at("items")) {
      key.items[item.at("code").get<std::string>()] = {item.at("item").get<std::string>(),
                                                       item.at("method").get<std::string>()};
    }
    for (const Json& scale : json.at("scales")) {
      key.scales[scale.at("dimension").get<std::string>()] = {scale.at("lowest").get<int>(),
                                                              scale.at("highest").get<int>()};
    }
    return key;
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorCode::kInput, "this is no key of a rating sheet",
                "give the key.json that was written beside the sheet");
  }
}

// "3", " 3 ", "３" and "3.0" are 3. Nullopt for what is no whole number.
std::optional<int> ReadScore(const std::string& field) {
  const std::string folded = FoldCase(field);
  std::string_view text = Trim(folded);
  if (text.ends_with(".0")) text.remove_suffix(2);
  int score = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), score);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return score;
}

class Filled {
 public:
  Filled(const CsvTable& table, const Key& key, std::string rater)
      : table_(table), key_(key), rater_(std::move(rater)) {
    for (const char* needed : {"item", "dimension", "score"}) {
      if (table.Column(needed) == CsvTable::npos) {
        throw Error(ErrorCode::kInput, "the sheet has no column '" + std::string(needed) + "'",
                    "keep the first row as it was");
      }
    }
  }

  SheetReading Read() {
    // Many write their name in the first row only.
    std::set<std::string> names;
    for (const CsvTable::Row& row : table_.rows) names.insert(Field(row, "rater"));
    names.erase("");
    if (names.size() == 1) rater_ = WithoutGuard(*names.begin());
    for (const CsvTable::Row& row : table_.rows) ReadRow(row);
    // A sheet that nobody filled in lacks everything once.
    reading_.raters = std::max<size_t>(raters_.size(), 1);
    reading_.expected = reading_.raters * key_.items.size() * key_.scales.size();
    reading_.missing = reading_.expected - filled_.size();
    for (const Cell& cell : nonsense_) {
      if (!filled_.contains(cell)) --reading_.missing;  // there is something, if no score
    }
    Say(reading_.missing, "scores are missing");
    Say(reading_.out_of_range, "scores are no number of their scale and were left out");
    Say(reading_.duplicate, "rows stand there twice; the first filled one was taken");
    Say(reading_.unknown, "rows name an item or a dimension that is not in the key");
    return std::move(reading_);
  }

 private:
  [[nodiscard]] std::string Field(const CsvTable::Row& row, std::string_view column) const {
    const size_t at = table_.Column(column);
    return at < row.fields.size() ? std::string(Trim(row.fields[at])) : "";
  }

  void ReadRow(const CsvTable::Row& row) {
    const auto item = key_.items.find(Field(row, "item"));
    std::string dimension = Field(row, "dimension");
    const auto scale = key_.scales.find(dimension);
    if (item == key_.items.end() || scale == key_.scales.end()) {
      ++reading_.unknown;
      return;
    }
    HumanScore score;
    score.rater = WithoutGuard(Field(row, "rater"));
    if (score.rater.empty()) score.rater = rater_;
    const std::tuple cell(score.rater, item->first, dimension);
    if (!rows_.insert(cell).second) ++reading_.duplicate;
    const std::string field = Field(row, "score");
    if (field.empty() || filled_.contains(cell)) return;
    raters_.insert(score.rater);
    // Filled in, though it may be with nonsense: that is counted once, not as missing too.
    const std::optional<int> value = ReadScore(field);
    if (!value || *value < scale->second.first || *value > scale->second.second) {
      if (nonsense_.insert(cell).second) ++reading_.out_of_range;
      return;
    }
    filled_.insert(cell);
    score.score = *value;
    score.item = item->second.id;
    score.method = item->second.method;
    const size_t slash = dimension.find('/');
    score.rubric = dimension.substr(0, slash);
    score.dimension = dimension.substr(slash + 1);
    score.comment = WithoutGuard(Field(row, "comment"));
    reading_.scores.push_back(std::move(score));
  }

  void Say(size_t count, const char* what) {
    if (count > 0) reading_.remarks.push_back(std::to_string(count) + " " + what);
  }

  using Cell = std::tuple<std::string, std::string, std::string>;
  const CsvTable& table_;
  const Key& key_;
  std::string rater_;
  SheetReading reading_;
  std::set<std::string> raters_;
  std::set<Cell> rows_;
  std::set<Cell> filled_;
  std::set<Cell> nonsense_;
};

}  // namespace

HumanSheet MakeHumanSheet(std::span<const JudgeItem> items, std::span<const Rubric* const> rubrics,
                          const Knowledge& knowledge, const SheetOptions& options) {
  Check(items, rubrics);
  agreement::Draws draws(options.seed);
  const std::string name = SheetName(draws);
  std::vector<internal::CodedItem> coded;
  for (const JudgeItem& item : items) coded.emplace_back("", &item);
  draws.Shuffle(coded);
  for (size_t i = 0; i < coded.size(); ++i) coded[i].first = Code(name, i + 1);

  HumanSheet sheet;
  sheet.csv = std::string(kByteOrderMark) + CsvRow({"item", "talk", "reply", "question", "scale",
                                                    "score", "comment", "dimension", "rater"});
  OrderedJson key = {{"version", kKeyVersion}, {"sheet", name}, {"seed", options.seed}};
  for (const Rubric* rubric : rubrics) {
    for (const RubricDimension& dimension : rubric->dimensions) {
      key["scales"].push_back({{"dimension", rubric->file.id + "/" + dimension.id},
                               {"lowest", dimension.lowest},
                               {"highest", dimension.highest()},
                               {"version", rubric->file.version}});
    }
  }
  for (const auto& [code, item] : coded) {
    key["items"].push_back({{"code", code}, {"item", item->id}, {"method", item->method}});
    const std::string talk = TalkText(*item, knowledge.judge_texts(item->language));
    for (const Rubric* rubric : rubrics) {
      for (const RubricDimension& dimension : rubric->dimensions) {
        sheet.csv += CsvRow({code, talk, item->reply, dimension.question.in(item->language),
                             dimension.AnchorList(item->language), "", "",
                             rubric->file.id + "/" + dimension.id, ""});
      }
    }
  }
  sheet.key = DumpJson(key, 1) + "\n";
  sheet.html = internal::HumanSheetPage(coded, rubrics, knowledge.judge_texts(options.language),
                                        options.language, name);
  return sheet;
}

void WriteHumanSheet(const HumanSheet& sheet, const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  WriteFileAtomically(folder / "sheet.csv", sheet.csv);
  WriteFileAtomically(folder / "sheet.html", sheet.html);
  WriteFileAtomically(folder / "key.json", sheet.key);
}

SheetReading ReadHumanSheet(std::string_view csv, std::string_view key, const std::string& rater) {
  const Key known = ReadKey(key);
  const CsvTable table = ReadCsv(csv);
  return Filled(table, known, rater).Read();
}

}  // namespace emostage
