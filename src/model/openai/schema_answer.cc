#include "model/openai/schema_answer.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "emostage/error.h"
#include "model/schema.h"

namespace emostage::openai {
namespace {

// Characters in a token, on average: of English, and of Chinese and Japanese.
constexpr double kLatinTokenLength = 5;
constexpr double kCjkTokenLength = 1.5;

OrderedJson Translate(const OrderedJson& schema, double token_length) {
  if (!schema.is_object()) return schema;
  OrderedJson out = OrderedJson::object();
  for (const auto& [key, value] : schema.items()) {
    if (key.starts_with("x-")) continue;
    if (key == "properties") {
      for (const auto& [name, part] : value.items()) {
        out[key][name] = Translate(part, token_length);
      }
    } else if (key == "items") {
      out[key] = Translate(value, token_length);
    } else {
      out[key] = value;
    }
  }
  if (schema.contains("properties")) out["additionalProperties"] = false;
  if (schema.contains("enum") && !schema.contains("type")) out["type"] = "string";
  if (schema.value("type", "") == "string" && !schema.contains("enum")) {
    out["minLength"] = 1;
    const int tokens = schema.value("x-max-tokens", 0);
    if (tokens > 0) out["maxLength"] = std::max(1, static_cast<int>(tokens * token_length));
  }
  return out;
}

// Closes what is open at the end of a JSON text that was cut off: a string, a list, an object.
// What hangs in the air (a key without its value) is left for the parser to refuse.
std::string Close(std::string_view text) {
  std::string closed(text);
  std::vector<char> open;
  bool quoted = false;
  bool escaped = false;
  for (const char c : text) {
    if (quoted) {
      if (!escaped && c == '"') quoted = false;
      escaped = !escaped && c == '\\';
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '{') open.push_back('}');
    if (c == '[') open.push_back(']');
    if ((c == '}' || c == ']') && !open.empty()) open.pop_back();
  }
  if (escaped) closed.pop_back();
  if (quoted) closed += '"';
  while (!closed.empty() && !quoted && (closed.back() == ',' || closed.back() == ' ')) {
    closed.pop_back();
  }
  for (; !open.empty(); open.pop_back()) closed += open.back();
  return closed;
}

// The first object in a text, to its end or, where that was cut off, as far as it goes.
std::string_view ObjectIn(std::string_view text) {
  const std::size_t begin = text.find('{');
  if (begin == std::string_view::npos) return {};
  int depth = 0;
  bool quoted = false;
  bool escaped = false;
  for (std::size_t i = begin; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (!escaped && c == '"') quoted = false;
      escaped = !escaped && c == '\\';
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '{') ++depth;
    if (c == '}' && --depth == 0) return text.substr(begin, i + 1 - begin);
  }
  return text.substr(begin);
}

// Where the last comma outside of strings is; npos where there is none.
std::size_t LastComma(std::string_view text) {
  std::size_t last = std::string_view::npos;
  bool quoted = false;
  bool escaped = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted) {
      if (!escaped && text[i] == '"') quoted = false;
      escaped = !escaped && text[i] == '\\';
    } else if (text[i] == '"') {
      quoted = true;
    } else if (text[i] == ',') {
      last = i;
    }
  }
  return last;
}

// An object that may be cut off at its end: what hangs in the air there is left out. Null where
// nothing can be made of it.
OrderedJson ParseCut(std::string_view text) {
  constexpr int kMostCuts = 4;  // a key without its value, in an object in a list: two
  for (int cuts = 0; cuts <= kMostCuts; ++cuts) {
    const std::string closed = Close(text);
    try {
      (void)ParseJson(closed, "the answer");  // refuses what is nested deep
      OrderedJson value = OrderedJson::parse(closed, nullptr, false);
      if (value.is_object()) return value;
    } catch (const Error&) {
      // Shorter, then.
    }
    const std::size_t comma = LastComma(text);
    if (comma == std::string_view::npos) break;
    text = text.substr(0, comma);
  }
  return {};
}

class Fitter {
 public:
  OrderedJson Fit(const OrderedJson& schema, const OrderedJson& value, const std::string& path) {
    if (schema.contains("const")) return schema["const"];
    if (schema.contains("enum")) return Label(schema["enum"], value, path);
    const std::string type = schema.value("type", "");
    if (type == "object") return Object(schema, value, path);
    if (type == "array") return List(schema, value, path);
    if (type == "integer") return Integer(schema, value, path);
    if (type == "boolean" && value.is_boolean()) return value;
    if (type == "string" && value.is_string()) {
      return std::string(Trim(RepairUtf8(value.get<std::string>())));
    }
    Refuse(path);
  }

