#include "model/schema.h"

#include <algorithm>
#include <cstdint>

#include "base/json.h"
#include "emostage/error.h"

namespace emostage {
namespace {

class Compiler {
 public:
  SchemaProgram Run(const OrderedJson& schema) {
    Value(schema, "");
    return std::move(program_);
  }

 private:
  [[noreturn]] static void Refuse(const std::string& path, const std::string& why) {
    throw Error(ErrorCode::kInput,
                "JSON schema, at " + (path.empty() ? "the top" : "'" + EscapeForJson(path) + "'") +
                    ": " + why);
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

  // An integer from 0 to 1,000,000; 0 where it is not given.
  static int Count(const OrderedJson& schema, const char* key, const std::string& path) {
    constexpr int64_t kMost = 1'000'000;
    if (!schema.contains(key)) return 0;
    const OrderedJson& value = schema[key];
    if (!value.is_number_unsigned() || value.get<uint64_t>() > kMost) {
      Refuse(path, std::string(key) + " must be a whole number from 0 to 1,000,000");
    }
    return value.get<int>();
  }

  static bool Flag(const OrderedJson& schema, const char* key, const std::string& path) {
    if (!schema.contains(key)) return false;
    if (!schema[key].is_boolean()) Refuse(path, std::string(key) + " must be true or false");
    return schema[key].get<bool>();
  }

  static int64_t Bound(const OrderedJson& schema, const char* key, const std::string& path) {
    constexpr int64_t kMost = 1'000'000'000;
    if (!schema.contains(key)) Refuse(path, "an integer needs minimum and maximum");
    const OrderedJson& value = schema[key];
    const bool fits = value.is_number_unsigned()
                          ? value.get<uint64_t>() <= kMost
                          : value.is_number_integer() && value.get<int64_t>() >= -kMost;
    if (!fits) Refuse(path, std::string(key) + " must be a whole number within a billion of 0");
    return value.get<int64_t>();
  }

  void Label(const std::string& path, std::vector<std::string> labels, bool once) {
    if (labels.size() == 1 && !once) return Literal(labels.front());
    SchemaStep step;
    step.kind = SchemaStep::Kind::kLabel;
    step.field = path;
    step.labels = std::move(labels);
    step.once = once;
    program_.push_back(std::move(step));
  }

  void Enum(const OrderedJson& schema, const std::string& path, bool once) {
    if (!schema["enum"].is_array()) Refuse(path, "enum must be a list");
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
    const int64_t low = Bound(schema, "minimum", path);
    const int64_t high = Bound(schema, "maximum", path);
    if (low > high || high - low > 100)
      Refuse(path, "an integer's range must hold 1 to 101 values");
    std::vector<std::string> labels;
    for (int64_t i = low; i <= high; ++i) labels.push_back(std::to_string(i));
    Label(path, std::move(labels), false);
  }

  void Object(const OrderedJson& schema, const std::string& path) {
    if (!schema.contains("properties") || !schema["properties"].is_object() ||
        schema["properties"].empty()) {
      Refuse(path, "an object needs properties");
    }
    bool first = true;
    for (const auto& [key, value] : schema["properties"].items()) {
      bool required = false;
      for (const OrderedJson& name : schema.value("required", OrderedJson::array())) {
        required = required || name == key;
      }
      if (!required) Refuse(path, "property '" + EscapeForJson(key) + "' must be required");
      // No blanks: they would be read, and most vocabularies have the marks alone in fewer tokens.
      Literal((first ? "{\"" : ",\"") + EscapeForJson(key) + "\":");
      Value(value, path.empty() ? key : path + "." + key);
      first = false;
    }
    Literal("}");
  }

  void Array(const OrderedJson& schema, const std::string& path) {
    SchemaStep more;
    more.kind = SchemaStep::Kind::kMore;
    more.text = ",";
    more.field = path;
    more.min_items = Count(schema, "minItems", path);
    more.max_items = Count(schema, "maxItems", path);
    if (more.min_items < 1 || more.max_items < more.min_items || more.max_items > 64) {
      Refuse(path, "a list needs 1 <= minItems <= maxItems <= 64");
    }
    if (!schema.contains("items")) Refuse(path, "a list needs items");
    Literal("[");
    barrier_ = more.back = program_.size();
    if (Flag(schema, "uniqueItems", path)) {
      if (!schema["items"].contains("enum")) Refuse(path, "only an enum's items can be unique");
      Enum(schema["items"], path, true);
    } else {
      Value(schema["items"], path);
    }
    const size_t labels = FewestLabels(more.back);
    if (static_cast<size_t>(more.min_items) > labels) {
      Refuse(path, "there are fewer labels than minItems asks for");
    }
    more.max_items = static_cast<int>(std::min(static_cast<size_t>(more.max_items), labels));
    program_.push_back(std::move(more));
    barrier_ = program_.size();
    Literal("]");
  }

  // Of the labels that a list's items may take only once, how many the scarcest field has. The
  // list whose items begin at `begin` can have no more items than that.
  [[nodiscard]] size_t FewestLabels(size_t begin) const {
    size_t fewest = static_cast<size_t>(-1);
    for (size_t i = program_.size(); i-- > begin;) {
      const SchemaStep& step = program_[i];
      if (step.kind == SchemaStep::Kind::kMore) {
        i = step.back;  // a list in the list counts for itself
      } else if (step.kind == SchemaStep::Kind::kLabel && step.once) {
        fewest = std::min(fewest, step.labels.size());
      }
    }
    return fewest;
  }

  void Value(const OrderedJson& schema, const std::string& path) {
    if (!schema.is_object()) Refuse(path, "must be an object");
    if (schema.contains("const")) return Literal(schema["const"].dump());
    if (schema.contains("enum")) return Enum(schema, path, Flag(schema, "x-once", path));
    std::string type;
    if (schema.contains("type") && schema["type"].is_string()) type = schema["type"];
    if (type == "object") return Object(schema, path);
    if (type == "array") return Array(schema, path);
    if (type == "integer") return Integer(schema, path);
    if (type == "boolean") return Label(path, {"true", "false"}, false);
    if (type == "string") {
      SchemaStep step;
      step.kind = SchemaStep::Kind::kText;
      step.field = path;
      step.max_tokens = Count(schema, "x-max-tokens", path);
      Literal("\"");
      program_.push_back(std::move(step));
      return Literal("\"");
    }
    Refuse(path, type.empty() ? "type is missing"
                              : "type '" + EscapeForJson(type) + "' is not supported");
  }

  SchemaProgram program_;
  // Literals are not joined across this index: a list item may be jumped to.
  size_t barrier_ = static_cast<size_t>(-1);
};

}  // namespace

SchemaProgram CompileSchema(std::string_view json_schema) {
  (void)ParseJson(json_schema, "the JSON schema");  // says where it is broken, and limits its depth
  OrderedJson schema;
  try {
    schema = OrderedJson::parse(json_schema);
  } catch (const nlohmann::json::exception&) {  // half a surrogate pair
    throw Error(ErrorCode::kInput, "the JSON schema holds a broken escape");
  }
  return Compiler().Run(schema);
}

std::string EscapeForJson(std::string_view text) {
  const std::string quoted =
      OrderedJson(std::string(text)).dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace emostage
