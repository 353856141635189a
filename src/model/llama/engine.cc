#include "model/llama/engine.h"

#include <ggml-cpu.h>

#include <algorithm>
#include <utility>

#include "emostage/error.h"

namespace emostage {
namespace {

constexpr size_t kKeptBranches = 8;
// Of one context at work: its dialogue, the questions of a turn, and a few forks of theirs.
constexpr int kBranchesEach = 8;
// A seat is kept this long for the next question of the same turn.
constexpr std::chrono::milliseconds kSeatKept{100};
constexpr int kLongestRetry = 60;  // seconds
// A question waits a pass for another one that is reading so many tokens for both of them.
constexpr size_t kWorthWaiting = 4;

double MillisecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

}  // namespace

Engine::Engine(llama_model* model, EngineOptions options)
    : options_(std::move(options)),
      vocabulary_(llama_model_get_vocab(model)),
      partial_ok_(!llama_model_is_recurrent(model) && !llama_model_is_hybrid(model)),
      thread_choice_(options_.threads, options_.adapt_threads),
      root_cache_(options_.share ? options_.root_folder : "", options_.model_id) {
  llama_context_params params = llama_context_default_params();
  // Every one of these differs from a default that would be wrong here.
  params.n_ctx = static_cast<uint32_t>(options_.cells);
  params.n_batch = params.n_ubatch = static_cast<uint32_t>(options_.batch_tokens);
  params.n_seq_max = static_cast<uint32_t>(options_.sequences);
  // Logits of one pass: more would cost hundreds of MiB, fewer than sequences llama.cpp refuses.
  params.n_outputs_max = params.n_seq_max;
  params.n_threads = params.n_threads_batch = options_.threads;
  params.kv_unified = true;  // forks share cells
  if (!options_.flash_attention) params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
  params.swa_full = true;  // so that a part of a sequence can be dropped
  params.no_perf = true;
  context_ = llama_init_from_model(model, params);
  if (context_ == nullptr) {
    throw Error(ErrorCode::kModel,
                "no memory for a context of " + std::to_string(options_.cells) + " tokens",
                "use a smaller --context");
  }
  memory_ = llama_get_memory(context_);
  // llama.cpp makes it smaller where the context is, and aborts on more.
  options_.batch_tokens =
      std::min(options_.batch_tokens, static_cast<int>(llama_n_batch(context_)));
  ggml_threadpool_params pool = ggml_threadpool_params_default(options_.threads);
  // No spinning between passes: it saves microseconds and takes the core from whoever else
  // computes.
  pool.poll = 0;
  pool_ = ggml_threadpool_new(&pool);
  if (pool_ != nullptr) llama_attach_threadpool(context_, pool_, nullptr);
  for (llama_seq_id i = options_.sequences - 1; i >= 0; --i) free_sequences_.push_back(i);
  thread_ = std::thread([this] { Run(); });
}

Engine::~Engine() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  llama_free(context_);
  if (pool_ != nullptr) ggml_threadpool_free(pool_);
}

std::shared_ptr<Place> Engine::NewPlace() {
  auto place = std::make_shared<Place>();
  const std::lock_guard lock(mutex_);
  new_places_.push_back(place);
  return place;
}

void Engine::Drop(const std::shared_ptr<Place>& place) {
  place->dropped = true;
  {
    const std::lock_guard lock(mutex_);
    places_dropped_ = true;
  }
  wake_.notify_all();
}

void Engine::Submit(std::vector<Question> questions) {
  std::vector<Question> refused;
  int wait = 0;
  {
    const std::lock_guard lock(mutex_);
    for (Question& question : questions) {
      int& own = question.place->taken_in;
      // What is read ahead is no burden: it is passed over where there is no room.
      if (open_ >= options_.open_questions || own >= options_.open_questions_each) {
        refused.push_back(std::move(question));
        continue;
      }
      ++open_;
      ++own;
      inbox_.push_back(std::move(question));
    }
    wait = std::clamp(static_cast<int>(ms_per_question_ * open_ / 1000), 1, kLongestRetry);
  }
  wake_.notify_all();
  if (refused.empty()) return;
  const auto busy =
      std::make_exception_ptr(Error(ErrorCode::kBusy, "the model is busy with other talks",
                                    "try again in about " + std::to_string(wait) + " s")
                                  .RetryAfter(wait));
  for (Question& question : refused) {
    if (question.decoder) {
      question.decoder->Fail(busy);
    } else if (question.read_done) {
      question.read_done(0, busy);
    }
  }
}

