#ifndef EMOSTAGE_METHOD_STAGE_H_
#define EMOSTAGE_METHOD_STAGE_H_

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "emostage/answer.h"
#include "emostage/dialogue.h"
#include "emostage/model.h"
#include "emostage/session.h"
#include "knowledge/knowledge.h"
#include "method/leanings.h"
#include "method/memory.h"
#include "method/pragmatic_decoder.h"

namespace emostage {

// Lengths that a benchmark holds fixed so that methods can be compared; 0: not held.
struct FixedLengths {
  int reply = 0;  // tokens of the reply
  int note = 0;   // tokens of every free-text field of the perspective
};

// What a turn is played with. Everything here outlives the stage.
struct StageSettings {
  const Knowledge* knowledge = nullptr;
  Model* model = nullptr;
  Context* context = nullptr;
  Memory* memory = nullptr;
  Leanings* leanings = nullptr;
  const Dialogue* dialogue = nullptr;  // ends with the client
  const AskPast* past = nullptr;       // null: there were no earlier talks
  const PhaseScheme* scheme = nullptr;
  Language language = Language::kEnglish;
  Sampling sampling;                              // of the reply; notes and labels are never drawn
  OnToken on_token;                               // told the reply as it is written
  std::function<void(std::string_view)> on_step;  // a step was asked for
  std::function<void(const Step&)> on_step_done;  // it is in the trace
  std::stop_token stop;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  FixedLengths fixed;
  // Reads every reply before it is released (reply_guard.h); null: nobody does.
  const SafetyKnowledge* safety = nullptr;
};

// An answer on its way that will be entered in the trace when it is waited for.
template <typename T>
class Asked {
 public:
  Asked(Future<T> future, std::function<void(T&)> enter)
      : future_(std::move(future)), enter_(std::move(enter)) {}
  T get() {
    T value = future_.get();
    enter_(value);
    return value;
  }

 private:
  Future<T> future_;
  std::function<void(T&)> enter_;
};

// What a method has at hand for one turn: the dialogue as the model shall see it, the method's
// prompts, the questions it may ask, and the trace, which writes itself.
class Stage {
 public:
  // Folds the dialogue where it outgrows the model's context. Throws Error(kInput) for a dialogue
  // that is empty or ends with the counsellor.
  Stage(const StageSettings& settings, std::string_view method, std::string_view prompts);

  [[nodiscard]] const Knowledge& knowledge() const { return *settings_.knowledge; }
  [[nodiscard]] const PhaseScheme& scheme() const { return *settings_.scheme; }
  [[nodiscard]] Language language() const { return settings_.language; }
  [[nodiscard]] const PromptFile& prompts() const { return *prompts_; }
  [[nodiscard]] Memory& memory() { return *settings_.memory; }
  [[nodiscard]] const ModelInfo& model() const { return settings_.model->info(); }
  [[nodiscard]] const FixedLengths& fixed() const { return settings_.fixed; }
  [[nodiscard]] const Sampling& sampling() const { return settings_.sampling; }

  // Questions. Those asked before the first is waited for run side by side.

