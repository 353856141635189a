#ifndef EMOSTAGE_SERVE_OWN_API_H_
#define EMOSTAGE_SERVE_OWN_API_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "serve/access.h"
#include "serve/metrics.h"
#include "serve/talks.h"
#include "serve/turn_story.h"

namespace emostage {

// /api/…: sessions, turns and what there is to choose from, as openapi.json describes them. Each
// function answers, or throws Refusal or Error. Thread-safe.
class OwnApi {
 public:
  OwnApi(Talks& talks, Access& access, Watchers& watchers, Metrics& metrics)
      : talks_(talks), access_(access), watchers_(watchers), metrics_(metrics) {}

  // False: there is nothing at this path.
  bool Handle(const HttpRequest& request, const std::shared_ptr<HttpReply>& reply,
              const Caller& caller);

 private:
  struct Call {
    const HttpRequest& request;
    const std::shared_ptr<HttpReply>& reply;
    const Caller& caller;
    std::string id;  // the session's, where the path has one
  };

  void CreateSession(const Call& call);
  void ListSessions(const Call& call);
  void GetSession(const Call& call);
  void ChangeSession(const Call& call);
  void DeleteSession(const Call& call);
  void TakeTurn(const Call& call);
  void StopTurn(const Call& call);
  void WatchSession(const Call& call);
  void ExportSession(const Call& call);
  void Compare(const Call& call);
  void Methods(const Call& call);
  void Schemes(const Call& call);
  void Vocabulary(const Call& call);
  void Models(const Call& call);

  // Throws Refusal(404) where there is none, or none that the caller may see.
  [[nodiscard]] StoredSession Visible(const Call& call) const;
  void CountTurnOf(const Caller& caller, const HttpRequest& request);

  Talks& talks_;
  Access& access_;
  Watchers& watchers_;
  Metrics& metrics_;
};

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_OWN_API_H_
