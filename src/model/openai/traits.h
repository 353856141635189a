#ifndef EMOSTAGE_MODEL_OPENAI_TRAITS_H_
#define EMOSTAGE_MODEL_OPENAI_TRAITS_H_

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "emostage/model.h"
#include "model/openai/call.h"
#include "model/openai/layout.h"

namespace emostage::openai {

// The servers we know. Each takes some words beyond the common protocol; others may refuse them.
enum class ServerKind { kUnknown, kLlamaServer, kVllm, kSglang, kOllama };

[[nodiscard]] std::string_view NameOf(ServerKind kind);

// What a server is and can do; found out once.
struct Traits {
  ServerKind kind = ServerKind::kUnknown;
  std::string model;                // as the server calls it; may be empty
  std::vector<std::string> models;  // all it has
  int context = 8192;
  bool context_known = false;
  bool prefill = false;        // goes on from the beginning of an answer
  bool schema = false;         // binds an answer to a JSON schema
  int top_log_probs = 0;       // of how many of the likeliest tokens
  bool any_log_probs = false;  // of any token we name, by llama-server's own endpoints
  bool prompt_log_probs = false;
  bool embeddings = false;
  bool effort = false;  // takes "reasoning_effort": "none"
  TokenRates rates;

  [[nodiscard]] bool chooses() const { return any_log_probs || top_log_probs > 1; }
  [[nodiscard]] bool scores() const { return any_log_probs || (prompt_log_probs && prefill); }
};

// What one question needs to be sent.
struct Asking {
  const Transport* transport = nullptr;
  const Traits* traits = nullptr;
  std::shared_ptr<Place> place;
  std::stop_token stop;
  std::stop_token dropped;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();

  [[nodiscard]] CallRequest Request(std::string path, const OrderedJson& body) const;
};

// A question as the body of a chat request. With `begun` the server goes on from there (needs
// Traits::prefill). `sampling` in place of the question's own.
[[nodiscard]] OrderedJson ChatBody(const Traits& traits, const Ask& ask, std::string_view begun,
                                   const Sampling& sampling);

// Binds the answer to a request to a schema in the servers' words.
void BindToSchema(OrderedJson& body, const OrderedJson& schema);

}  // namespace emostage::openai

#endif  // EMOSTAGE_MODEL_OPENAI_TRAITS_H_
