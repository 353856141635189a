#ifndef EMOSTAGE_SERVE_HTTP_NAMES_H_
#define EMOSTAGE_SERVE_HTTP_NAMES_H_

#include <string_view>

namespace emostage {

// Whether two header names, or values that are keywords, are the same in any case of ASCII letters.
[[nodiscard]] bool EqualNames(std::string_view a, std::string_view b);

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_HTTP_NAMES_H_
