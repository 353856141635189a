#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/text.h"
#include "emostage/error.h"
#include "model/schema.h"

namespace {

using emostage::SchemaProgram;
using emostage::SchemaStep;

void Require(bool condition, const char* what) {
  if (condition) return;
  std::cerr << "broken promise: " << what << "\n";
  std::abort();
}

// Writes the instance that always takes the first label, no words and the shortest lists.
std::string Shortest(const SchemaProgram& program) {
  std::string json;
  std::size_t jumps = 0;
  int items = 1;
  for (std::size_t i = 0; i < program.size(); ++i) {
    const SchemaStep& step = program[i];
    if (step.kind == SchemaStep::Kind::kLiteral) json += step.text;
    if (step.kind == SchemaStep::Kind::kLabel) {
      Require(!step.labels.empty(), "there is a label to choose");
      json += step.labels.front();
    }
    if (step.kind != SchemaStep::Kind::kMore) continue;
    Require(step.back < i, "a list jumps back");
    Require(step.min_items >= 1 && step.max_items >= step.min_items, "a list has items");
    // One extra item, once a program, shows that what is jumped to begins one.
    if (items < step.max_items && jumps++ == 0) {
      ++items;
      json += step.text;
      i = step.back - 1;
    }
  }
  return json;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const SchemaProgram program = emostage::CompileSchema(bytes);
    (void)emostage::ParseJson(Shortest(program), "the instance");
  } catch (const emostage::Error& error) {
    const std::string_view message = error.what();
    Require(error.code() == emostage::ErrorCode::kInput, "a bad schema is an input error");
    Require(message.find('\n') == std::string_view::npos, "a message is one line");
    Require(emostage::IsValidUtf8(message), "a message is UTF-8");
    Require(message.find("the instance") == std::string_view::npos, "an instance is JSON");
  }
  const std::string quoted = "\"" + emostage::EscapeForJson(bytes) + "\"";
  Require(emostage::ParseJson(quoted, "the text").is_string(), "escaped text is a JSON string");
  return 0;
}
