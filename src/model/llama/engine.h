#ifndef EMOSTAGE_MODEL_LLAMA_ENGINE_H_
#define EMOSTAGE_MODEL_LLAMA_ENGINE_H_

#include <llama.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "model/llama/batch.h"
#include "model/llama/decoder.h"
#include "model/llama/machine_turn.h"
#include "model/llama/root_cache.h"
#include "model/llama/survey.h"
#include "model/llama/thread_choice.h"
#include "model/llama/vocabulary.h"

struct ggml_threadpool;

namespace emostage {

// A question's tokens with the borders at which it may share what was read.
struct Prompt {
  std::vector<Token> tokens;
  size_t root = 0;   // [0, root): the fixed system prompt, common to all sessions
  size_t trunk = 0;  // [root, trunk): the dialogue, common to the questions of one session
};

// What one context has in the cache: the trunk (its dialogue) and branches of its newest
// questions, which a later question or the next turn may go on from. Owned by the engine's thread
// but for `dropped`.
struct Place {
  Branch trunk;
  std::list<Branch> kept;
  bool trunk_busy = false;  // some question is reading the trunk; others wait for it
  int open_questions = 0;
  int taken_in = 0;  // the same with those still in the inbox; under the engine's mutex
  uint64_t last_used = 0;
  double served = 0;  // tokens computed for it, for fairness
  // Holds one of the places at the table (Engine::Admit), until a moment after its last question.
  bool admitted = false;
  std::chrono::steady_clock::time_point idle_since;
  // The trunk behind its system prompt, put out of the cache until it is wanted again.
  std::vector<uint8_t> parked;
  std::vector<Token> parked_tokens;   // all of the trunk's
  size_t parked_root = 0;             // of these, the system prompt's, which are not in `parked`
  std::atomic<bool> dropped = false;  // the context is gone: cancel and free everything
};

// One question on its way through the engine.
struct Question {
  std::shared_ptr<Place> place;
  Prompt prompt;
  std::unique_ptr<Decoder> decoder;  // null: only read the trunk
  int opening_tokens = 0;            // of the prompt's end, those that belong to the answer
  std::stop_token stop;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  // Without a decoder: called with the tokens read, or with what went wrong.
  std::function<void(int read, std::exception_ptr error)> read_done;
  std::chrono::steady_clock::time_point asked = std::chrono::steady_clock::now();
};

struct EngineOptions {
  int context_tokens = 0;  // the longest question
  int cells = 0;           // tokens the cache holds for all contexts together
  int batch_tokens = 256;  // read at once at most
  int sequences = 64;      // branches at the same time, of all contexts; at most 256
  // On processors plain attention is faster, with one talk and with eight (docs/benchmarks.md).
  bool flash_attention = false;
  uint64_t parked_bytes = 0;  // kept at most of talks that wait for their next turn
  // A talk that rests so long while others are at work leaves the cache: every pass would look at
  // its cells.
  std::chrono::milliseconds rest{500};
  uint64_t bytes_per_cell = 0;   // for reports
  int open_questions = 512;      // at most, of all contexts; more are refused as busy
  int open_questions_each = 64;  // of one context
  int threads = 1;
  bool adapt_threads = true;  // fewer where other programs hold the cores (thread_choice.h)
  bool share = true;          // false: every question is read whole; for comparison only
  std::string root_folder;    // where system prompts once read are kept; empty: nowhere
  std::string model_id;       // tells one model file from another, for root_folder
};

// Drives one llama_context from one thread. All open questions of all contexts share its batches:
// the tokens they want next go through the model together, short reads before long ones.
//
// A question moves through four stages: its system prompt is read unless some context has read it
// (root), then its dialogue as far as this context has not (trunk), then its own end on a branch
// forked from the trunk (prompt), then whatever its decoder asks for (answer).
//
// Isolation: a branch is only ever forked from the same place's cells, or from a root, which
// holds nothing but a system prompt. There is no look-up by content across places.
//
// Submit, NewPlace and Drop are thread-safe.
class Engine {
 public:
  // Throws Error(kModel) where the context cannot be made. `model` must outlive the engine.
  Engine(llama_model* model, EngineOptions options);
  ~Engine();  // fails what is open with kCancelled
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] std::shared_ptr<Place> NewPlace();
  void Drop(const std::shared_ptr<Place>& place);
  // All of them start in the same round.
  void Submit(std::vector<Question> questions);

