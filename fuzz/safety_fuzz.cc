// What clients write, and what models reply: read by the patterns of every language, by the reply
// guard in pieces, and as a kept state of the protocol. Nothing may crash, and what the guard has
// let through is the beginning of what was written.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "knowledge/knowledge.h"
#include "safety/protocol.h"
#include "safety/reply_guard.h"
#include "safety/turn_reading.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace emostage;
  static const Knowledge knowledge = Knowledge::Load();
  const SafetyKnowledge& safety = knowledge.safety();
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Language language = kAllLanguages[size % 3];
  const ProtocolState kept = ProtocolFromJson(text);
  const TurnReading turn = ReadTurn(safety, language, text, text);
  const ProtocolMove move = Advance(kept, turn, safety.in(language).texts, nullptr);
  if (move.state.level < kept.level && kept.level < RiskLevel::kImminent && move.reply.empty()) {
    std::abort();  // the level fell without an explicit step
  }
  std::string read;
  ReplyGuard guard(safety, language, [&read](std::string_view piece) { read += piece; }, {});
  for (size_t at = 0; at < text.size(); at += 7) guard.Write(text.substr(at, 7));
  guard.Finish();
  if (!text.starts_with(read) || (guard.rule().empty() && read != text)) std::abort();
  return 0;
}
