#ifndef EMOSTAGE_SESSION_H_
#define EMOSTAGE_SESSION_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "emostage/answer.h"
#include "emostage/dialogue.h"
#include "emostage/model.h"
#include "emostage/safety.h"

namespace emostage {

class Knowledge;  // the data files, loaded and checked

// Reads the data files built into the program, or those in `folder` (or in $EMOSTAGE_DATA).
// Throws Error(kKnowledge), naming file and line. Share one among all sessions.
[[nodiscard]] std::shared_ptr<const Knowledge> LoadKnowledge(const std::string& folder = "");

class Leanings;  // what models lean to before a word was said

// Keeps them in `folder` as small files, none with a client's word in it; empty: in memory only.
// Share one among all sessions: each then saves a question at its start.
[[nodiscard]] std::shared_ptr<Leanings> OpenLeanings(const std::string& folder = "");

// Something the client said in an earlier talk.
struct PastTurn {
  std::string text;
  int64_t at_ms = 0;  // Unix time; 0: not known
};
// What this client, and nobody else, said in earlier talks, oldest first. Asked by the methods that
// recall it, at most once a session, on the thread that answers the turn; may be slow. What it
// throws ends the turn.
using AskPast = std::function<std::vector<PastTurn>()>;

struct SessionOptions {
  std::string method = "emostage";
  std::string scheme = "five-phase";
  std::optional<Language> language;  // none: told from what the client writes
  Sampling sampling = {
      .temperature = 0.7, .top_p = 0.9, .max_tokens = 120, .repetition_penalty = 1.1};
  std::shared_ptr<const Knowledge> knowledge;  // none: the built-in files
  std::shared_ptr<Leanings> leanings;          // none: this session's own
  // A turn that takes longer fails with kBusy; 0: as long as it takes. Model servers have time-outs
  // of their own.
  std::chrono::milliseconds turn_timeout{0};
  SafetyOptions safety;
  AskPast past;  // none: there were no earlier talks
  // Whether a reply is read by the model as soon as it was written, ahead of the next turn. Off
  // where another reply will stand in its place, as with recorded dialogues.
  bool read_ahead = true;
  // An id of data/stimuli.toml: a line that ends the questions a method asks before the reply
  // (EmotionPrompt, our reading). Empty: none.
  std::string stimulus;
  // A personality of data/transition.toml: the counsellor has a feeling of its own, which the
  // client's turns move (the emotion transition of PELD, our reading). Empty: none.
  std::string transition;
  int fixed_reply_tokens = 0;  // benchmarks: exactly so many tokens of reply; 0: as they come
  int fixed_note_tokens = 0;   // the same for each free-text field of a note
};

// What looks on while a turn is answered. All optional.
struct TurnWatch {
  OnToken on_token;  // the reply as it is written; see model.h on its thread
  // A step was asked for, by name; and what it found, as it will stand in the trace (but for
  // remarks that are added later). Both on the thread that called Respond; what they throw ends the
  // turn.
  std::function<void(std::string_view name)> on_step;
  std::function<void(const Step& step)> on_step_done;
  // The client's turn was read, before the first word of the reply; with the card, where there is
  // one. And what is to be shown before the reply. Same thread.
  std::function<void(const RiskReading& risk)> on_risk;
  std::function<void(const std::string& text)> on_disclosure;
};

// One client's talk. Owns the dialogue and what the model has read of it; turn n+1 goes on from
// where turn n ended.
//
// Not thread-safe. Sessions share nothing but the model's weights and its fixed system prompts.
class Session {
 public:
  // Throws Error(kUsage) for an unknown method or scheme.
  explicit Session(std::shared_ptr<Model> model, SessionOptions options = {});
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  // Takes in what the client says, answers it, and keeps both. The reply is streamed to
  // `on_token` (see model.h on its thread). When it throws, or when the reply was stopped before
  // its first word, the dialogue is as it was before the call.
  Answer Respond(const std::string& client_text, const OnToken& on_token = {},
                 std::stop_token stop = {});

  // Answers the last client turn of the dialogue as it stands, and keeps the reply.
  Answer RespondToLast(const OnToken& on_token = {}, std::stop_token stop = {});

  // The same, told of each step as well.
  Answer RespondWatched(const std::string& client_text, const TurnWatch& watch,
                        std::stop_token stop = {});

  // Replaces the dialogue: a talk that began elsewhere, or a history that was edited. What is the
  // same at its start stays read.
  void SetDialogue(Dialogue dialogue);
  [[nodiscard]] const Dialogue& dialogue() const;
  // Where the safety protocol stood after the last turn of the dialogue: Answer::risk.protocol of
  // that turn. Without it, after SetDialogue, the client's turns are read again by patterns.
  void SetProtocol(const std::string& json);
  // When the client wrote before; for the next turn.
  void SetTimes(const TalkTimes& times);

  // Replaces SessionOptions::past and forgets what was learned by the one before: for when an
  // earlier talk was deleted, or another one was held.
  void SetPast(AskPast past);

  // From the next turn on. Throws Error(kUsage) for an unknown one.
  void SetMethod(const std::string& method);
  void SetScheme(const std::string& scheme);
  void SetSeed(uint64_t seed);
  void SetSampling(const Sampling& sampling);
  void SetLanguage(std::optional<Language> language);

  // Waits until what was said last is read ahead of the next turn, and returns the tokens that
  // took since the last call. Only benchmarks need it.
  int WaitReadAhead();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Name and one-line summary of each method, in listing order.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> MethodList();
// Name and title of each phase scheme.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> SchemeList(
    const Knowledge& knowledge, Language language = Language::kEnglish);

}  // namespace emostage

#endif  // EMOSTAGE_SESSION_H_
