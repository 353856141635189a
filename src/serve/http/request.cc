#include <algorithm>

#include "serve/http/names.h"
#include "serve/http/server.h"
#include "serve/http/target.h"

namespace emostage {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool EqualNames(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, Lower, Lower);
}

std::string_view HttpRequest::Header(std::string_view name) const {
  for (const auto& [other, value] : headers) {
    if (EqualNames(name, other)) return value;
  }
  return {};
}

std::optional<std::string> HttpRequest::Parameter(std::string_view name) const {
  return QueryParameter(query, name);
}

}  // namespace emostage
