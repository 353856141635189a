#include "model/openai/traits.h"

#include <utility>

namespace emostage::openai {
namespace {

constexpr std::size_t kMostStops = 4;  // what the common protocol allows

// llama-server takes a grammar: anything that does not begin with a brace or a square bracket.
constexpr std::string_view kProse = R"(root ::= [ \t\n]* [^ \t\n{\x5B] [^\x00]*)";

void AddSampling(const Traits& traits, const Sampling& sampling, bool begun, OrderedJson& body) {
  // Signed 32 bits: what every server takes.
  constexpr std::uint64_t kSeedBits = 0x7fffffff;
  body["temperature"] = sampling.temperature;
  body["top_p"] = sampling.top_p;
  body["max_tokens"] = sampling.max_tokens;
  body["seed"] = sampling.seed & kSeedBits;
  if (!sampling.stop.empty()) {
    // The rest are looked for on this side, as all of them are.
    const std::size_t count = traits.kind == ServerKind::kUnknown
                                  ? std::min(sampling.stop.size(), kMostStops)
                                  : sampling.stop.size();
    body["stop"] = std::vector<std::string>(
        sampling.stop.begin(), sampling.stop.begin() + static_cast<std::ptrdiff_t>(count));
  }
  const bool own_words = traits.kind == ServerKind::kLlamaServer ||
                         traits.kind == ServerKind::kVllm || traits.kind == ServerKind::kSglang;
  if (!own_words) return;
  body["top_k"] = sampling.top_k;
  const bool to_the_end = sampling.min_tokens >= sampling.max_tokens;
  if (to_the_end) body["ignore_eos"] = true;
  if (traits.kind == ServerKind::kLlamaServer) {
    // The same chain as the engine in this process has.
    body["samplers"] = {"penalties", "top_k", "top_p", "temperature"};
    body["repeat_penalty"] = sampling.repetition_penalty;
    body["repeat_last_n"] = 64;
    if (sampling.prose && !begun) body["grammar"] = kProse;
  } else {
    if (sampling.repetition_penalty > 1) {
      body["repetition_penalty"] = sampling.repetition_penalty;
    }
    if (sampling.min_tokens > 0) body["min_tokens"] = sampling.min_tokens;
  }
}

}  // namespace

std::string_view NameOf(ServerKind kind) {
  switch (kind) {
    case ServerKind::kLlamaServer:
      return "llama-server";
    case ServerKind::kVllm:
      return "vLLM";
    case ServerKind::kSglang:
      return "SGLang";
    case ServerKind::kOllama:
      return "Ollama";
    case ServerKind::kUnknown:
      break;
  }
  return "unknown";
}

CallRequest Asking::Request(std::string path, const OrderedJson& body) const {
  CallRequest request;
  request.path = std::move(path);
  request.body = DumpJson(body);
  request.place = place;
  request.stop = stop;
  request.dropped = dropped;
  request.deadline = deadline;
  return request;
}

OrderedJson ChatBody(const Traits& traits, const Ask& ask, std::string_view begun,
                     const Sampling& sampling) {
  OrderedJson body;
  if (!traits.model.empty()) body["model"] = traits.model;
  body["messages"] = ChatMessages(ask, begun);
  AddSampling(traits, sampling, !begun.empty(), body);
  switch (traits.kind) {
    case ServerKind::kLlamaServer:  // goes on from a last message of the assistant's unasked
    case ServerKind::kVllm:
    case ServerKind::kSglang:
      body["chat_template_kwargs"] = {{"enable_thinking", false}};
      break;
    case ServerKind::kOllama:
    case ServerKind::kUnknown:
      if (traits.effort) body["reasoning_effort"] = "none";
      break;
  }
  if (!begun.empty()) {
    if (traits.kind == ServerKind::kVllm) body["add_generation_prompt"] = false;
    if (traits.kind == ServerKind::kVllm || traits.kind == ServerKind::kSglang) {
      body["continue_final_message"] = true;
    }
  }
  return body;
}

void BindToSchema(OrderedJson& body, const OrderedJson& schema) {
  body["response_format"] = {
      {"type", "json_schema"},
      {"json_schema", {{"name", "answer"}, {"strict", true}, {"schema", schema}}}};
}

}  // namespace emostage::openai
