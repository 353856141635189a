#ifndef EMOSTAGE_SERVE_SSE_H_
#define EMOSTAGE_SERVE_SSE_H_

#include <string>
#include <string_view>

namespace emostage {

// Server-sent events. `data` is JSON on one line.
inline constexpr std::string_view kEventStream = "text/event-stream";
inline constexpr std::string_view kPing = ": ping\n\n";  // a comment: keeps a connection awake

[[nodiscard]] inline std::string SseEvent(std::string_view event, std::string_view data) {
  std::string text = "event: ";
  text.append(event).append("\ndata: ").append(data).append("\n\n");
  return text;
}

// Without a name, as OpenAI's streams are.
[[nodiscard]] inline std::string SseData(std::string_view data) {
  std::string text = "data: ";
  text.append(data).append("\n\n");
  return text;
}

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_SSE_H_