  // JSON bound by a schema, or (without one) a short text.
  [[nodiscard]] Asked<Completion> Note(std::string_view step, const std::string& cue,
                                       const std::string& prefix, const std::string& schema);
  // A label by likelihood. `messages` empty: about the whole dialogue. With a `leaning`, the trace
  // tells beside what the model said what is left of it WithoutLeaning, as "corrected".
  [[nodiscard]] Asked<Choice> Choose(std::string_view step, const std::string& cue,
                                     const std::string& prefix,
                                     const std::vector<std::string>& labels,
                                     const std::vector<Message>& messages = {},
                                     const std::vector<double>& leaning = {});
  // One speaker's words alone, for questions that must not see the other's.
  struct Side {
    std::shared_ptr<Context> context;  // its own: the dialogue need not make way for it
    std::vector<Message> messages;     // empty: this speaker has said nothing
  };
  [[nodiscard]] Side SideOf(Speaker speaker) const;
  // A talk in which nothing was said yet, for what shall not depend on the client's words.
  [[nodiscard]] Side Nobody() const;
  // Words of the client's that are not of this dialogue, to be asked about by themselves.
  [[nodiscard]] Side Aside(std::string words) const;
  // The same two questions about one side, which must have said something.
  [[nodiscard]] Asked<Completion> NoteOn(const Side& side, std::string_view step,
                                         const std::string& cue, const std::string& prefix,
                                         const std::string& schema);
  [[nodiscard]] Asked<Choice> ChooseOn(const Side& side, std::string_view step,
                                       const std::string& cue, const std::string& prefix,
                                       const std::vector<std::string>& labels,
                                       const std::vector<double>& leaning = {});
  // The same two questions going on from `before`: earlier notes and drafts of this turn.
  [[nodiscard]] Asked<Completion> NoteAfter(std::vector<Exchange> before, std::string_view step,
                                            const std::string& cue, const std::string& prefix,
                                            const std::string& schema);
  [[nodiscard]] Asked<Choice> ChooseAfter(std::vector<Exchange> before, std::string_view step,
                                          const std::string& cue, const std::string& prefix,
                                          const std::vector<std::string>& labels);
  // Up to `n` drafts of a reply, drawn as a reply is and cleaned like one. Those that are empty or
  // break a rule of safety's are in the trace but not in the answer: it may be empty, and any draft
  // in it may be said. Several are drawn warm enough to differ. `most_tokens` of each; 0: as many
  // as a reply may have. Waits for what BeforeReply was given.
  [[nodiscard]] Asked<std::vector<Completion>> Drafts(std::string_view step, const std::string& cue,
                                                      int n, int most_tokens = 0);
  // How likely the model finds `continuation` as its answer. Throws what RequireLikelihoods does.
  [[nodiscard]] Asked<Score> LikelihoodAfter(std::vector<Exchange> before, std::string_view step,
                                             const std::string& cue, const std::string& prefix,
                                             const std::string& continuation);
  [[nodiscard]] Asked<Score> Likelihood(std::string_view step, const std::string& cue,
                                        const std::string& prefix,
                                        const std::string& continuation) {
    return LikelihoodAfter({}, step, cue, prefix, continuation);
  }
  // The same about a talk of its own; the trace tells the cue in place of the continuation.
  [[nodiscard]] Asked<Score> LikelihoodOn(const Side& side, std::string_view step,
                                          const std::string& cue, const std::string& prefix,
                                          const std::string& continuation);
  // For a method that can do nothing without them: throws Error(kUsage) where the model tells no
  // log-probabilities, or not those of its next tokens.
  void RequireLikelihoods() const;
  void RequireNextTokens() const;
  // The text of a reply for ReplyWith, decoded so that it tells the first cue's world from those of
  // the others (pragmatic_decoder.h), and cleaned. Waits for what BeforeReply was given; nothing is
  // streamed. One step for all its tokens. Throws what RequireNextTokens does, and
  // Error(kCancelled) where it was stopped.
  [[nodiscard]] std::string WritePragmatically(std::string_view step,
                                               const std::vector<std::string>& cues,
                                               const PragmaticWeights& weights);
  // The same for embeddings; and a text's. Throws kCancelled where the turn was stopped, kBusy
  // where it may take no longer.
  void RequireEmbeddings() const;
  [[nodiscard]] std::vector<float> Embed(std::string_view text) const;
  // Asks the caller, each time; see AskPast.
  [[nodiscard]] std::vector<PastTurn> Past() const;
  // What the model leans to among the labels before anything was said: asked once a model, in a
  // context of its own, and waited for; then remembered.
  [[nodiscard]] std::vector<double> Leaning(std::string_view step, const std::string& cue,
                                            const std::string& prefix,
                                            const std::vector<std::string>& labels);
  // The reply, streamed, cleaned, and entered in the answer with the totals.
  // `before`: earlier notes of this turn that it builds on. `beside`: called once the reply is
  // there, to wait for what was asked to be written beside it; not where the turn was stopped.
  // A draft that breaks a rule of safety's is written once more; after that, or where words of it
  // have been read already, what is written or was clean of it stands.
  [[nodiscard]] Answer Reply(const std::string& cue, std::vector<Exchange> before = {},
                             const std::function<void()>& beside = {});
  // The same for a method that has the text of the reply already. No text, where safety held back
  // every draft there was: a written reply stands in.
  [[nodiscard]] Answer ReplyWith(std::string text);

