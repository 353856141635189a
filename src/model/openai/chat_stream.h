#ifndef EMOSTAGE_MODEL_OPENAI_CHAT_STREAM_H_
#define EMOSTAGE_MODEL_OPENAI_CHAT_STREAM_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "emostage/model.h"
#include "model/openai/sse_parser.h"

namespace emostage::openai {

// What a chat answer cost, as its server counts.
void ReadUsage(const Json& answer, Usage& usage);

// A streamed chat answer out of bytes: the words in order, how it ended, what it cost. Where a
// server answers in one piece of JSON though a stream was asked for, that is read as well.
//
// No input is refused: what makes no sense shows in the state.
class ChatStream {
 public:
  enum class State {
    kOpen,      // neither its end nor a fault has come
    kWhole,     // its end came
    kFault,     // the server reports a fault in place of an answer
    kNonsense,  // this is no chat answer
  };

  explicit ChatStream(bool events) : events_(events) {}

  // The words that `bytes` hold.
  [[nodiscard]] std::string Feed(std::string_view bytes);
  // The connection has ended: the words of an answer in one piece.
  [[nodiscard]] std::string Finish();

  [[nodiscard]] State state() const { return state_; }
  // What the server said of its fault, or the beginning of the nonsense. Not for people.
  [[nodiscard]] const std::string& fault() const { return fault_; }
  [[nodiscard]] FinishReason finish() const { return finish_; }
  [[nodiscard]] const Usage& usage() const { return usage_; }

 private:
  std::string Read(const Json& answer);
  std::string ReadEvent(const std::string& event);

  bool events_;
  SseParser parser_;
  std::string body_;  // without events: all of it
  State state_ = State::kOpen;
  std::string fault_;
  FinishReason finish_ = FinishReason::kEnd;
  Usage usage_;
};

}  // namespace emostage::openai

#endif  // EMOSTAGE_MODEL_OPENAI_CHAT_STREAM_H_
