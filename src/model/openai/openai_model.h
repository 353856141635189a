#ifndef EMOSTAGE_MODEL_OPENAI_OPENAI_MODEL_H_
#define EMOSTAGE_MODEL_OPENAI_OPENAI_MODEL_H_

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "emostage/model.h"

namespace emostage {

struct OpenAiOptions {
  std::vector<std::string> urls;  // base addresses, with or without "/v1" at their end
  std::string model;              // as the server calls it; empty: its first
  std::string api_key;            // sent as a bearer token; empty: none
  std::string ca_file;            // certificates to trust instead of the system's; empty: those
  int context_tokens = 0;         // the longest question; 0: what the server says
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds first_byte_timeout{120'000};  // from the asking to the first byte
  std::chrono::milliseconds idle_timeout{60'000};         // between two bytes of an answer
  int retries = 3;                                        // of one request, where that is safe
  std::chrono::milliseconds backoff{250};       // before the first of them, doubled each time
  std::chrono::milliseconds cool_down{10'000};  // an address that failed is left alone so long
  bool read_ahead = true;  // have the next turn's beginning read, where the server keeps it
};

// What was found out about a server, for 'emostage models check'.
struct OpenAiReport {
  struct Address {
    std::string url;  // without user name and password
    bool healthy = false;
    std::string problem;  // why not
    double round_trip_ms = 0;
    bool encrypted = false;
  };
  std::vector<Address> addresses;
  std::string server;  // "llama-server", "vLLM", "SGLang", "Ollama" or "unknown"
  std::string model;
  int context_tokens = 0;
  bool context_known = false;  // false: a guess of ours
  // What the server can do and how, in words: "log-probabilities" → "of given tokens, exact".
  std::vector<std::pair<std::string, std::string>> abilities;
};

// Whether a model's name means a server: it begins with "openai:".
[[nodiscard]] bool IsOpenAiName(std::string_view name);

// "openai:URL[,URL…][#MODEL]", with the key and the certificates that the environment names:
// EMOSTAGE_API_KEY, or the first line of the file EMOSTAGE_API_KEY_FILE, and EMOSTAGE_CA_FILE.
// Throws Error(kUsage) for what is no address, Error(kInput) for a key that cannot be one.
[[nodiscard]] OpenAiOptions ParseOpenAiName(std::string_view name);

// A model behind a server that speaks the OpenAI protocol. Asks the server what it can do, once.
// The addresses must lead to servers of one kind with the same model; one of them must answer.
// Throws Error(kNetwork) where none does, Error(kModel) where the key or the model is refused.
[[nodiscard]] std::shared_ptr<Model> ConnectOpenAi(const OpenAiOptions& options);

// `model` must come from ConnectOpenAi.
[[nodiscard]] OpenAiReport ReportOpenAi(Model& model);

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_OPENAI_OPENAI_MODEL_H_
