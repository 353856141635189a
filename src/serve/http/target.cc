#include "serve/http/target.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/text.h"

namespace emostage {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte that text[i] == '%' and two digits stand for.
std::optional<char> Escaped(std::string_view text, std::size_t i) {
  if (i + 2 >= text.size()) return std::nullopt;
  const int high = HexDigit(text[i + 1]);
  const int low = HexDigit(text[i + 2]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

bool IsHarmful(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f || c == '\\';
}

std::optional<std::string> DecodePath(std::string_view text) {
  std::string path;
  path.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const std::optional<char> byte = Escaped(text, i);
      if (!byte || *byte == '/') return std::nullopt;
      c = *byte;
      i += 2;
    }
    if (IsHarmful(c)) return std::nullopt;
    path += c;
  }
  return path;
}

bool HasDotParts(std::string_view path) {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part == "." || part == "..") return true;
    begin = end + 1;
  }
  return false;
}

std::string DecodeQuery(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::optional<char> byte = text[i] == '%' ? Escaped(text, i) : std::nullopt;
    if (byte) i += 2;
    decoded += byte ? *byte : text[i] == '+' ? ' ' : text[i];
  }
  return IsValidUtf8(decoded) ? decoded : RepairUtf8(decoded);
}

}  // namespace

std::optional<HttpTarget> ParseTarget(std::string_view target) {
  // Servers must understand the form for proxies too.
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
    if (target.empty()) target = "/";
    if (target.front() == '?') return HttpTarget{"/", std::string(target.substr(1))};
    break;
  }
  if (target.empty() || target.front() != '/') return std::nullopt;
  if (target.find('#') != std::string_view::npos) return std::nullopt;
  const std::size_t mark = std::min(target.find('?'), target.size());
  std::optional<std::string> path = DecodePath(target.substr(0, mark));
  if (!path || !IsValidUtf8(*path) || HasDotParts(*path)) return std::nullopt;
  target.remove_prefix(std::min(mark + 1, target.size()));
  return HttpTarget{std::move(*path), std::string(target)};
}

std::optional<std::string> QueryParameter(std::string_view query, std::string_view name) {
  for (std::size_t begin = 0; begin < query.size();) {
    const std::size_t end = std::min(query.find('&', begin), query.size());
    const std::string_view pair = query.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.empty() || DecodeQuery(pair.substr(0, equals)) != name) continue;
    return DecodeQuery(pair.substr(std::min(equals + 1, pair.size())));
  }
  return std::nullopt;
}

}  // namespace emostage
