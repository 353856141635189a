#include "model/openai/endpoint.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/file.h"
#include "base/text.h"
#include "emostage/error.h"
#include "model/openai/openai_model.h"

namespace emostage::openai {
namespace {

constexpr std::string_view kScheme = "openai:";
constexpr std::size_t kLongestKeyFile = 1 << 16;

[[noreturn]] void Refuse(const std::string& why) {
  throw Error(ErrorCode::kUsage, "the model server's address " + why,
              "write openai:http://HOST:PORT#MODEL");
}

std::string Part(CURLU* url, CURLUPart part) {
  char* raw = nullptr;
  if (curl_url_get(url, part, &raw, 0) != CURLUE_OK) return {};
  const std::unique_ptr<char, decltype(&curl_free)> owner(raw, &curl_free);
  return raw;
}

}  // namespace

Endpoint ParseEndpoint(std::string_view url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  const bool printable = std::ranges::all_of(url, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f;
  });
  const bool has_scheme = url.find("://") != std::string_view::npos;
  if (!parsed || !printable || url.empty() || !has_scheme ||
      curl_url_set(parsed.get(), CURLUPART_URL, std::string(url).c_str(), 0) != CURLUE_OK) {
    Refuse("cannot be read");
  }
  const std::string scheme = Part(parsed.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") Refuse("must begin with http:// or https://");
  if (!Part(parsed.get(), CURLUPART_QUERY).empty()) Refuse("must not hold a '?'");
  std::string path = Part(parsed.get(), CURLUPART_PATH);
  const auto without_slashes = [&path] {
    while (path.ends_with('/')) path.pop_back();
  };
  without_slashes();
  if (path.ends_with("/v1")) path.resize(path.size() - 3);
  without_slashes();
  curl_url_set(parsed.get(), CURLUPART_PATH, path.empty() ? "/" : path.c_str(), 0);
  curl_url_set(parsed.get(), CURLUPART_FRAGMENT, nullptr, 0);
  Endpoint endpoint;
  endpoint.encrypted = scheme == "https";
  endpoint.root = Part(parsed.get(), CURLUPART_URL);
  curl_url_set(parsed.get(), CURLUPART_USER, nullptr, 0);
  curl_url_set(parsed.get(), CURLUPART_PASSWORD, nullptr, 0);
  endpoint.shown = Part(parsed.get(), CURLUPART_URL);
  for (std::string* text : {&endpoint.root, &endpoint.shown}) {
    while (text->ends_with('/')) text->pop_back();
  }
  return endpoint;
}

OpenAiName SplitOpenAiName(std::string_view name) {
  OpenAiName parts;
  if (name.starts_with(kScheme)) name.remove_prefix(kScheme.size());
  const std::size_t hash = name.find('#');
  if (hash != std::string_view::npos) parts.model = Trim(name.substr(hash + 1));
  name = name.substr(0, hash);
  while (!name.empty()) {
    const std::size_t comma = std::min(name.find(','), name.size());
    const std::string_view url = Trim(name.substr(0, comma));
    if (!url.empty()) parts.urls.emplace_back(url);
    name.remove_prefix(std::min(comma + 1, name.size()));
  }
  return parts;
}

std::string CheckKey(std::string_view key, std::string_view source) {
  const std::string trimmed(Trim(key));
  const bool fits = std::ranges::all_of(trimmed, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!fits) {
    throw Error(ErrorCode::kInput, "the key in " + std::string(source) + " cannot be one",
                "it must be one line of plain characters without blanks");
  }
  return trimmed;
}

}  // namespace emostage::openai

namespace emostage {
namespace {

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

bool IsOpenAiName(std::string_view name) { return name.starts_with(openai::kScheme); }

OpenAiOptions ParseOpenAiName(std::string_view name) {
  openai::OpenAiName parts = openai::SplitOpenAiName(name);
  if (parts.urls.empty()) openai::Refuse("is missing");
  for (const std::string& url : parts.urls) (void)openai::ParseEndpoint(url);
  OpenAiOptions options;
  options.urls = std::move(parts.urls);
  options.model = std::move(parts.model);
  const std::string key = FromEnvironment("EMOSTAGE_API_KEY");
  const std::string key_file = FromEnvironment("EMOSTAGE_API_KEY_FILE");
  if (!key.empty()) {
    options.api_key = openai::CheckKey(key, "EMOSTAGE_API_KEY");
  } else if (!key_file.empty()) {
    options.api_key = openai::CheckKey(ReadFile(key_file, openai::kLongestKeyFile),
                                       "the file that EMOSTAGE_API_KEY_FILE names");
  }
  options.ca_file = FromEnvironment("EMOSTAGE_CA_FILE");
  return options;
}

}  // namespace emostage
