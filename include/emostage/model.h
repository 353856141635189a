#ifndef EMOSTAGE_MODEL_H_
#define EMOSTAGE_MODEL_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The model seam: everything a method may want of a language model, and nothing more.
//
// The pattern it serves: one dialogue, read once; several questions about it, each a short cue at
// the end. Whatever two questions have in common from the start on is read only once; the rest
// runs side by side. How that is done is each back end's business.
namespace emostage {

// Who speaks in a prompt. kClient and kCounsellor become the chat template's user and assistant.
enum class Speaker { kClient, kCounsellor };

struct Message {
  Speaker speaker = Speaker::kClient;
  std::string text;  // data, never markup: template tokens inside it stay plain text
};

struct Sampling {
  double temperature = 0.0;  // 0 takes the likeliest token
  double top_p = 0.95;       // in (0, 1]
  int top_k = 40;            // > 0
  int max_tokens = 160;      // > 0; the answer is cut here
  int min_tokens = 0;        // until then, the end of the answer is not taken; for benchmarks
  double repetition_penalty = 1.0;  // >= 1; makes the answer's last 64 tokens less likely again
  bool prose = false;  // free text may not begin like JSON: with a brace or a square bracket
  uint64_t seed = 0;
  std::vector<std::string> stop;  // the answer ends before the first of these
};

// One earlier question of the same turn with the model's answer to it, so that a later question
// can go on from there without reading the answer again.
struct Exchange {
  std::string instruction;
  std::string answer_prefix;
  std::string answer;
};

// One question about a dialogue.
struct Ask {
  std::string system;             // fixed text, common to all sessions; read once a model
  std::vector<Message> messages;  // the dialogue: read once a context. Ends with the client.
  std::vector<Exchange> before;   // earlier questions of this turn that this one builds on
  std::string instruction;        // the cue, after the client's last words; may be empty
  std::string answer_prefix;      // put into the model's mouth before its own answer
  // The answer's own beginning, after answer_prefix, in the tokens that Context::next named (their
  // text may be split into others). Only for the model they are from; one that names none refuses
  // them with Error(kInput).
  std::vector<int32_t> answer_tokens;
  std::string schema;  // JSON schema that the answer must satisfy; empty: free text
  Sampling sampling;
  std::stop_token stop;  // a request to stop ends the work within one step
  // An answer that is not there by then fails with kBusy.
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

// What a question cost.
struct Usage {
  int prompt_tokens = 0;  // the whole question, as if nothing were shared
  int reused_tokens = 0;  // of those, found already read
  int output_tokens = 0;  // the answer's tokens, forced ones included
  int forced_tokens = 0;  // of those, dictated by the schema and fed without being decoded
  double ms = 0.0;        // from the asking to the end of the answer
  double first_ms = 0.0;  // from the asking to the first token of the answer
  [[nodiscard]] int read_tokens() const { return prompt_tokens - reused_tokens; }
};

// One label that was chosen while an answer was bound by a schema, with what else was possible.
struct Pick {
  std::string field;                  // e.g. "feels.emotion"
  std::vector<std::string> labels;    // the alternatives in the schema's order
  std::vector<double> probabilities;  // of each, summing to 1
  size_t chosen = 0;
};

enum class FinishReason { kEnd, kStop, kLength, kCancelled };

struct Completion {
  std::string text;  // valid UTF-8; with a schema, valid JSON
  FinishReason finish = FinishReason::kEnd;
  std::vector<Pick> picks;  // in the order of choosing; empty without a schema
  Usage usage;
};

// How the likelihoods of several labels are compared.
enum class Scoring {
  // Walk the labels' tokens from their start and compare only where they differ: the probability
  // of the label under the model when it may say nothing but one of them. One read of the cue,
  // and one short fork for every place beyond the first where labels still share tokens.
  kFirstDifference,
  // Mean log-likelihood of each label's tokens, softmaxed. Reads every label whole.
  kMeanLogLikelihood,
};

struct Choice {
  std::vector<double> probabilities;  // of each label, in the order asked, summing to 1
  size_t best = 0;
  Usage usage;
};

struct Score {
  std::vector<double> token_log_likelihoods;  // natural logarithm, one for each token of the text
  // The bytes of each of these tokens, which may end within a character; their joint text is the
  // text, perhaps with a blank before it. Empty where the back end does not tell them.
  std::vector<std::string> pieces;
  double total = 0.0;  // their sum
  Usage usage;
};

// A token that an answer may go on with.
struct NextToken {
  int32_t id = 0;              // for Ask::answer_tokens
  std::string piece;           // its bytes: may be a part of a UTF-8 character; of an end, nothing
  double log_probability = 0;  // natural logarithm
  bool end = false;            // the answer would be over
};

struct NextTokens {
  std::vector<NextToken> likeliest;  // likeliest first; never empty. No other token is likelier.
  Usage usage;
};

// Called with each new piece of an answer: whole UTF-8 characters, in order, never a part of a
// stop string. Runs on the model's own thread: hand the piece on and return at once, or every
// session waits. Must not throw.
using OnToken = std::function<void(std::string_view)>;

// An answer under way. Movable, waited for once. get() throws what went wrong as Error.
//
// Questions start together when the first of them is waited for (or on Start()), so that those
// asked before run side by side, and always in the same batches: equal questions, equal answers.
template <typename T>
class Future {
 public:
  Future() = default;
  Future(std::future<T> future, std::function<void()> start)
      : future_(std::move(future)), start_(std::move(start)) {}

