#ifndef EMOSTAGE_BASE_JSON_H_
#define EMOSTAGE_BASE_JSON_H_

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace emostage {

using Json = nlohmann::json;                 // keys in alphabetical order
using OrderedJson = nlohmann::ordered_json;  // keys in the order they were set: for output

// Deeper nesting than this is refused: nothing we read needs it, and code that walks a tree
// recursively must not be at the mercy of whoever wrote the file.
inline constexpr int kMaxJsonDepth = 128;

// Parses `text`, which `what` names for the reader ("dialogue.json", "the request body"). Half a
// surrogate pair in an escape (\ud83d alone) reads as U+FFFD. Throws Error(kInput):
// "WHAT is not valid JSON: line L, column C: reason; remedy", columns counted in code points.
// The message holds no text from the input, so that it can be logged.
[[nodiscard]] Json ParseJson(std::string_view text, std::string_view what);

// Writes `value` on one line, or indented by `indent` spaces a level if that is not negative.
// Ill-formed UTF-8 in strings becomes U+FFFD; never throws for what `value` holds.
[[nodiscard]] std::string DumpJson(const OrderedJson& value, int indent = -1);

}  // namespace emostage

#endif  // EMOSTAGE_BASE_JSON_H_