CacheUse Engine::cache_use() const {
  const std::lock_guard lock(mutex_);
  CacheUse use = use_;
  use.open_questions = open_;
  return use;
}

void Engine::Run() {
  int idle_rounds = 0;
  while (true) {
    CollectInbox(tasks_.empty());
    if (stopping_) break;
    Admit(idle_rounds > 0);
    for (auto it = tasks_.begin(); it != tasks_.end();) {
      it = Prepare(**it) ? std::next(it) : tasks_.erase(it);
    }
    ParkIdle();
    ReportUse();
    idle_rounds = Step() ? 0 : idle_rounds + 1;
    // Thrice in a row: every task waits for a sequence that another one holds.
    if (idle_rounds > 2 && !tasks_.empty()) FailNewest();
  }
  FailAll("the model is shutting down");
}

void Engine::CollectInbox(bool may_wait) {
  std::vector<Question> questions;
  std::vector<std::promise<CacheSurvey>> surveys;
  {
    std::unique_lock lock(mutex_);
    if (may_wait) {
      wake_.wait(lock, [this] {
        return stopping_ || places_dropped_ || !inbox_.empty() || !surveys_.empty();
      });
    }
    surveys = std::exchange(surveys_, {});
    questions = std::exchange(inbox_, {});
    for (std::shared_ptr<Place>& place : new_places_) places_.push_back(std::move(place));
    new_places_.clear();
    if (!std::exchange(places_dropped_, false) && questions.empty() && surveys.empty()) return;
  }
  for (Question& question : questions) {
    auto task = std::make_unique<Task>();
    task->question = std::move(question);
    ++task->question.place->open_questions;
    tasks_.push_back(std::move(task));
  }
  FreeDropped();
  for (std::promise<CacheSurvey>& survey : surveys) survey.set_value(LookAround());
}

// Contexts at work need their branches at the same time; with more of them than that, all would
// wait for each other. Who was served least comes first.
void Engine::Admit(bool hurry) {
  const auto now = std::chrono::steady_clock::now();
  int seats = std::max(1, options_.sequences / kBranchesEach);
  std::vector<Place*> waiting;
  double least = -1;
  for (const std::shared_ptr<Place>& place : places_) {
    const bool idle = place->open_questions == 0;
    if (place->admitted && idle && (hurry || now - place->idle_since > kSeatKept)) {
      place->admitted = false;
    }
    if (place->admitted) {
      --seats;
      least = least < 0 ? place->served : std::min(least, place->served);
    } else if (!idle) {
      waiting.push_back(place.get());
    }
  }
  std::ranges::stable_sort(waiting, std::less{}, &Place::served);
  for (Place* place : waiting) {
    if (seats-- <= 0) break;
    place->admitted = true;
    // Having been away gives no right to make up for it.
    place->served = std::max(place->served, least);
  }
}

void Engine::ReportUse() {
  CacheUse use;
  use.budget_bytes =
      options_.parked_bytes + static_cast<uint64_t>(options_.cells) * options_.bytes_per_cell;
  use.reserved_bytes = static_cast<uint64_t>(options_.cells) * options_.bytes_per_cell;
  size_t tokens = 0;
  for (const Branch& root : roots_) tokens += root.tokens.size();
  for (const std::shared_ptr<Place>& place : places_) {
    ++use.contexts;
    if (!place->parked.empty()) ++use.parked_contexts;
    tokens += place->trunk.tokens.size();
  }
  use.used_bytes = tokens * options_.bytes_per_cell;
  use.parked_bytes = parked_bytes_;
  const std::lock_guard lock(mutex_);
  use.restored = use_.restored;
  use.forgotten = use_.forgotten;
  use_ = use;
}

