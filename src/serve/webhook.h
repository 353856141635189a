#ifndef EMOSTAGE_SERVE_WEBHOOK_H_
#define EMOSTAGE_SERVE_WEBHOOK_H_

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "emostage/safety.h"

namespace emostage {

struct WebhookOptions {
  std::string url;
  std::string secret;  // signs each call; may not be empty
  int attempts = 5;
  std::chrono::milliseconds pause{1000};  // before the second attempt; doubled before each further
  std::function<void(const std::string& line)> log;  // where a call was given up; no ids, no text
};

// Tells an operator's own program of what the safety layer did: POST with a JSON body
//   {"event", "from", "to", "track", "language", "session", "at_ms"}
// and the header X-EmoStage-Signature: sha256=HEX, the HMAC-SHA256 of the body under the secret.
// Never a word of what was said. Calls are made in order, one at a time, on a thread of their own;
// an answer of 2xx ends one, anything else is tried again. At most 1,000 wait; then the oldest go.
class Webhook {
 public:
  // Throws Error(kUsage) for an address that is not http(s), or no secret.
  explicit Webhook(WebhookOptions options);
  ~Webhook();  // gives what waits two seconds

  void Send(const RiskEvent& event, const std::string& session, int64_t at_ms);

 private:
  void Run(const std::stop_token& stop);
  [[nodiscard]] bool Post(const std::string& body) const;

  WebhookOptions options_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::string> waiting_;
  bool busy_ = false;
  std::jthread thread_;
};

// The lower-case hex digits of the HMAC-SHA256 of `body` under `secret`.
[[nodiscard]] std::string SignatureOf(const std::string& body, const std::string& secret);

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_WEBHOOK_H_
