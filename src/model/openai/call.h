#ifndef EMOSTAGE_MODEL_OPENAI_CALL_H_
#define EMOSTAGE_MODEL_OPENAI_CALL_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "model/openai/answer_error.h"
#include "model/openai/http_loop.h"
#include "model/openai/server_pool.h"

namespace emostage::openai {

// What every call of a model needs.
struct Transport {
  ServerPool* pool = nullptr;
  std::string key;
  std::string ca_file;
  // llama-server gives each connection a thread, which waits 5 s for a further request; and of a
  // burst of connections some wait for such a thread. So none is kept until it is known better.
  bool keep_connections = false;
  HttpTimeouts timeouts;
  int retries = 3;
  std::chrono::milliseconds backoff{250};
  std::string model;                // for error messages
  std::vector<std::string> models;  // that the servers have
  HttpLoop* loop = nullptr;
};

// Which address a context asks: always the same while it is well, since that server has read the
// dialogue.
struct Place {
  std::atomic<std::size_t> home = 0;
};

// Does something with the answer to a call. All on the loop's thread; must not throw.
class Taker {
 public:
  enum class Verdict { kWhole, kCut, kNonsense, kFault };

  virtual ~Taker() = default;
  // A good answer begins: for the first time, or again after one that did not come through.
  virtual void Begin(const HttpHead& head) = 0;
  virtual void Take(std::string_view bytes) = 0;
  // What of it came when the connection ended in order.
  [[nodiscard]] virtual Verdict Judge() = 0;
  // With Verdict::kFault: what the server said in place of an answer.
  [[nodiscard]] virtual std::string fault() const { return {}; }
  // Some of the answer has been handed on, so there is no second try.
  [[nodiscard]] virtual bool committed() const { return false; }
  // No more is wanted: the connection may be closed.
  [[nodiscard]] virtual bool enough() const { return false; }
  // The last that happens, once. Null: the answer is whole.
  virtual void End(std::exception_ptr error) = 0;
};

struct CallRequest {
  std::string path;  // "/v1/chat/completions"
  std::string body;  // empty: GET
  std::shared_ptr<Place> place;
  std::optional<std::size_t> only;  // ask this address and no other
  std::stop_token stop;             // the question's
  std::stop_token dropped;          // its context's
  // A call that has not ended by then, all its tries together, ends with kBusy.
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

// Asks, and asks again where that is safe: while nothing of an answer has been handed on, after a
// failed connection, a status that says "later", or an answer that broke off. What a call asks for
// changes nothing on a server, so a second asking is never a second deed.
void BeginCall(const Transport& transport, CallRequest request, std::unique_ptr<Taker> taker);

// The same for an answer in JSON that is of use only whole.
using OnJson = std::function<void(std::exception_ptr error, Json answer)>;
void BeginJsonCall(const Transport& transport, CallRequest request, OnJson on_json);

}  // namespace emostage::openai

#endif  // EMOSTAGE_MODEL_OPENAI_CALL_H_
