#include "model/openai/chat_stream.h"

#include <cstdint>
#include <limits>

#include "base/text.h"
#include "emostage/error.h"

namespace emostage::openai {
namespace {

constexpr std::size_t kKeptOfFault = 4096;

// The member, or null where there is none.
const Json& Member(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

void ReadCount(const Json& object, const char* key, int& count) {
  const Json& value = Member(object, key);
  if (!value.is_number_unsigned()) return;
  const auto number = value.get<std::uint64_t>();
  if (number <= std::numeric_limits<int>::max()) count = static_cast<int>(number);
}

std::string Text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace

void ReadUsage(const Json& answer, Usage& usage) {
  const Json& counts = Member(answer, "usage");
  ReadCount(counts, "prompt_tokens", usage.prompt_tokens);
  ReadCount(counts, "completion_tokens", usage.output_tokens);
  ReadCount(Member(answer, "timings"), "cache_n", usage.reused_tokens);
  ReadCount(Member(counts, "prompt_tokens_details"), "cached_tokens", usage.reused_tokens);
}

std::string ChatStream::Read(const Json& answer) {
  if (!Member(answer, "error").is_null()) {
    state_ = State::kFault;
    fault_ = answer.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, kKeptOfFault);
    return {};
  }
  ReadUsage(answer, usage_);
  const Json& choices = Member(answer, "choices");
  if (!choices.is_array() || choices.empty()) return {};
  const Json& choice = choices[0];
  const std::string reason = Text(Member(choice, "finish_reason"));
  if (!reason.empty()) {
    state_ = State::kWhole;
    finish_ = reason == "length" ? FinishReason::kLength : FinishReason::kEnd;
    // vLLM and SGLang name the stop string that was met.
    if (Member(choice, "stop_reason").is_string() || Member(choice, "matched_stop").is_string()) {
      finish_ = FinishReason::kStop;
    }
  }
  const Json& delta = Member(choice, "delta");
  return Text(Member(delta.is_null() ? Member(choice, "message") : delta, "content"));
}

std::string ChatStream::ReadEvent(const std::string& event) {
  if (Trim(event) == "[DONE]") {
    state_ = State::kWhole;
    return {};
  }
  try {
    return Read(ParseJson(event, "the event"));
  } catch (const Error&) {
    state_ = State::kNonsense;
    fault_ = event.substr(0, kKeptOfFault);
    return {};
  }
}

std::string ChatStream::Feed(std::string_view bytes) {
  if (!events_) {
    body_ += bytes;
    return {};
  }
  std::string words;
  for (const std::string& event : parser_.Feed(bytes)) {
    if (state_ == State::kFault || state_ == State::kNonsense) break;
    words += ReadEvent(event);
  }
  if (parser_.overflowed()) state_ = State::kNonsense;
  return words;
}

std::string ChatStream::Finish() {
  if (events_ || state_ != State::kOpen) return {};
  const std::string_view start = Trim(body_);
  if (!start.empty() && !start.starts_with("{")) {
    state_ = State::kNonsense;
    fault_ = body_.substr(0, kKeptOfFault);
    return {};
  }
  try {
    const Json answer = ParseJson(body_, "the answer");
    std::string words = Read(answer);
    if (state_ == State::kOpen) {
      state_ = Member(answer, "choices").is_array() ? State::kWhole : State::kNonsense;
    }
    return words;
  } catch (const Error&) {
    return {};  // half of it: still open
  }
}

}  // namespace emostage::openai
