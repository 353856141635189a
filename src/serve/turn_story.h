#ifndef EMOSTAGE_SERVE_TURN_STORY_H_
#define EMOSTAGE_SERVE_TURN_STORY_H_

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "emostage/answer.h"
#include "emostage/session.h"
#include "serve/http/server.h"
#include "serve/refusal.h"
#include "session/store/store.h"

namespace emostage {

// Those who look on at a session, from other tabs or other desks. Thread-safe.
class Watchers {
 public:
  void Add(const std::string& session, std::shared_ptr<HttpReply> reply);
  // Whether anybody looks on at this session.
  [[nodiscard]] bool Any(const std::string& session) const;
  // Never blocks; lets go of those who are gone.
  void Send(const std::string& session, const std::string& event);
  // Ends their streams, after what is sent already.
  void End(const std::string& session);
  void EndAll();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::shared_ptr<HttpReply>>> watchers_;
};

// Tells a turn as server-sent events (docs/wire.md) while it goes on: to the one who asked for it,
// if they listen, and to those who look on at its session; where there is nobody, nothing is made.
// Thread-safe; nothing in it blocks, so that its watch may be called by the model.
class TurnStory {
 public:
  struct Teller {
    std::shared_ptr<HttpReply> reply;  // begun; null: the one who asked does not listen
    bool traces = true;                // whether they may know what was thought
    Watchers* watchers = nullptr;
    std::string session;      // whose watchers
    std::optional<int> lane;  // of a comparison: entered in every event
  };
  explicit TurnStory(Teller teller) : teller_(std::move(teller)) {}

  void Begun(int index, const std::string& method, const std::string& scheme);
  // Lives no longer than the story.
  [[nodiscard]] TurnWatch watch();
  // The whole answer object; what they may not know is taken out of it here.
  void Replied(const OrderedJson& answer);
  void Done(const OrderedJson& done);
  void Failed(const Refusal& refusal);

 private:
  void Risk(const RiskReading& risk);
  [[nodiscard]] bool Heard() const;
  void Tell(std::string_view event, OrderedJson data, bool for_all);

  Teller teller_;
};

// The answer object as a caller may see it: without state, phase, steps and the grounds of risk
// where they may not know what was thought.
[[nodiscard]] OrderedJson AnswerFor(OrderedJson answer, bool traces);
// Of an answer's `risk`, what concerns the client: not why, nor where the protocol stands.
[[nodiscard]] OrderedJson RiskForClient(const OrderedJson& risk);
// The answer of a message that was kept; null where it has none.
[[nodiscard]] OrderedJson AnswerOf(const StoredMessage& message, bool traces);
// `answer`: a reply's, as the caller may see it.
[[nodiscard]] OrderedJson MessageJson(const StoredMessage& message, int index, OrderedJson answer);
[[nodiscard]] OrderedJson SessionJson(const StoredSession& session);

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_TURN_STORY_H_