  // From here on, ends the questions that lead to the reply with this line; the reply's own cue and
  // summaries stay as they are.
  void EndQuestionsWith(const std::string& line) { question_end_ = "\n" + line; }
  // Adds a line to the cue of every reply and draft asked for from here on.
  void AddToReplyCue(const std::string& line) { reply_end_ += "\n" + line; }
  // Calls this before a reply is asked for or taken; what it throws ends the turn. For whoever must
  // know something about the client's turn before anything is said.
  void BeforeReply(std::function<void()> call) { before_reply_ = std::move(call); }

  // The trace so far; a method fills in `state` and `phase`.
  [[nodiscard]] Answer& answer() { return answer_; }
  // Enters a piece of the method's own work, such as which draft it takes; `output` is JSON.
  void Conclude(std::string_view step, const std::string& output);
  // Enters a line about something that did not go as planned in the step entered last.
  void Remark(std::string_view step, const std::string& what);

  // The dialogue as messages, up to and with client turn number `client_turn` (from 0), as the
  // model shall see it; empty where that turn was folded away.
  [[nodiscard]] std::vector<Message> MessagesUpTo(size_t client_turn) const;
  [[nodiscard]] size_t client_turns() const;
  // A key for all that was said up to and with that client turn.
  [[nodiscard]] size_t KeyUpTo(size_t client_turn, size_t seed) const;
  [[nodiscard]] const std::string& system() const { return system_; }
  [[nodiscard]] const std::vector<Message>& messages() const { return messages_; }

 private:
  [[nodiscard]] Ask NewAsk(const std::string& cue, const std::string& prefix) const;
  [[nodiscard]] Ask QuestionAsk(const std::string& cue, const std::string& prefix,
                                std::vector<Exchange> before = {}) const;
  void Require(bool offered, std::string_view what) const;
  [[nodiscard]] Ask NoteAsk(const std::string& cue, const std::string& prefix,
                            const std::string& schema, std::vector<Exchange> before = {}) const;
  // The question that asks for the words of a reply.
  [[nodiscard]] Ask NewReplyAsk(const std::string& cue, std::vector<Exchange> before) const;
  void CallBeforeReply();  // once a turn
  void Sift(size_t step, std::vector<Completion>& drafts);
  [[nodiscard]] size_t NewStep(std::string_view name);
  void Enter(size_t step, const Usage& usage, const std::string& output);
  struct Draft {
    Completion completion;
    std::string reply;  // cleaned; of a draft that broke a rule, what had been released of it
    std::string rule;   // that it broke; empty: none
  };
  [[nodiscard]] Draft WriteDraft(const Ask& ask, std::string_view step);
  // The written reply in place of a draft.
  [[nodiscard]] std::string Fallback() const;

  StageSettings settings_;
  const PromptFile* prompts_;
  std::chrono::steady_clock::time_point begun_;
  std::string system_;
  std::vector<Message> messages_;
  std::vector<size_t> message_client_turn_;  // of each message: the client turn it ends, or npos
  Answer answer_;
  std::function<void()> before_reply_;
  std::string question_end_;
  std::string reply_end_;
  std::string draft_held_back_;  // the rule that the last draft held back broke
};

// The reply as a person should get it: without quotation marks around it, a speaker's name before
// it, or a last sentence that was cut off.
[[nodiscard]] std::string CleanReply(std::string_view text, bool cut_off);

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_STAGE_H_
