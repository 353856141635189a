#include "model/schema.h"

#include <nlohmann/json.hpp>

#include "emostage/error.h"

namespace emostage {
namespace {

using OrderedJson = nlohmann::ordered_json;

class Compiler {
 public:
  SchemaProgram Run(const OrderedJson& schema) {
    Value(schema, "");
    return std::move(program_);
  }

 private:
  [[noreturn]] static void Refuse(const std::string& path, const std::string& why) {
    throw Error(ErrorCode::kInput,
                "JSON schema, at " + (path.empty() ? "the top" : "'" + path + "'") + ": " + why);
  }

  void Literal(const std::string& text) {
    if (!program_.empty() && program_.back().kind == SchemaStep::Kind::kLiteral &&
        program_.size() != barrier_) {
      program_.back().text += text;
      return;
    }
    SchemaStep step;
    step.text = text;
    program_.push_back(std::move(step));
  }

  void Label(const std::string& path, std::vector<std::string> labels, bool once) {
    if (labels.size() == 1) return Literal(labels.front());
    SchemaStep step;
    step.kind = SchemaStep::Kind::kLabel;
    step.field = path;
    step.labels = std::move(labels);
    step.once = once;
    program_.push_back(std::move(step));
  }

  void Enum(const OrderedJson& schema, const std::string& path, bool once) {
    std::vector<std::string> labels;
    for (const OrderedJson& value : schema["enum"]) {
      if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
        Refuse(path, "enum values must be strings that are not empty");
      }
      const std::string label = EscapeForJson(value.get<std::string>());
      for (const std::string& other : labels) {
        if (other == label) Refuse(path, "enum value '" + label + "' stands twice");
      }
      labels.push_back(label);
    }
    if (labels.empty()) Refuse(path, "enum is empty");
    Literal("\"");
    Label(path, std::move(labels), once);
    Literal("\"");
  }

  void Integer(const OrderedJson& schema, const std::string& path) {
    if (!schema.contains("minimum") || !schema.contains("maximum")) {
      Refuse(path, "an integer needs minimum and maximum");
    }
    const auto low = schema["minimum"].get<long long>();
    const auto high = schema["maximum"].get<long long>();
    if (low > high || high - low > 100) Refuse(path, "an integer's range must hold 1 to 101 values");
    std::vector<std::string> labels;
    for (long long i = low; i <= high; ++i) labels.push_back(std::to_string(i));
    Label(path, std::move(labels), false);
  }

  void Object(const OrderedJson& schema, const std::string& path) {
    if (!schema.contains("properties") || schema["properties"].empty()) {
      Refuse(path, "an object needs properties");
    }
    bool first = true;
    for (const auto& [key, value] : schema["properties"].items()) {
      bool required = false;
      for (const OrderedJson& name : schema.value("required", OrderedJson::array())) {
        required = required || name == key;
      }
      if (!required) Refuse(path, "property '" + key + "' must be required");
      Literal((first ? "{\"" : ", \"") + EscapeForJson(key) + "\": ");
      Value(value, path.empty() ? key : path + "." + key);
      first = false;
    }
    Literal("}");
  }

  void Array(const OrderedJson& schema, const std::string& path) {
    SchemaStep more;
    more.kind = SchemaStep::Kind::kMore;
    more.text = ", ";
    more.field = path;
    more.min_items = schema.value("minItems", 0);
    more.max_items = schema.value("maxItems", 0);
    if (more.min_items < 1 || more.max_items < more.min_items || more.max_items > 64) {
      Refuse(path, "a list needs 1 <= minItems <= maxItems <= 64");
    }
    if (!schema.contains("items")) Refuse(path, "a list needs items");
    Literal("[");
    barrier_ = more.back = program_.size();
    const bool unique = schema.value("uniqueItems", false);
    if (unique && schema["items"].contains("enum")) {
      Enum(schema["items"], path, true);
    } else {
      Value(schema["items"], path);
    }
    program_.push_back(std::move(more));
    barrier_ = program_.size();
    Literal("]");
  }

  void Value(const OrderedJson& schema, const std::string& path) {
    if (!schema.is_object()) Refuse(path, "must be an object");
    if (schema.contains("const")) return Literal(schema["const"].dump());
    if (schema.contains("enum")) return Enum(schema, path, schema.value("x-once", false));
    const std::string type = schema.value("type", "");
    if (type == "object") return Object(schema, path);
    if (type == "array") return Array(schema, path);
    if (type == "integer") return Integer(schema, path);
    if (type == "boolean") return Label(path, {"true", "false"}, false);
    if (type == "string") {
      SchemaStep step;
      step.kind = SchemaStep::Kind::kText;
      step.field = path;
      step.max_tokens = schema.value("x-max-tokens", 0);
      Literal("\"");
      program_.push_back(std::move(step));
      return Literal("\"");
    }
    Refuse(path, "type '" + type + "' is not supported");
  }

  SchemaProgram program_;
  // Literals are not joined across this index: a list item may be jumped to.
  size_t barrier_ = static_cast<size_t>(-1);
};

}  // namespace

SchemaProgram CompileSchema(std::string_view json_schema) {
  try {
    return Compiler().Run(OrderedJson::parse(json_schema));
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorCode::kInput, std::string("JSON schema: ") + e.what());
  }
}

std::string EscapeForJson(std::string_view text) {
  const std::string quoted =
      OrderedJson(std::string(text)).dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace emostage
