#include "model/llama/quiet.h"

#include <llama.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace emostage {
namespace {

thread_local std::string complaint;

void Listen(ggml_log_level level, const char* text, void* /*data*/) {
  static const bool show = std::getenv("EMOSTAGE_LLAMA_LOG") != nullptr;
  if (show) std::fputs(text, stderr);
  if (level == GGML_LOG_LEVEL_ERROR && complaint.empty()) complaint = text;
}

}  // namespace

QuietLlama::QuietLlama() {
  static std::once_flag once;
  std::call_once(once, [] {
    llama_log_set(Listen, nullptr);
    llama_backend_init();
  });
  complaint.clear();
}

std::string QuietLlama::Reason() const {
  // "function: what happened\n" is how llama.cpp writes.
  std::string reason = complaint;
  while (!reason.empty() && (reason.back() == '\n' || reason.back() == ' ')) reason.pop_back();
  const size_t colon = reason.find(": ");
  if (colon != std::string::npos && reason.find(' ') > colon) reason = reason.substr(colon + 2);
  for (char& c : reason) {
    if (c == '\n') c = ' ';
  }
  return reason.empty() ? "llama.cpp gives no reason" : reason;
}

}  // namespace emostage