  void Start() {
    if (start_) std::exchange(start_, nullptr)();
  }
  [[nodiscard]] bool valid() const { return future_.valid(); }
  // True when get() would not block.
  bool WaitFor(std::chrono::milliseconds time) {
    Start();
    return future_.wait_for(time) == std::future_status::ready;
  }
  T get() {
    Start();
    return future_.get();
  }

 private:
  std::future<T> future_;
  std::function<void()> start_;
};

// One dialogue's place in a model: what has been read of it stays read between questions and
// between turns. A context serves one session; nothing in it is ever seen by another.
//
// Not thread-safe: one thread asks. The answers may be waited for anywhere. Destroying a context
// cancels its open questions and frees what was read.
class Context {
 public:
  virtual ~Context() = default;

  // Free text, or JSON bound by ask.schema; streamed to on_token as it comes (free text only).
  [[nodiscard]] virtual Future<Completion> complete(Ask ask, OnToken on_token = {}) = 0;
  // A distribution over labels by likelihood; no text is generated. Needs at least two labels,
  // all different and not empty. Include the leading space a label would have after
  // ask.answer_prefix.
  [[nodiscard]] virtual Future<Choice> choose(Ask ask, std::vector<std::string> labels,
                                              Scoring scoring = Scoring::kFirstDifference) = 0;
  // How likely the model finds a given answer. `continuation` must not be empty.
  [[nodiscard]] virtual Future<Score> score(Ask ask, std::string continuation) = 0;
  // The `most` (1 to 1024) likeliest tokens that the answer may go on with after
  // ask.answer_prefix and ask.answer_tokens, with their probabilities among all tokens as the model
  // has them: nothing in ask.sampling changes them. For decoding that weighs several questions
  // against each other: ask all, take a token, add it to the answer_tokens of each, ask again; then
  // a step reads one token for each question. Always taking the first that is told writes what
  // `complete` writes at temperature 0, to rounding where questions are asked side by side. A
  // question that is stopped fails with kCancelled. Needs Capabilities::next_tokens; throws
  // Error(kModel) without.
  [[nodiscard]] virtual Future<NextTokens> next(Ask ask, int most) = 0;
  // n drafts from one reading of the question; draft i uses seed + i. 1 <= n <= 32. The usage of
  // each is that of all of them together.
  [[nodiscard]] virtual Future<std::vector<Completion>> sample(Ask ask, int n) = 0;

  // Starts reading `messages` (which may end with the counsellor) ahead of the next turn, and
  // returns at once. What it reads is counted by read_ahead_tokens, not in any Usage.
  virtual void ReadAhead(const std::string& system, std::vector<Message> messages) = 0;
  // Waits for ReadAhead to end and returns the tokens it has read since the last call.
  [[nodiscard]] virtual int WaitReadAhead() = 0;
};

// What a back end can do; callers fall back in one place, and the trace says so.
struct Capabilities {
  bool log_probabilities = true;  // choose and score are exact
  bool next_tokens = true;        // next is there
  bool embeddings = true;
  bool schema = true;
};

struct ModelInfo {
  std::string name;          // as asked for
  std::string id;            // tells these weights from any others
  std::string architecture;  // e.g. "llama"
  int context_tokens = 0;    // the longest question, in tokens
  uint64_t parameters = 0;
  uint64_t bytes = 0;  // of the weights
  Capabilities capabilities;
};

// What a model holds in memory for the talks it has read, besides its weights. A back end that
// keeps nothing here reports zeros.
struct CacheUse {
  uint64_t budget_bytes = 0;
  uint64_t reserved_bytes = 0;  // for talks being answered; taken once, used or not
  uint64_t used_bytes = 0;      // of those, by cells that hold something
  uint64_t parked_bytes = 0;    // of talks that are waiting for their next turn
  int contexts = 0;
  int parked_contexts = 0;
  int open_questions = 0;
  uint64_t restored = 0;   // times a parked talk was put back
  uint64_t forgotten = 0;  // times one was given up, to be read again
};

// A language model. Thread-safe. Contexts keep their model alive.
class Model {
 public:
  virtual ~Model() = default;

  [[nodiscard]] virtual const ModelInfo& info() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Context> Open() = 0;
  // How many tokens a text takes.
  [[nodiscard]] virtual int CountTokens(std::string_view text) const = 0;
  [[nodiscard]] virtual CacheUse cache_use() const { return {}; }
  // One vector of unit length for the text. Throws Error(kModel) where the model cannot.
  [[nodiscard]] virtual std::vector<float> embed(std::string_view text) = 0;
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_H_
