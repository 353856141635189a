#ifndef EMOSTAGE_SERVE_TALKS_H_
#define EMOSTAGE_SERVE_TALKS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "emostage/answer.h"
#include "emostage/model.h"
#include "emostage/session.h"
#include "knowledge/knowledge.h"
#include "session/store/store.h"

namespace emostage {

struct TalksOptions {
  std::vector<std::shared_ptr<Model>> models;  // the default first; at least one
  std::shared_ptr<Store> store;
  SessionOptions session;           // knowledge, leanings, default method and scheme, sampling
  size_t most_open = 1024;          // sessions whose reading is kept; the longest unused makes way
  std::function<int64_t()> now_ms;  // Unix time; none: the system's clock
  // Over /v1, disclosure and card stand in the reply's text, since chat programs show nothing else.
  bool notices_in_text = true;
  // What the safety layer did in which session; on the thread that answers the turn.
  std::function<void(const RiskEvent& event, const std::string& session)> on_risk_event;
};

// Whose talk a turn belongs to: what may be recalled in it is what stands in the other sessions of
// the same owner and the same client. An empty client has none.
struct Whose {
  std::string owner;
  std::string client;
  std::string session;  // this one, which is no earlier talk
};
[[nodiscard]] Whose WhoseTalk(const StoredSession& session);

// How one turn is to be answered.
struct TurnPlan {
  Whose whose;
  std::vector<StoredMessage> history;  // what stands before the client's words
  int unchanged = 0;  // of these, so many from the start are in the store already, as they are here
  std::string text;   // what the client says
  std::string method;
  std::string scheme;
  std::string language;  // "auto" or a code
  Sampling sampling;     // of the reply, seed included
};

class Talk;

// The sessions of this server: each lives in the store, and those in use have a Session besides,
// whose model has read them. What the store says counts: it is read before each turn, so that what
// another process changed there is seen. Thread-safe.
class Talks {
 public:
  explicit Talks(TalksOptions options);
  ~Talks();

  [[nodiscard]] const std::vector<std::shared_ptr<Model>>& models() const {
    return options_.models;
  }
  [[nodiscard]] const Knowledge& knowledge() const { return *options_.session.knowledge; }
  [[nodiscard]] const SessionOptions& defaults() const { return options_.session; }
  [[nodiscard]] bool notices_in_text() const { return options_.notices_in_text; }
  [[nodiscard]] Store& store() const { return *options_.store; }
  [[nodiscard]] int64_t now_ms() const { return options_.now_ms(); }

  // Throws Refusal(404) for one that is not loaded. Empty: the default.
  [[nodiscard]] const std::shared_ptr<Model>& model(const std::string& name) const;
  // A session that is not in the store yet, with defaults for what is empty. Throws Refusal(400)
  // for a method, scheme or language that does not exist.
  [[nodiscard]] StoredSession New(StoredSession wanted) const;
  void Check(const StoredSession& session) const;

  // Takes the session for one turn. While it is held, nobody else takes it. Throws Refusal(409)
  // where it is not free within `patience`.
  [[nodiscard]] std::unique_ptr<Talk> Take(const std::string& id,
                                           std::chrono::milliseconds patience);
  // Stops the answer under way there; false: there is none.
  bool Stop(const std::string& id);
  // Stops, waits, deletes from the store and forgets what was read. False: it was not there.
  bool Delete(const std::string& id);

  // Answers in a session of its own that is kept nowhere. For comparisons.
  [[nodiscard]] Answer AnswerOnce(const std::string& model, const TurnPlan& plan,
                                  const TurnWatch& watch, std::stop_token stop) const;

  [[nodiscard]] size_t open() const;

 private:
  friend class Talk;
  struct Live;

  [[nodiscard]] std::shared_ptr<Live> Find(const std::string& id);
  [[nodiscard]] SessionOptions OptionsFor(const TurnPlan& plan) const;
  // The newest other sessions of the same client, newest first.
  [[nodiscard]] std::vector<StoredSession> EarlierTalks(const Whose& whose) const;
  // Reads what the client said there when it is asked; what was deleted by then is left out.
  [[nodiscard]] AskPast PastOf(std::vector<StoredSession> earlier) const;

  TalksOptions options_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Live>> live_;
};

// A session held for one turn; let go when it is destroyed. One thread.
class Talk {
 public:
  ~Talk();

  // As the store has them. nullopt: it is not there (yet).
  [[nodiscard]] std::optional<StoredSession> Load() const;

  // `stop` or Talks::Stop ends it early.
  [[nodiscard]] Answer Respond(const std::string& model, const TurnPlan& plan,
                               const TurnWatch& watch, std::stop_token stop);
  // Writes the turn into the store: `session` as it is to be kept, the history where it has
  // changed, the client's words, the reply and its trace (AnswerToJson's), in one transaction.
  // `tip`: of the reply (see StoredMessage). Returns the messages that were written, and brings
  // `session` up to date. A reply that was stopped before its first word is not kept, nor are the
  // words it would have answered. Throws Refusal(404) where the session was deleted meanwhile.
  std::vector<StoredMessage> Keep(StoredSession& session, const TurnPlan& plan,
                                  const Answer& answer, std::string trace,
                                  const std::string& tip = "");

 private:
  friend class Talks;
  Talk(Talks& talks, std::string id, std::shared_ptr<Talks::Live> live);
  void RestoreProtocol(Session& session, const TurnPlan& plan) const;

  Talks& talks_;
  std::string id_;
  std::shared_ptr<Talks::Live> live_;
};

[[nodiscard]] Dialogue ToDialogue(const std::vector<StoredMessage>& messages);

// The beginning of what the client said first, as a title.
[[nodiscard]] std::string TitleFrom(std::string_view text);

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_TALKS_H_
