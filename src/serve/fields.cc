#include "serve/fields.h"

#include <limits>
#include <utility>

#include "base/text.h"
#include "emostage/error.h"
#include "serve/refusal.h"

namespace emostage {
namespace {

[[noreturn]] void Bad(const std::string& path, const std::string& must) {
  throw Refusal(400, "invalid_type", "'" + path + "' must be " + must, path);
}

}  // namespace

Fields::Fields(const Json& value, std::string where) : value_(&value), where_(std::move(where)) {
  if (value.is_object()) return;
  std::string name = where_.empty() ? "the body" : "'" + where_.substr(0, where_.size() - 1) + "'";
  throw Refusal(400, "invalid_type", name + " must be a JSON object");
}

std::string Fields::Path(std::string_view name) const { return where_ + std::string(name); }

const Json* Fields::Any(std::string_view name) const {
  const auto it = value_->find(name);
  return it == value_->end() || it->is_null() ? nullptr : &*it;
}

std::optional<std::string> Fields::Text(std::string_view name, std::size_t max_bytes) const {
  const Json* field = Any(name);
  if (field == nullptr) return std::nullopt;
  if (!field->is_string()) Bad(Path(name), "a string");
  std::string text = RepairUtf8(field->get_ref<const std::string&>());
  if (text.size() > max_bytes) {
    throw Refusal(413, "too_large",
                  "'" + Path(name) + "' is longer than " + std::to_string(max_bytes) + " bytes",
                  Path(name));
  }
  return text;
}

std::optional<int64_t> Fields::Whole(std::string_view name, int64_t least, int64_t most) const {
  const Json* field = Any(name);
  if (field == nullptr) return std::nullopt;
  const bool fits =
      field->is_number_integer() &&
      !(field->is_number_unsigned() &&
        field->get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()));
  if (!fits || field->get<int64_t>() < least || field->get<int64_t>() > most) {
    Bad(Path(name), "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return field->get<int64_t>();
}

std::optional<double> Fields::Number(std::string_view name, double least, double most) const {
  const Json* field = Any(name);
  if (field == nullptr) return std::nullopt;
  if (!field->is_number() || !(field->get<double>() >= least && field->get<double>() <= most)) {
    Bad(Path(name), "a number from " + Json(least).dump() + " to " + Json(most).dump());
  }
  return field->get<double>();
}

std::optional<bool> Fields::Flag(std::string_view name) const {
  const Json* field = Any(name);
  if (field == nullptr) return std::nullopt;
  if (!field->is_boolean()) Bad(Path(name), "true or false");
  return field->get<bool>();
}

const Json* Fields::Array(std::string_view name) const {
  const Json* field = Any(name);
  if (field != nullptr && !field->is_array()) Bad(Path(name), "an array");
  return field;
}

const Json* Fields::Object(std::string_view name) const {
  const Json* field = Any(name);
  if (field != nullptr && !field->is_object()) Bad(Path(name), "an object");
  return field;
}

Json BodyOf(const HttpRequest& request) {
  if (Trim(request.body).empty()) return Json::object();
  try {
    return ParseJson(request.body, "the body");
  } catch (const Error& error) {
    throw Refusal(400, "invalid_json", error.what());
  }
}

}  // namespace emostage
