#include "base/json.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "emostage/error.h"

namespace emostage {
namespace {

constexpr std::size_t kEscapeLength = 6;  // \uXXXX

[[noreturn]] void Fail(std::string_view text, std::string_view what, std::size_t offset,
                       const std::string& reason) {
  offset = std::min(offset, text.size());
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_end = before.rfind('\n');
  std::string_view row = before.substr(line_end == std::string_view::npos ? 0 : line_end + 1);
  throw Error(ErrorCode::kInput,
              std::string(what) + " is not valid JSON: line " + std::to_string(line) + ", column " +
                  std::to_string(1 + CountCodepoints(row)) + ": " + reason,
              "correct the text there, or check that this is the file you meant");
}

// The value of the \uXXXX escape at `at`, or nullopt where there is none.
std::optional<unsigned> EscapeAt(std::string_view text, std::size_t at) {
  if (at + kEscapeLength > text.size() || text[at] != '\\' || text[at + 1] != 'u') {
    return std::nullopt;
  }
  unsigned value = 0;
  for (const char digit : text.substr(at + 2, 4)) {
    value *= 16;
    if (digit >= '0' && digit <= '9') {
      value += static_cast<unsigned>(digit - '0');
    } else if (digit >= 'a' && digit <= 'f') {
      value += static_cast<unsigned>(digit - 'a') + 10;
    } else if (digit >= 'A' && digit <= 'F') {
      value += static_cast<unsigned>(digit - 'A') + 10;
    } else {
      return std::nullopt;
    }
  }
  return value;
}

bool IsHighSurrogate(unsigned value) { return value >= 0xD800 && value <= 0xDBFF; }
bool IsLowSurrogate(unsigned value) { return value >= 0xDC00 && value <= 0xDFFF; }

// Walks over the text before the parser does. Refuses deep nesting, and returns the text with
// unpaired surrogate escapes made \ufffd, of the same length so that positions still hold; nullopt
// where there are none, which spares the copy.
std::optional<std::string> Prepare(std::string_view text, std::string_view what) {
  std::optional<std::string> repaired;
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      in_string = !in_string;
    } else if (!in_string) {
      if (c == '[' || c == '{') {
        if (++depth > kMaxJsonDepth) {
          Fail(text, what, i, "nested more than " + std::to_string(kMaxJsonDepth) + " levels deep");
        }
      } else if (c == ']' || c == '}') {
        --depth;
      }
    } else if (c == '\\') {
      const std::optional<unsigned> unit = EscapeAt(text, i);
      if (!unit) {
        ++i;  // a short escape: never look at what it escapes
        continue;
      }
      std::size_t length = kEscapeLength;
      if (IsHighSurrogate(*unit) && IsLowSurrogate(EscapeAt(text, i + kEscapeLength).value_or(0))) {
        length = 2 * kEscapeLength;
      } else if (IsHighSurrogate(*unit) || IsLowSurrogate(*unit)) {
        if (!repaired) repaired.emplace(text);
        repaired->replace(i, kEscapeLength, "\\ufffd");
      }
      i += length - 1;
    }
  }
  return repaired;
}

// Finds where and why parsing fails. Json::parse tells the place only for some of its errors.
class FaultFinder : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    // The position counts bytes read, the offending one included.
    offset_ = position == 0 ? 0 : position - 1;
    if (dynamic_cast<const Json::out_of_range*>(&error) != nullptr) {
      reason_ = "a number is too large";
    } else {
      reason_ = Shorten(error.what());
    }
    return false;
  }

  [[nodiscard]] std::size_t offset() const { return offset_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }

 private:
  // "[json.exception…] parse error at …: syntax error while parsing value - REASON", which may go
  // on with "; last read: 'TEXT'" and "; expected X". TEXT is the user's, so all from there on
  // goes.
  static std::string Shorten(std::string_view message) {
    if (const auto dash = message.find(" - "); dash != std::string_view::npos) {
      message.remove_prefix(dash + 3);
    }
    std::string reason(message.substr(0, message.find("; last read: '")));
    // A semicolon parts an Error's message from its remedy.
    std::replace(reason.begin(), reason.end(), ';', ',');
    return reason;
  }

  std::size_t offset_ = 0;
  std::string reason_ = "unknown fault";
};

}  // namespace

Json ParseJson(std::string_view text, std::string_view what) {
  if (Trim(text).empty()) {
    throw Error(ErrorCode::kInput, std::string(what) + " is not valid JSON: it is empty",
                "give at least one JSON value");
  }
  const std::optional<std::string> repaired = Prepare(text, what);
  const std::string_view input = repaired ? std::string_view(*repaired) : text;
  try {
    return Json::parse(input);
  } catch (const Json::exception&) {
    FaultFinder finder;
    Json::sax_parse(input, &finder);
    Fail(text, what, finder.offset(), finder.reason());
  }
}

std::string DumpJson(const OrderedJson& value, int indent) {
  return value.dump(indent, ' ', /*ensure_ascii=*/false, OrderedJson::error_handler_t::replace);
}

}  // namespace emostage