void Engine::FreeDropped() {
  std::erase_if(places_, [this](const std::shared_ptr<Place>& place) {
    if (!place->dropped || place->open_questions > 0) return false;
    Release(place->trunk);
    for (Branch& branch : place->kept) Release(branch);
    Forget(*place);
    return true;
  });
}

bool Engine::Prepare(Task& task) {
  Question& question = task.question;
  try {
    if (question.stop.stop_requested() || question.place->dropped) {
      End(task, true, nullptr);
      return false;
    }
    if (std::chrono::steady_clock::now() > question.deadline) {
      throw Error(ErrorCode::kBusy, "the answer was not there in the time allowed",
                  "try again later, or allow more time");
    }
    if (!question.place->admitted) return true;
    while (task.works.empty()) {
      const Stage before = task.stage;
      switch (task.stage) {
        case Stage::kRoot:
          if (!PrepareRoot(task)) return true;
          break;
        case Stage::kTrunk:
          if (!PrepareTrunk(task)) return true;
          if (task.works.empty() && task.stage == Stage::kPrompt && !question.decoder) {
            End(task, false, nullptr);
            return false;
          }
          break;
        case Stage::kPrompt:
          if (!PreparePrompt(task)) return true;
          break;
        case Stage::kAnswer:
          if (!PlanAnswer(task)) {
            End(task, false, nullptr);
            return false;
          }
          break;
      }
      if (task.works.empty() && task.stage == before) return true;
    }
  } catch (...) {
    End(task, false, std::current_exception());
    return false;
  }
  return true;
}

// Each Prepare… moves the task to the next stage or gives it work; it returns false where the task
// has to wait for another one.

bool Engine::PrepareRoot(Task& task) {
  const Prompt& prompt = task.question.prompt;
  if (!options_.share || prompt.root == 0) {
    task.stage = Stage::kTrunk;
    return true;
  }
  const std::span<const Token> wanted(prompt.tokens.data(), prompt.root);
  for (Branch& root : roots_) {
    const bool same = root.ready ? std::ranges::equal(root.tokens, wanted)
                                 : root.tokens.size() <= wanted.size() &&
                                       CommonPrefix(root.tokens, wanted) == root.tokens.size();
    if (!same) continue;
    if (!root.ready) return false;  // another task reads it just now
    root.last_used = ++clock_;
    task.stage = Stage::kTrunk;
    return true;
  }
  Branch root;
  if (!Acquire(root)) return false;
  root.last_used = ++clock_;
  std::vector<Token> tokens(wanted.begin(), wanted.end());
  if (root_cache_.Load(context_, root.sequence, tokens)) {
    root.tokens = std::move(tokens);
    root.ready = true;
    roots_.push_back(std::move(root));
    task.stage = Stage::kTrunk;
    return true;
  }
  roots_.push_back(std::move(root));
  task.root = &roots_.back();
  const size_t none = tokens.size();
  task.works.push_back({task.root, std::move(tokens), 0, none, 0});
  return true;
}