  [[nodiscard]] const EngineOptions& options() const { return options_; }
  [[nodiscard]] CacheUse cache_use() const;  // thread-safe; as of the last round
  [[nodiscard]] CacheSurvey Survey();        // thread-safe; between two rounds, for tests

 private:
  enum class Stage { kRoot, kTrunk, kPrompt, kAnswer };
  struct Work {  // tokens of one branch still to be read for one task
    Branch* branch = nullptr;
    std::vector<Token> tokens;
    size_t done = 0;
    size_t first_logit = 0;   // tokens.size(): no logits wanted
    size_t read = 0;          // index in the decoder's plan
    Branch* trunk = nullptr;  // grows with `branch`, by the first `of_trunk` tokens
    size_t of_trunk = 0;
  };
  struct Task {
    Question question;
    Stage stage = Stage::kRoot;
    std::deque<Branch> branches;  // [0] is the question's own
    std::vector<Work> works;
    Branch* root = nullptr;  // being read by this task
    bool reads_trunk = false;
    int read_tokens = 0;  // of the prompt, by this task
    bool answered_first = false;
    double first_ms = 0;
  };
  using TaskList = std::list<std::unique_ptr<Task>>;

  void Run();
  void CollectInbox(bool may_wait);
  void FreeDropped();
  // Seats contexts while there is room for all their branches; the rest wait their turn.
  void Admit(bool hurry);
  void ReportUse();
  [[nodiscard]] CacheSurvey LookAround() const;
  // Moves a task as far as it goes without the model; false when it is finished.
  bool Prepare(Task& task);
  bool PrepareRoot(Task& task);
  bool PrepareTrunk(Task& task);
  bool PreparePrompt(Task& task);
  void FreeTrunk(Task& task);  // others may go on from the dialogue that `task` was reading
  bool PlanAnswer(Task& task);
  // One pass of the model over what is wanted next; false where nothing is.
  bool Step();
  struct Part {
    Task* task;
    Work* work;
    size_t tokens;
    int first_output;
  };
  [[nodiscard]] std::vector<Part> FillBatch();
  [[nodiscard]] int LongRead(bool others_wait) const;  // tokens of long reads in one pass
  void ShowLogits(const Part& part, size_t begin);
  void WorksDone(Task& task);
  void End(Task& task, bool cancelled, const std::exception_ptr& error);
  [[nodiscard]] int Compute();  // llama_decode of the batch, in turn with other processes
  void FailNewest();
  void FailAll(const std::string& why);

  // How much of `tokens` a branch may serve: the common prefix, or all of the branch or nothing
  // where the model cannot drop a part of a sequence.
  [[nodiscard]] size_t Usable(const Branch& branch, std::span<const Token> tokens) const;
  [[nodiscard]] bool Acquire(Branch& branch);  // gives it a sequence; false when none is left
  void Release(Branch& branch);
  void CopyInto(const Branch& from, Branch& to, size_t length);
  void Cut(Branch& branch, size_t length);
  void Park(Place& place);  // its trunk, if there is room for it
  void ParkIdle();          // whose cells would be in the way of those at work
  bool Unpark(Place& place);
  void Forget(Place& place);  // what was parked
  void CountForgotten();
  bool Evict();     // frees the least recently used thing that is not in use
  bool EvictOwn();  // of the places with open questions, what these could read again

  EngineOptions options_;
  llama_context* context_ = nullptr;
  llama_memory_t memory_ = nullptr;
  ggml_threadpool* pool_ = nullptr;
  TokenVocabulary vocabulary_;
  bool partial_ok_ = true;
  MachineTurn turn_;
  ThreadChoice thread_choice_;
  int threads_now_ = 0;
  RootCache root_cache_;

  std::vector<llama_seq_id> free_sequences_;
  std::list<Branch> roots_;
  std::vector<std::shared_ptr<Place>> places_;
  TaskList tasks_;
  Batch batch_;
  uint64_t clock_ = 0;
  double ms_per_token_ = 2;  // of late, in passes that read
  double ms_per_question_ = 0;
  uint64_t parked_bytes_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  CacheUse use_;  // under mutex_
  int open_ = 0;  // questions taken in and not ended; under mutex_
  std::vector<Question> inbox_;
  std::vector<std::shared_ptr<Place>> new_places_;
  std::vector<std::promise<CacheSurvey>> surveys_;  // asked for
  bool places_dropped_ = false;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_LLAMA_ENGINE_H_
