#ifndef EMOSTAGE_SERVE_OPENAI_API_H_
#define EMOSTAGE_SERVE_OPENAI_API_H_

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "serve/access.h"
#include "serve/chat_request.h"
#include "serve/metrics.h"
#include "serve/talks.h"
#include "serve/turn_story.h"

namespace emostage {

// /v1/…: what OpenAI's clients and the chat programs built on them call. Each method and model is a
// "model" to them: "METHOD/NAME", "METHOD" with the default model, and "emostage". Thread-safe.
class OpenAiApi {
 public:
  OpenAiApi(Talks& talks, Access& access, Watchers& watchers, Metrics& metrics)
      : talks_(talks), access_(access), watchers_(watchers), metrics_(metrics) {}

  // False: there is nothing at this path.
  bool Handle(const HttpRequest& request, const std::shared_ptr<HttpReply>& reply,
              const Caller& caller);

 private:
  struct Target {    // what a "model" comes to
    std::string id;  // as asked for
    std::string method;
    std::shared_ptr<Model> model;
  };
  // The session a request belongs to, held for its turn.
  struct Place {
    std::unique_ptr<Talk> talk;
    StoredSession session;
    std::vector<StoredMessage> history;  // what stands before the last client words
    int unchanged = 0;
    bool fresh = false;  // made just now
  };

  void Models(const std::shared_ptr<HttpReply>& reply) const;
  void Embeddings(const HttpRequest& request, HttpReply& reply) const;
  void Chat(const HttpRequest& http, const std::shared_ptr<HttpReply>& reply, const Caller& caller);
  void AnswerSideRequest(const ChatRequest& request, const SideRequest& side, const Target& target,
                         const std::shared_ptr<HttpReply>& reply) const;

  [[nodiscard]] Target FindTarget(const std::string& id) const;
  [[nodiscard]] Place FindPlace(const ChatRequest& request, const std::string& outside_id,
                                const Target& target, const Caller& caller);
  // Deletes a session that was made for a turn of which nothing came.
  void ForgetIfEmpty(const Place& place);
  [[nodiscard]] TurnPlan PlanFor(const ChatRequest& request, const Place& place,
                                 const Target& target) const;

  Talks& talks_;
  Access& access_;
  Watchers& watchers_;
  Metrics& metrics_;
  std::mutex finding_;  // two requests at once for a new talk get one session
};

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_OPENAI_API_H_