bool Engine::PrepareTrunk(Task& task) {
  Place& place = *task.question.place;
  const Prompt& prompt = task.question.prompt;
  if (!options_.share) {
    task.stage = Stage::kPrompt;
    return true;
  }
  if (place.trunk_busy) return false;
  place.last_used = ++clock_;
  const std::span<const Token> wanted(prompt.tokens.data(), prompt.trunk);
  Branch& trunk = place.trunk;
  if (!place.parked_tokens.empty() && !Unpark(place)) return false;
  if (CommonPrefix(trunk.tokens, wanted) == wanted.size()) {  // read already, perhaps further
    task.stage = Stage::kPrompt;
    return true;
  }
  if (trunk.sequence < 0 && !Acquire(trunk)) return false;
  // Go on from whatever serves the most of it: the trunk itself, the branch on which the last
  // answer was written, or the system prompt alone.
  const Branch* best = nullptr;
  size_t most = Usable(trunk, wanted);
  const auto consider = [&](const Branch& other) {
    const size_t usable = Usable(other, wanted);
    if (usable > most) {
      most = usable;
      best = &other;
    }
  };
  for (const Branch& branch : place.kept) consider(branch);
  for (const Branch& root : roots_) {
    if (root.ready) consider(root);
  }
  if (best != nullptr) {
    CopyInto(*best, trunk, most);
  } else {
    Cut(trunk, most);
  }
  for (Branch& branch : place.kept) Release(branch);  // they belong to an earlier turn
  place.kept.clear();
  if (most == wanted.size()) {
    task.stage = Stage::kPrompt;
    return true;
  }
  place.trunk_busy = task.reads_trunk = true;
  if (task.question.decoder != nullptr && partial_ok_) {
    // The dialogue and the question in one go: a pass less.
    task.branches.emplace_back();
    Branch& own = task.branches.front();
    if (Acquire(own)) {
      CopyInto(trunk, own, most);
      std::vector<Token> rest(prompt.tokens.begin() + static_cast<std::ptrdiff_t>(most),
                              prompt.tokens.end());
      const size_t last = rest.size() - 1;
      task.works.push_back({&own, std::move(rest), 0, last, 0, &trunk, wanted.size() - most});
      task.stage = Stage::kPrompt;
      return true;
    }
    task.branches.clear();
  }
  std::vector<Token> rest(wanted.begin() + static_cast<std::ptrdiff_t>(most), wanted.end());
  const size_t none = rest.size();
  task.works.push_back({&trunk, std::move(rest), 0, none, 0});
  return true;
}

void Engine::FreeTrunk(Task& task) {
  if (std::exchange(task.reads_trunk, false)) task.question.place->trunk_busy = false;
}

bool Engine::PreparePrompt(Task& task) {
  Place& place = *task.question.place;
  const std::span<const Token> wanted(task.question.prompt.tokens);
  task.branches.emplace_back();
  Branch& own = task.branches.front();
  if (!Acquire(own)) {
    task.branches.clear();
    return false;
  }
  // At least the last token is read anew: its logits are what is asked for.
  const std::span<const Token> shareable = wanted.first(wanted.size() - 1);
  const Branch* best = nullptr;
  size_t most = 0;
  const auto consider = [&](const Branch& other) {
    const size_t usable = Usable(other, shareable);
    if (usable > most) {
      most = usable;
      best = &other;
    }
  };
  if (options_.share) {
    consider(place.trunk);
    for (const Branch& branch : place.kept) consider(branch);
    for (const Branch& root : roots_) {
      if (root.ready) consider(root);
    }
    // Questions with the same cue go on from the first of them that has read it.
    for (const std::unique_ptr<Task>& other : tasks_) {
      if (other.get() == &task || other->question.place != task.question.place) continue;
      if (other->branches.empty()) continue;
      consider(other->branches.front());
      const size_t common = CommonPrefix(other->question.prompt.tokens, shareable);
      if (partial_ok_ && other->stage == Stage::kPrompt && common >= most + kWorthWaiting) {
        Release(own);
        task.branches.clear();
        return false;
      }
    }
  }
  if (best != nullptr) CopyInto(*best, own, most);
  std::vector<Token> rest(wanted.begin() + static_cast<std::ptrdiff_t>(most), wanted.end());
  const size_t last = rest.size() - 1;
  task.works.push_back({&own, std::move(rest), 0, last, 0});
  return true;
}

bool Engine::PlanAnswer(Task& task) {
  const std::vector<Read> plan = task.question.decoder->Next();
  if (plan.empty()) return false;
  for (size_t branch = 1; branch < task.branches.size(); ++branch) {
    const bool named =
        std::ranges::any_of(plan, [&](const Read& read) { return read.branch == branch; });
    if (!named) Release(task.branches[branch]);
  }
  // All forks are made before anything is read, so that they start from the same point.
  for (const Read& read : plan) {
    while (task.branches.size() <= read.branch) {
      Branch fork;
      if (!Acquire(fork)) {
        throw Error(ErrorCode::kBusy, "too many questions at the same time", "ask fewer at once");
      }
      CopyInto(task.branches.front(), fork, task.branches.front().tokens.size());
      task.branches.push_back(std::move(fork));
    }
  }
  for (size_t i = 0; i < plan.size(); ++i) {
    if (plan[i].tokens.empty()) {
      throw Error(ErrorCode::kInternal, "a decoder asked to read nothing");
    }
    task.works.push_back(
        {&task.branches[plan[i].branch], plan[i].tokens, 0, plan[i].first_logit, i});
  }
  return true;
}

