#ifndef EMOSTAGE_MODEL_OPENAI_SSE_PARSER_H_
#define EMOSTAGE_MODEL_OPENAI_SSE_PARSER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace emostage::openai {

// Server-sent events out of bytes that come in pieces of any size: what each event says, its
// "data:" lines joined by line breaks. Names, numbers and comments of events are not kept.
//
// No input is refused. An event larger than kLongestEvent is dropped, and overflowed() says so.
class SseParser {
 public:
  static constexpr std::size_t kLongestEvent = std::size_t{8} << 20U;

  // The events that `bytes` complete, in order.
  [[nodiscard]] std::vector<std::string> Feed(std::string_view bytes);
  // Whether an event has begun and not ended.
  [[nodiscard]] bool unfinished() const { return has_data_ || !line_.empty(); }
  [[nodiscard]] bool overflowed() const { return overflowed_; }

 private:
  void EndLine(std::vector<std::string>& events);

  std::string line_;
  std::string data_;
  bool has_data_ = false;
  bool after_return_ = false;  // the last byte was "\r": a "\n" now belongs to it
  bool at_start_ = true;
  bool overflowed_ = false;
};

}  // namespace emostage::openai

#endif  // EMOSTAGE_MODEL_OPENAI_SSE_PARSER_H_
