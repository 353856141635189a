#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "emostage/error.h"
#include "model/openai/chat_stream.h"
#include "model/openai/reply_text.h"
#include "model/openai/schema_answer.h"
#include "model/openai/sse_parser.h"

namespace {

using emostage::openai::ChatStream;
using emostage::openai::ReplyText;
using emostage::openai::SseParser;

void Require(bool condition, const char* what) {
  if (condition) return;
  std::cerr << "broken promise: " << what << "\n";
  std::abort();
}

// What a stream comes to when it arrives in pieces of this size.
struct Outcome {
  std::string words;
  std::string text;
  ChatStream::State state = ChatStream::State::kOpen;
  bool operator==(const Outcome&) const = default;
};

Outcome Read(std::string_view bytes, std::size_t piece, bool events) {
  Outcome outcome;
  ChatStream stream(events);
  ReplyText reply("Phase:", {"\nClient:", "\nUser:"});
  std::string handed_on;
  const auto take = [&](const std::string& words) {
    outcome.words += words;
    const std::string out = reply.Add(words);
    Require(emostage::IsValidUtf8(out), "what is handed on is whole characters");
    handed_on += out;
  };
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    take(stream.Feed(bytes.substr(at, piece)));
  }
  take(stream.Finish());
  handed_on += reply.Finish();
  Require(handed_on == reply.text(), "what was handed on is the reply");
  Require(handed_on.find("\nClient:") == std::string::npos, "no stop string is handed on");
  outcome.text = handed_on;
  outcome.state = stream.state();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const bool events : {true, false}) {
    const Outcome whole = Read(bytes, size + 1, events);
    Require(Read(bytes, 1, events) == whole, "pieces of one byte come to the same");
    Require(Read(bytes, 7, events) == whole, "pieces of seven bytes come to the same");
  }
  constexpr std::string_view kSchema =
      R"({"type":"object","properties":{"a":{"type":"string"},"b":{"enum":["x","y"]}},)"
      R"("required":["a","b"]})";
  try {
    const std::string fitted = emostage::openai::FitToSchema(bytes, kSchema);
    Require(emostage::openai::FitToSchema(fitted, kSchema) == fitted, "what fits stays as it is");
  } catch (const emostage::Error& error) {
    Require(error.code() == emostage::ErrorCode::kModel, "a bad answer is the model's fault");
  }
  return 0;
}