void Engine::WorksDone(Task& task) {
  task.works.clear();
  switch (task.stage) {
    case Stage::kRoot:
      task.root->ready = true;
      root_cache_.Save(context_, task.root->sequence, task.root->tokens);
      task.root = nullptr;
      task.stage = Stage::kTrunk;
      break;
    case Stage::kTrunk:
      FreeTrunk(task);
      task.stage = Stage::kPrompt;
      if (!task.question.decoder) task.stage = Stage::kTrunk;  // looked at once more, and ended
      break;
    case Stage::kPrompt:
      task.stage = Stage::kAnswer;
      break;
    case Stage::kAnswer:
      break;
  }
}

void Engine::End(Task& task, bool cancelled, const std::exception_ptr& error) {
  Question& question = task.question;
  Place& place = *question.place;
  if (task.root != nullptr) {  // half read: of no use to anyone
    Release(*task.root);
    std::erase_if(roots_, [&](const Branch& root) { return &root == task.root; });
  }
  FreeTrunk(task);
  if (!task.branches.empty() && error == nullptr && options_.share && !place.dropped) {
    place.kept.push_back(std::move(task.branches.front()));
    task.branches.pop_front();
    if (place.kept.size() > kKeptBranches) {
      Release(place.kept.front());
      place.kept.pop_front();
    }
  }
  for (Branch& branch : task.branches) Release(branch);
  task.branches.clear();
  task.works.clear();
  if (--place.open_questions == 0) place.idle_since = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex_);
    --open_;
    --place.taken_in;
    constexpr double kNew = 0.1;
    ms_per_question_ += kNew * (MillisecondsSince(question.asked) / (open_ + 1) - ms_per_question_);
  }
  if (place.dropped) {
    const std::lock_guard lock(mutex_);
    places_dropped_ = true;
  }

  if (!question.decoder) {
    if (question.read_done) question.read_done(task.read_tokens, error);
    return;
  }
  if (error != nullptr) return question.decoder->Fail(error);
  Usage usage;
  usage.prompt_tokens = static_cast<int>(question.prompt.tokens.size()) - question.opening_tokens;
  usage.reused_tokens =
      std::max(0, static_cast<int>(question.prompt.tokens.size()) - task.read_tokens);
  usage.output_tokens = question.decoder->output_tokens();
  usage.forced_tokens = question.decoder->forced_tokens();
  usage.ms = MillisecondsSince(question.asked);
  usage.first_ms = task.first_ms;
  question.decoder->Finish(usage, cancelled);
}

void Engine::FailNewest() {
  End(*tasks_.back(), false,
      std::make_exception_ptr(Error(ErrorCode::kBusy, "the model's memory is full",
                                    "try again later, or use a larger --context")));
  tasks_.pop_back();
}

void Engine::FailAll(const std::string& why) {
  CollectInbox(false);
  const auto error =
      std::make_exception_ptr(stopping_ ? Error(ErrorCode::kCancelled, why)
                                        : Error(ErrorCode::kModel, why, "start the program again"));
  for (const std::unique_ptr<Task>& task : tasks_) End(*task, false, error);
  tasks_.clear();
  for (const std::shared_ptr<Place>& place : places_) {
    Release(place->trunk);
    for (Branch& branch : place->kept) Release(branch);
    place->kept.clear();
    place->trunk_busy = false;
    Forget(*place);
  }
  for (Branch& root : roots_) Release(root);
  roots_.clear();
}

}  // namespace emostage
