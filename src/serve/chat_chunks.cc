#include "serve/chat_chunks.h"

#include <sodium.h>

#include <bit>
#include <utility>

#include "serve/sse.h"
#include "session/store/store.h"

namespace emostage {
namespace {

// Reading and writing of all steps; what was found read already counts as cached, and what was
// written before the reply as reasoning.
OrderedJson UsageJson(const Answer& answer) {
  int prompt = 0;
  int reused = 0;
  int output = 0;
  int thought = 0;
  for (const Step& step : answer.steps) {
    prompt += step.prompt_tokens;
    reused += step.reused_tokens;
    output += step.output_tokens;
    if (step.name != "reply" && step.name != "turn") thought += step.output_tokens;
  }
  return {{"prompt_tokens", prompt},
          {"completion_tokens", output},
          {"total_tokens", prompt + output},
          {"prompt_tokens_details", {{"cached_tokens", reused}}},
          {"completion_tokens_details", {{"reasoning_tokens", thought}}}};
}

std::string_view FinishReasonOf(const Answer& answer) { return answer.cut_off ? "length" : "stop"; }

}  // namespace

ChatChunks::ChatChunks(std::string model, int64_t created)
    : id_("chatcmpl-" + NewSessionId()), model_(std::move(model)), created_(created) {}

OrderedJson ChatChunks::Head(std::string_view object) const {
  return {{"id", id_}, {"object", object}, {"created", created_}, {"model", model_}};
}

std::string ChatChunks::Chunk(OrderedJson delta) const {
  OrderedJson json = Head("chat.completion.chunk");
  json["choices"] =
      OrderedJson::array({{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", nullptr}}});
  return SseData(DumpJson(json));
}

std::string ChatChunks::Role() const { return Chunk({{"role", "assistant"}, {"content", ""}}); }

std::string ChatChunks::Content(std::string_view words) const {
  return Chunk({{"content", words}});
}

std::string ChatChunks::Thought(std::string_view line) const {
  return Chunk({{"reasoning_content", line}});
}

std::string ChatChunks::Finish(const Answer& answer, const OrderedJson& trace) const {
  OrderedJson json = Head("chat.completion.chunk");
  json["choices"] = OrderedJson::array({{{"index", 0},
                                         {"delta", OrderedJson::object()},
                                         {"finish_reason", FinishReasonOf(answer)}}});
  if (!trace.is_null()) json["emostage"] = trace;
  return SseData(DumpJson(json));
}

std::string ChatChunks::Usage(const Answer& answer) const {
  OrderedJson json = Head("chat.completion.chunk");
  json["choices"] = OrderedJson::array();
  json["usage"] = UsageJson(answer);
  return SseData(DumpJson(json));
}

std::string ChatChunks::Whole(const Answer& answer, const std::string& thoughts,
                              const OrderedJson& trace) const {
  OrderedJson message = {{"role", "assistant"}, {"content", answer.reply}};
  if (!thoughts.empty()) message["reasoning_content"] = thoughts;
  OrderedJson json = Head("chat.completion");
  json["choices"] = OrderedJson::array(
      {{{"index", 0}, {"message", message}, {"finish_reason", FinishReasonOf(answer)}}});
  json["usage"] = UsageJson(answer);
  if (!trace.is_null()) json["emostage"] = trace;
  return DumpJson(json);
}

OrderedJson ModelJson(const std::string& id) {
  return {{"id", id}, {"object", "model"}, {"created", 0}, {"owned_by", "emostage"}};
}

OrderedJson EmbeddingJson(const std::vector<float>& vector, bool base64) {
  if (!base64) return vector;
  static_assert(std::endian::native == std::endian::little, "floats go out as they are");
  const size_t bytes = vector.size() * sizeof(float);
  std::string text(sodium_base64_ENCODED_LEN(bytes, sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(vector.data()),
                    bytes, sodium_base64_VARIANT_ORIGINAL);
  text.resize(text.find('\0'));
  return text;
}

std::string ThoughtLine(const Step& step) {
  if (step.name == "reply" || step.name == "turn") return "";
  const OrderedJson output = OrderedJson::parse(step.output, nullptr, false);
  if (!output.is_object()) return "";
  for (const char* key : {"label", "text", "summary"}) {
    const auto it = output.find(key);
    if (it == output.end() || !it->is_string()) continue;
    std::string found = it->get<std::string>();
    // A written line is a JSON string of the model's.
    const OrderedJson inner = OrderedJson::parse(found, nullptr, false);
    if (inner.is_string()) found = inner.get<std::string>();
    return step.name + ": " + found + "\n";
  }
  return "";
}

}  // namespace emostage
