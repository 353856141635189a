#include "serve/chat_request.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/text.h"
#include "serve/fields.h"
#include "serve/refusal.h"

namespace emostage {
namespace {

constexpr size_t kMostMessages = 10000;
constexpr int kMostTokens = 4096;

// A message's text: a string, or the text among its parts.
std::string ContentOf(const Fields& message) {
  const Json* content = message.Any("content");
  if (content == nullptr) return "";
  if (content->is_string()) return RepairUtf8(content->get_ref<const std::string&>());
  if (!content->is_array()) {
    throw Refusal(400, "invalid_type",
                  "'" + message.Path("content") + "' must be a string or an array of parts",
                  message.Path("content"));
  }
  std::string text;
  for (size_t i = 0; i < content->size(); ++i) {
    const Fields part((*content)[i], message.Path("content[" + std::to_string(i) + "]."));
    if (part.Text("type").value_or("text") != "text") continue;  // pictures and the like
    if (!text.empty()) text += "\n";
    text += part.Text("text").value_or("");
  }
  return text;
}

std::optional<Role> RoleOf(const Fields& message) {
  const std::string role = message.Text("role").value_or("");
  if (role == "user") return Role::kClient;
  if (role == "assistant") return Role::kCounsellor;
  if (role == "system" || role == "developer" || role == "tool" || role == "function") {
    return std::nullopt;
  }
  throw Refusal(400, "invalid_value",
                "'" + message.Path("role") + "' must be user, assistant or system",
                message.Path("role"));
}

std::vector<Turn> TurnsOf(const Json& messages) {
  if (messages.size() > kMostMessages) {
    throw Refusal(400, "too_many",
                  "there are more than " + std::to_string(kMostMessages) + " messages", "messages");
  }
  std::vector<Turn> turns;
  for (size_t i = 0; i < messages.size(); ++i) {
    const Fields message(messages[i], "messages[" + std::to_string(i) + "].");
    const std::optional<Role> role = RoleOf(message);
    const std::string text(Trim(ContentOf(message)));
    if (!role || text.empty()) continue;
    turns.push_back({*role, text, ""});
  }
  if (turns.empty() || turns.back().role != Role::kClient) {
    throw Refusal(400, "invalid_value",
                  "'messages' must end with words of the user's; there is nothing to answer",
                  "messages");
  }
  return turns;
}

std::vector<std::string> StopsOf(const Fields& body) {
  const Json* stop = body.Any("stop");
  if (stop == nullptr) return {};
  if (stop->is_string()) return {stop->get<std::string>()};
  std::vector<std::string> stops;
  bool good = stop->is_array() && stop->size() <= 16;
  if (good) {
    for (const Json& one : *stop) {
      good = good && one.is_string();
      if (one.is_string() && !one.get_ref<const std::string&>().empty()) {
        stops.push_back(RepairUtf8(one.get_ref<const std::string&>()));
      }
    }
  }
  if (!good) {
    throw Refusal(400, "invalid_type", "'stop' must be a string or at most 16 of them", "stop");
  }
  return stops;
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

constexpr std::string_view kTitleSchema =
    R"({"type":"object","properties":{"title":{"type":"string","x-max-tokens":12}},"required":["title"]})";
constexpr std::string_view kTagsSchema =
    R"({"type":"object","properties":{"tags":{"type":"array","minItems":1,"maxItems":3,"items":{"type":"string","x-max-tokens":4}}},"required":["tags"]})";
constexpr std::string_view kFollowUpsSchema =
    R"({"type":"object","properties":{"follow_ups":{"type":"array","minItems":1,"maxItems":3,"items":{"type":"string","x-max-tokens":16}}},"required":["follow_ups"]})";

}  // namespace

ChatRequest ParseChatRequest(const Json& json) {
  const Fields body(json);
  ChatRequest request;
  request.model = body.Text("model", 1000).value_or("emostage");
  const Json* messages = body.Array("messages");
  if (messages == nullptr || messages->empty()) {
    throw Refusal(400, "missing_field", "'messages' is missing or empty; give at least one",
                  "messages");
  }
  request.turns = TurnsOf(*messages);
  request.stream = body.Flag("stream").value_or(false);
  if (const Json* options = body.Object("stream_options")) {
    request.include_usage =
        Fields(*options, "stream_options.").Flag("include_usage").value_or(false);
  }
  if (body.Whole("n", 1, 128).value_or(1) != 1) {
    throw Refusal(400, "unsupported", "'n' must be 1: a turn has one reply", "n");
  }
  request.temperature = body.Number("temperature", 0, 5);
  request.top_p = body.Number("top_p", 0, 1);
  const auto longest = std::numeric_limits<int64_t>::max();
  std::optional<int64_t> most = body.Whole("max_completion_tokens", -1, longest);
  if (!most) most = body.Whole("max_tokens", -1, longest);
  if (most && *most > 0)
    request.max_tokens = static_cast<int>(std::min<int64_t>(*most, kMostTokens));
  if (const auto seed = body.Whole("seed", std::numeric_limits<int64_t>::min(), longest)) {
    request.seed = static_cast<uint64_t>(*seed);
  }
  request.stop = StopsOf(body);
  request.thoughts = body.Flag("include_reasoning").value_or(false);
  if (const Json* own = body.Object("emostage")) {
    const Fields fields(*own, "emostage.");
    request.thoughts = fields.Flag("thoughts").value_or(request.thoughts);
    request.trace = fields.Flag("trace").value_or(false);
    request.scheme = fields.Text("scheme", 100).value_or("");
    request.language = fields.Text("language", 10).value_or("");
  }
  return request;
}

std::optional<SideRequest> RecogniseSideRequest(const ChatRequest& request) {
  const std::string& last = request.turns.back().text;
  // Open WebUI: a task in English above the talk between marks of its own.
  if (last.starts_with("### Task:") && (Contains(last, "<chat_history>") ||
                                        Contains(last, "<context>") || Contains(last, "<type>"))) {
    if (Contains(last, "\"title\"")) return SideRequest{"title", std::string(kTitleSchema)};
    if (Contains(last, "\"tags\"")) return SideRequest{"tags", std::string(kTagsSchema)};
    if (Contains(last, "\"follow_ups\"")) {
      return SideRequest{"follow-ups", std::string(kFollowUpsSchema)};
    }
    // With documents: a person's question, with what was found for it.
    if (Contains(last, "<user_query>") || Contains(last, "Respond to the user query")) {
      return std::nullopt;
    }
    return SideRequest{"other", ""};
  }
  constexpr std::array<std::string_view, 4> kLibreChat = {
      "Provide a concise, 5-word-or-less title for the conversation",
      "Please generate a concise, 5-word-or-less title",
      "Please generate a concise title (max 40 characters) for a conversation that starts with",
      "Analyze this conversation and provide:\n1. The detected language",
  };
  for (const std::string_view opening : kLibreChat) {
    if (last.starts_with(opening)) return SideRequest{"title", ""};
  }
  return std::nullopt;
}

}  // namespace emostage
