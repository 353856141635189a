#ifndef EMOSTAGE_SERVE_FIELDS_H_
#define EMOSTAGE_SERVE_FIELDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "serve/http/server.h"

namespace emostage {

// A JSON object from outside, read field by field. A missing field and null are the same. Each
// getter throws Refusal(400), naming the field, for a value of another type or out of bounds; what
// nobody asks for is ignored. The object outlives its Fields.
class Fields {
 public:
  // `where`: what stands before a field's name in messages ("lanes[1]."), or nothing.
  // Throws Refusal(400) where `value` is no object.
  explicit Fields(const Json& value, std::string where = "");

  // Repaired UTF-8, at most `max_bytes` long.
  [[nodiscard]] std::optional<std::string> Text(std::string_view name,
                                                std::size_t max_bytes = 1 << 20) const;
  [[nodiscard]] std::optional<int64_t> Whole(std::string_view name, int64_t least,
                                             int64_t most) const;
  [[nodiscard]] std::optional<double> Number(std::string_view name, double least,
                                             double most) const;
  [[nodiscard]] std::optional<bool> Flag(std::string_view name) const;
  [[nodiscard]] const Json* Array(std::string_view name) const;   // nullptr: none
  [[nodiscard]] const Json* Object(std::string_view name) const;  // nullptr: none
  [[nodiscard]] const Json* Any(std::string_view name) const;     // nullptr: none
  // The field's name as messages give it.
  [[nodiscard]] std::string Path(std::string_view name) const;

 private:
  const Json* value_;
  std::string where_;
};

// The request's body as JSON; an empty one is {}. Throws Refusal(400) with line and column.
[[nodiscard]] Json BodyOf(const HttpRequest& request);

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_FIELDS_H_
