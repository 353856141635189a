// The bodies that POST /v1/chat/completions takes: whatever is sent is read, or refused with the
// status of a client's fault.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "serve/chat_request.h"
#include "serve/fields.h"
#include "serve/refusal.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  emostage::HttpRequest request;
  request.body.assign(reinterpret_cast<const char*>(data), size);
  try {
    const emostage::ChatRequest chat = emostage::ParseChatRequest(emostage::BodyOf(request));
    if (chat.turns.empty()) std::abort();
    (void)emostage::RecogniseSideRequest(chat);
  } catch (const emostage::Refusal& refusal) {
    if (refusal.status() < 400 || refusal.status() >= 500) std::abort();
    (void)emostage::ErrorBody(refusal);
  }
  return 0;
}
