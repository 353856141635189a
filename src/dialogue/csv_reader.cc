#include <algorithm>
#include <charconv>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.h"
#include "dialogue/readers_internal.h"
#include "emostage/error.h"

// The tables of EmpatheticDialogues are not quite CSV: commas are written "_comma_", and quotation
// marks stand about in fields that are not quoted; later copies of the set are quoted by the book.
// So a quotation mark only counts where it opens a field and another one closes it.
namespace emostage::internal {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

// Where the quoted field that opens at `open` ends: at the quotation mark before a comma or the end
// of the row. kNone where there is no such mark.
std::size_t ClosingQuote(std::string_view row, std::size_t open) {
  for (std::size_t i = open + 1; i < row.size(); ++i) {
    if (row[i] != '"') continue;
    if (i + 1 == row.size() || row[i + 1] == ',') return i;
    if (row[i + 1] == '"') ++i;  // "" stands for one mark
  }
  return kNone;
}

struct Row {
  std::vector<std::string> fields;
  bool unclosed = false;  // a quoted field may go on in the next line
};

Row SplitRow(std::string_view row) {
  Row result;
  std::size_t at = 0;
  for (;;) {
    std::string field;
    // After one mark that nothing closes, no mark is believed: looking for the end of each would
    // take time in the square of the row's length.
    const bool quoted = !result.unclosed && at < row.size() && row[at] == '"';
    const std::size_t close = quoted ? ClosingQuote(row, at) : kNone;
    if (close != kNone) {
      for (std::size_t i = at + 1; i < close; ++i) {
        field += row[i];
        if (row[i] == '"' && row[i + 1] == '"') ++i;
      }
      at = close + 1;
    } else {
      result.unclosed = result.unclosed || quoted;
      const std::size_t comma = std::min(row.find(',', at), row.size());
      field = row.substr(at, comma - at);
      at = comma;
    }
    result.fields.push_back(std::move(field));
    if (at >= row.size()) return result;
    ++at;  // the comma
  }
}

std::optional<int> ToNumber(std::string_view text) {
  int number = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [stop, error] = std::from_chars(begin, end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

struct Columns {
  std::size_t conversation = kNone;
  std::size_t index = kNone;
  std::size_t speaker = kNone;
  std::size_t utterance = kNone;

  [[nodiscard]] bool Complete() const {
    return std::max({conversation, index, speaker, utterance}) != kNone;
  }
  [[nodiscard]] std::size_t Last() const {
    return std::max({conversation, index, speaker, utterance});
  }
};

Columns FindColumns(std::string_view header) {
  Columns columns;
  const std::vector<std::string> names = SplitRow(header).fields;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string_view name = Trim(names[i]);
    if (name == "conv_id") columns.conversation = i;
    if (name == "utterance_idx") columns.index = i;
    if (name == "speaker_idx") columns.speaker = i;
    if (name == "utterance") columns.utterance = i;
  }
  return columns;
}

// Whether a line is a row of its own rather than the rest of a quoted field.
bool StartsRow(std::string_view line, const Columns& columns) {
  const Row row = SplitRow(line);
  return row.fields.size() > columns.Last() && ToNumber(row.fields[columns.index]).has_value();
}

// The row that starts at lines[*at]; moves *at on to its last line. A quoted field may span lines,
// but a mark that nothing closes soon is a mark like any other.
Row ReadRow(const std::vector<std::string_view>& lines, const Columns& columns, std::size_t* at) {
  constexpr std::size_t kMostLines = 20;
  Row row = SplitRow(lines[*at]);
  if (!row.unclosed) return row;
  std::string text(lines[*at]);
  const std::size_t end = std::min(lines.size(), *at + kMostLines);
  for (std::size_t next = *at + 1; next < end && !StartsRow(lines[next], columns); ++next) {
    text.append("\n").append(lines[next]);
    Row longer = SplitRow(text);
    if (longer.unclosed) continue;
    *at = next;
    return longer;
  }
  return row;
}

struct Utterance {
  std::string speaker;
  std::string text;
};

std::string WithCommas(std::string_view text) {
  constexpr std::string_view kEscape = "_comma_";
  std::string result;
  for (std::size_t found = text.find(kEscape); found != kNone; found = text.find(kEscape)) {
    result.append(text.substr(0, found)).append(",");
    text.remove_prefix(found + kEscape.size());
  }
  return result.append(text);
}

// Rows that are too short or have no number are left out: the set has some, broken by a comma.
class Conversations {
 public:
  explicit Conversations(const Columns& columns) : columns_(columns) {}

  void AddRow(const Row& row) {
    if (row.fields.size() <= columns_.Last()) return;
    const std::optional<int> index = ToNumber(row.fields[columns_.index]);
    if (!index) return;
    const std::string& id = row.fields[columns_.conversation];
    const auto [place, is_new] = place_of_.emplace(id, conversations_.size());
    if (is_new) conversations_.push_back({id, {}});
    conversations_[place->second].utterances.emplace(
        *index,
        Utterance{row.fields[columns_.speaker], WithCommas(row.fields[columns_.utterance])});
  }

  [[nodiscard]] std::vector<Dialogue> ToDialogues() const {
    std::vector<Dialogue> dialogues;
    for (const auto& [id, utterances] : conversations_) {
      Dialogue dialogue{id, {}};
      // Who opens the conversation has something to tell; the other one listens.
      const std::string& client = utterances.begin()->second.speaker;
      for (const auto& [index, utterance] : utterances) {
        AddTurn(utterance.speaker == client ? Role::kClient : Role::kCounsellor, utterance.text, "",
                &dialogue);
      }
      if (!dialogue.turns.empty()) dialogues.push_back(std::move(dialogue));
    }
    return dialogues;
  }

 private:
  struct Conversation {
    std::string id;
    std::multimap<int, Utterance> utterances;  // by utterance_idx
  };

  Columns columns_;
  std::map<std::string, std::size_t> place_of_;
  std::vector<Conversation> conversations_;  // as they first appear
};

}  // namespace

bool LooksLikeEmpatheticDialogues(std::string_view content) {
  const std::string_view header = content.substr(0, content.find('\n'));
  return FindColumns(header).Complete();
}

std::vector<Dialogue> ReadEmpatheticDialogues(std::string_view content) {
  const std::vector<std::string_view> lines = SplitLines(Trim(content));
  const Columns columns = FindColumns(lines.front());
  if (!columns.Complete()) {
    throw Error(
        ErrorCode::kInput,
        "line 1 of the table does not name conv_id, utterance_idx, speaker_idx and utterance",
        "keep the header of EmpatheticDialogues");
  }
  Conversations conversations(columns);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const Row row = ReadRow(lines, columns, &i);
    conversations.AddRow(row);
  }
  std::vector<Dialogue> dialogues = conversations.ToDialogues();
  if (dialogues.empty()) {
    throw Error(ErrorCode::kInput, "the table has no rows with words in them",
                "give at least one utterance");
  }
  return dialogues;
}

}  // namespace emostage::internal
