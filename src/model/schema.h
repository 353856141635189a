#ifndef EMOSTAGE_MODEL_SCHEMA_H_
#define EMOSTAGE_MODEL_SCHEMA_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace emostage {

// A JSON schema as a straight program for writing an instance of it from front to back.
//
// Only some of a JSON text is the model's to decide: which label, which words, whether a list goes
// on. Everything else (braces, keys, quotation marks) is dictated by the schema and can be read by
// the model in one go instead of being decoded token by token. The program keeps the two apart.
//
// The idea of skipping over what a constraint forces is SGLang's jump-forward decoding (2024).
struct SchemaStep {
  enum class Kind {
    kLiteral,  // text that the schema dictates
    kText,     // free text up to the closing quotation mark
    kLabel,    // one of `labels`
    kMore,     // goes back to step `back` (another list item) or on (the list ends)
  };
  Kind kind = Kind::kLiteral;
  std::string text;                 // kLiteral: what to write. kMore: what stands between items
  std::string field;                // kText, kLabel: where in the object, e.g. "feels.emotion"
  std::vector<std::string> labels;  // kLabel: exactly as written into the JSON, without quotes
  bool once = false;                // kLabel: a label already taken in this field is not offered
  int max_tokens = 0;               // kText: upper limit; 0: the caller's
  int min_items = 0;                // kMore
  int max_items = 0;                // kMore
  size_t back = 0;                  // kMore: index of the first step of an item
};

using SchemaProgram = std::vector<SchemaStep>;

// Compiles a JSON schema. Supported, which is what our methods need: objects whose properties are
// all required and written in the schema's order; strings (with "x-max-tokens"); enums of strings;
// integers with "minimum" and "maximum" at most 100 apart; booleans; constants; arrays with
// "minItems" >= 1 and "maxItems" (with "uniqueItems" for enums). "x-once" on an enum inside a
// list's items keeps a label from being taken by two items.
// Throws Error(kInput) naming the place for anything else.
[[nodiscard]] SchemaProgram CompileSchema(std::string_view json_schema);

// A JSON string's inside for free text: escapes what must be escaped.
[[nodiscard]] std::string EscapeForJson(std::string_view text);

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_SCHEMA_H_