 private:
  [[noreturn]] static void Refuse(const std::string& path) {
    throw Error(ErrorCode::kModel,
                "the model's answer does not keep to its schema at '" + path + "'",
                "try another --seed, or a server that binds answers to a schema");
  }

  static OrderedJson Label(const OrderedJson& labels, const OrderedJson& value,
                           const std::string& path) {
    if (!value.is_string()) Refuse(path);
    const std::string text(Trim(value.get<std::string>()));
    for (const OrderedJson& label : labels) {
      if (label == text) return label;
    }
    Refuse(path);
  }

  static OrderedJson Integer(const OrderedJson& schema, const OrderedJson& value,
                             const std::string& path) {
    if (!value.is_number()) Refuse(path);
    const double number = value.get<double>();
    const double low = schema.value("minimum", number);
    const double high = schema.value("maximum", number);
    return static_cast<std::int64_t>(std::clamp(number, low, std::max(low, high)));
  }

  OrderedJson Object(const OrderedJson& schema, const OrderedJson& value, const std::string& path) {
    if (!value.is_object()) Refuse(path);
    OrderedJson out = OrderedJson::object();
    for (const auto& [name, part] : schema["properties"].items()) {
      const std::string inner = path.empty() ? name : path + "." + name;
      if (!value.contains(name)) Refuse(inner);
      out[name] = Fit(part, value[name], inner);
    }
    return out;
  }

  // The labels of an item that its list may hold only once.
  static void Once(const OrderedJson& schema, const OrderedJson& item, bool unique,
                   std::vector<OrderedJson>& taken) {
    if (schema.contains("enum") && (unique || schema.value("x-once", false))) {
      taken.push_back(item);
    }
    if (!schema.contains("properties")) return;
    for (const auto& [name, part] : schema["properties"].items()) {
      if (item.contains(name)) Once(part, item[name], false, taken);
    }
  }

  OrderedJson List(const OrderedJson& schema, const OrderedJson& value, const std::string& path) {
    if (!value.is_array()) Refuse(path);
    const std::size_t least = schema.value("minItems", std::size_t{1});
    const std::size_t most = schema.value("maxItems", std::size_t{64});
    OrderedJson out = OrderedJson::array();
    std::vector<OrderedJson> seen;
    for (const OrderedJson& entry : value) {
      if (out.size() == most) break;
      OrderedJson item;
      try {
        item = Fit(schema["items"], entry, path);
      } catch (const Error&) {
        if (out.size() < least) throw;
        continue;  // one too many, cut off or odd: the list holds without it
      }
      std::vector<OrderedJson> taken;
      Once(schema["items"], item, schema.value("uniqueItems", false), taken);
      const bool again = std::ranges::any_of(taken, [&seen](const OrderedJson& label) {
        return std::ranges::find(seen, label) != seen.end();
      });
      if (again) continue;
      seen.insert(seen.end(), taken.begin(), taken.end());
      out.push_back(std::move(item));
    }
    if (out.size() < least) Refuse(path);
    return out;
  }
};

}  // namespace

OrderedJson ServerSchema(std::string_view schema) {
  (void)CompileSchema(schema);  // the same are refused as by the engine in this process
  const OrderedJson parsed = OrderedJson::parse(schema);
  const ScriptCounts scripts = CountScripts(parsed.dump());
  // Names of fields are English in every language; so labels in another script tell.
  const bool cjk = scripts.han + scripts.kana + scripts.hangul > 0;
  return Translate(parsed, cjk ? kCjkTokenLength : kLatinTokenLength);
}

std::string FitToSchema(std::string_view answer, std::string_view schema) {
  const std::string_view object = ObjectIn(answer);
  if (object.empty()) {
    throw Error(ErrorCode::kModel, "the model's answer is no JSON",
                "try another --seed, or a server that binds answers to a schema");
  }
  const OrderedJson value = ParseCut(object);
  if (!value.is_object()) {
    throw Error(ErrorCode::kModel, "the model's answer is no whole JSON",
                "try another --seed, or a larger --max-tokens");
  }
  return DumpJson(Fitter().Fit(OrderedJson::parse(schema), value, ""));
}

}  // namespace emostage::openai
