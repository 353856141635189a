#ifndef EMOSTAGE_MODEL_OPENAI_ENDPOINT_H_
#define EMOSTAGE_MODEL_OPENAI_ENDPOINT_H_

#include <string>
#include <string_view>
#include <vector>

namespace emostage::openai {

// Where a server is.
struct Endpoint {
  std::string root;   // "http://127.0.0.1:8080", to which "/v1/models" is added
  std::string shown;  // the same without user name and password, for people
  bool encrypted = false;
};

// A base address with or without "/v1" and slashes at its end. Throws Error(kUsage), which shows
// no user name and no password.
[[nodiscard]] Endpoint ParseEndpoint(std::string_view url);

// The parts of "openai:URL,URL#MODEL", not yet judged.
struct OpenAiName {
  std::vector<std::string> urls;
  std::string model;
};
[[nodiscard]] OpenAiName SplitOpenAiName(std::string_view name);

// A key as it may stand in a header: without blanks around it. Throws Error(kInput) where it holds
// anything that no header may hold; the message does not hold the key.
[[nodiscard]] std::string CheckKey(std::string_view key, std::string_view source);

}  // namespace emostage::openai

#endif  // EMOSTAGE_MODEL_OPENAI_ENDPOINT_H_
