#include "model/openai/sse_parser.h"

#include <utility>

namespace emostage::openai {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

std::vector<std::string> SseParser::Feed(std::string_view bytes) {
  std::vector<std::string> events;
  for (const char c : bytes) {
    const bool ends = c == '\n' || c == '\r';
    if (c == '\n' && std::exchange(after_return_, false)) continue;
    after_return_ = c == '\r';
    if (ends) {
      EndLine(events);
    } else if (line_.size() < kLongestEvent) {
      line_ += c;
    } else {
      overflowed_ = true;
    }
  }
  return events;
}

void SseParser::EndLine(std::vector<std::string>& events) {
  std::string line = std::exchange(line_, {});
  if (std::exchange(at_start_, false) && line.starts_with(kByteOrderMark)) {
    line.erase(0, kByteOrderMark.size());
  }
  if (line.empty()) {
    if (std::exchange(has_data_, false)) events.push_back(std::exchange(data_, {}));
    return;
  }
  const std::size_t colon = line.find(':');
  if (std::string_view(line).substr(0, colon) != "data") return;
  std::string_view value;
  if (colon != std::string::npos) value = std::string_view(line).substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (data_.size() + value.size() > kLongestEvent) {
    overflowed_ = true;
    return;
  }
  if (has_data_) data_ += '\n';
  data_ += value;
  has_data_ = true;
}

}  // namespace emostage::openai
