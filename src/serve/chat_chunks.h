#ifndef EMOSTAGE_SERVE_CHAT_CHUNKS_H_
#define EMOSTAGE_SERVE_CHAT_CHUNKS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "emostage/answer.h"

namespace emostage {

// The answers of POST /v1/chat/completions: whole, or as the events of a stream. Immutable.
class ChatChunks {
 public:
  // `model` as it was asked for; `created` in Unix seconds.
  ChatChunks(std::string model, int64_t created);

  [[nodiscard]] std::string Role() const;
  [[nodiscard]] std::string Content(std::string_view words) const;
  [[nodiscard]] std::string Thought(std::string_view line) const;
  // `trace`: under "emostage"; null: left out.
  [[nodiscard]] std::string Finish(const Answer& answer, const OrderedJson& trace) const;
  [[nodiscard]] std::string Usage(const Answer& answer) const;

  [[nodiscard]] std::string Whole(const Answer& answer, const std::string& thoughts,
                                  const OrderedJson& trace) const;

 private:
  [[nodiscard]] OrderedJson Head(std::string_view object) const;
  [[nodiscard]] std::string Chunk(OrderedJson delta) const;

  std::string id_;
  std::string model_;
  int64_t created_;
};

[[nodiscard]] OrderedJson ModelJson(const std::string& id);
[[nodiscard]] OrderedJson EmbeddingJson(const std::vector<float>& vector, bool base64);
// What a step found, in a line to be read: "feels: sadness". Empty for the reply itself.
[[nodiscard]] std::string ThoughtLine(const Step& step);

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_CHAT_CHUNKS_H_
