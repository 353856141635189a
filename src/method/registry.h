#ifndef EMOSTAGE_METHOD_REGISTRY_H_
#define EMOSTAGE_METHOD_REGISTRY_H_

#include <span>
#include <string_view>

#include "method/method.h"

namespace emostage {

// All methods, in the order in which they are listed to people.
[[nodiscard]] std::span<const Method* const> AllMethods();
// Throws Error(kUsage), listing the names there are.
[[nodiscard]] const Method& FindMethod(std::string_view name);

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_REGISTRY_H_
