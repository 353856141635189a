#ifndef EMOSTAGE_MODEL_OPENAI_SCHEMA_ANSWER_H_
#define EMOSTAGE_MODEL_OPENAI_SCHEMA_ANSWER_H_

#include <string>
#include <string_view>

#include "base/json.h"

namespace emostage::openai {

// A schema of ours in the words that servers know: lengths in characters instead of tokens, no
// "x-" extensions, nothing beside the named properties. Throws Error(kInput) for what is no schema
// that CompileSchema takes.
[[nodiscard]] OrderedJson ServerSchema(std::string_view schema);

// What the model answered, as the schema wants it: fences and words around the object are taken
// off, what was cut off at the end is closed, lists lose what is too many or stands twice. Written
// in the schema's order without blanks, as the engine in this process writes it.
// Throws Error(kModel) where a value is missing or none that the schema allows.
[[nodiscard]] std::string FitToSchema(std::string_view answer, std::string_view schema);

}  // namespace emostage::openai

#endif  // EMOSTAGE_MODEL_OPENAI_SCHEMA_ANSWER_H_
