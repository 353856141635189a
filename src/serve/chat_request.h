#ifndef EMOSTAGE_SERVE_CHAT_REQUEST_H_
#define EMOSTAGE_SERVE_CHAT_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "emostage/dialogue.h"

namespace emostage {

// The body of POST /v1/chat/completions, as far as it means something here. System and developer
// messages are left out: what the model is told is the method's business. Everything else that is
// not named here is ignored, as chat programs send many things.
struct ChatRequest {
  std::string model;
  std::vector<Turn> turns;  // ends with the client
  bool stream = false;
  bool include_usage = false;
  bool thoughts = false;  // reasoning_content: what each step found
  bool trace = false;     // the whole answer object under "emostage"
  std::string scheme;     // these four from the "emostage" object
  std::string language;
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<int> max_tokens;
  std::optional<uint64_t> seed;
  std::vector<std::string> stop;
};

// Throws Refusal(400), naming the field.
[[nodiscard]] ChatRequest ParseChatRequest(const Json& body);

// What chat programs ask for besides replies, of the same address as if it were a message of the
// person's: a title for the talk, say. Such a request must not enter a session.
struct SideRequest {
  std::string kind;    // "title", "tags", "follow-ups", "other"
  std::string schema;  // the JSON it wants; empty: plain text
};

// Told by the fixed phrases of Open WebUI's and LibreChat's own prompts (see docs/wire.md), all of
// which carry the talk inside the last message. nullopt: a person's words.
[[nodiscard]] std::optional<SideRequest> RecogniseSideRequest(const ChatRequest& request);

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_CHAT_REQUEST_H_
