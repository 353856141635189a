#ifndef EMOSTAGE_MODEL_OPENAI_REPLY_TEXT_H_
#define EMOSTAGE_MODEL_OPENAI_REPLY_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace emostage::openai {

// The words of an answer as they come, made into what may be handed on: without the prefix that
// the server may repeat, without a block of thinking in front, whole characters, nothing from a
// stop string on and nothing that could yet become one.
class ReplyText {
 public:
  ReplyText(std::string prefix, std::vector<std::string> stops)
      : prefix_(std::move(prefix)), stops_(std::move(stops)) {}

  // Takes the next piece in and returns what may now be handed on.
  [[nodiscard]] std::string Add(std::string_view piece);
  // No more comes: what was held back.
  [[nodiscard]] std::string Finish();
  // Everything handed on so far.
  [[nodiscard]] std::string_view text() const {
    return std::string_view(text_).substr(0, released_);
  }
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  bool TakeOffHead(bool last);
  std::string Release(std::size_t end);

  std::string prefix_;
  std::vector<std::string> stops_;
  std::string text_;
  std::size_t released_ = 0;
  bool head_done_ = false;
  bool thought_ = false;  // a block of thinking was taken off
  bool stopped_ = false;
};

}  // namespace emostage::openai

#endif  // EMOSTAGE_MODEL_OPENAI_REPLY_TEXT_H_
