#include <algorithm>
#include <chrono>
#include <utility>

#include "model/llama/engine.h"

// One pass of the model: who gets how much of it, and what becomes of its outcome.
namespace emostage {
namespace {

constexpr size_t kShortRead = 8;  // reads up to this length go before long ones
// How long one pass may take while others' words are waiting to go on.
constexpr double kStreamGapMs = 120;
constexpr int kShortestChunk = 16;
constexpr int kTellsSpeed = 12;  // passes of at least so many tokens

double MillisecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

}  // namespace

// A talk alone is always read in the same pieces, however fast the machine is just now: where a sum
// is cut, its last bits change, and with them in the end the words.
int Engine::LongRead(bool others_wait) const {
  if (!others_wait) return options_.batch_tokens;
  const double tokens = kStreamGapMs / std::max(0.01, ms_per_token_);
  return std::clamp(static_cast<int>(std::min(tokens, 1e6)), kShortestChunk, options_.batch_tokens);
}

std::vector<Engine::Part> Engine::FillBatch() {
  batch_.Clear();
  std::vector<Part> parts;
  const auto add = [&](Task& task, Work& work, int most) {
    const size_t begin = work.done;
    int first_output = -1;
    while (work.done < work.tokens.size() && batch_.size() < options_.batch_tokens && most-- > 0) {
      const bool wanted = work.done >= work.first_logit;
      if (wanted && batch_.outputs() == options_.sequences) break;
      if (wanted && first_output < 0) first_output = batch_.size();
      const auto position =
          static_cast<llama_pos>(work.branch->tokens.size() + (work.done - begin));
      const llama_seq_id also = work.done < work.of_trunk ? work.trunk->sequence : -1;
      batch_.Add(work.tokens[work.done], position, work.branch->sequence, also, wanted);
      ++work.done;
    }
    const size_t tokens = work.done - begin;
    if (tokens > 0) parts.push_back({&task, &work, tokens, first_output});
    task.question.place->served += static_cast<double>(tokens);
    return static_cast<int>(tokens);
  };

  std::vector<Task*> order;
  order.reserve(tasks_.size());
  for (const std::unique_ptr<Task>& task : tasks_) order.push_back(task.get());
  std::ranges::stable_sort(order, std::less{},
                           [](const Task* task) { return task->question.place->served; });
  const auto is_short = [](const Work& work) {
    return work.tokens.size() - work.done <= kShortRead;
  };
  // Short reads are steps of answers under way; they never wait for a long one.
  for (Task* task : order) {
    for (Work& work : task->works) {
      if (is_short(work) && work.done < work.tokens.size()) add(*task, work, options_.batch_tokens);
    }
  }
  const bool others_wait = std::ranges::any_of(order, [&](const Task* task) {
    return task->question.place != order.front()->question.place;
  });
  int room = LongRead(others_wait);
  for (Task* task : order) {
    for (Work& work : task->works) {
      if (room > 0 && !is_short(work)) room -= add(*task, work, room);
    }
  }
  return parts;
}

bool Engine::Step() {
  const std::vector<Part> parts = FillBatch();
  if (parts.empty()) return false;

  int result = 0;
  do {
    result = Compute();
  } while (result == 1 && Evict());
  if (result == 1) {  // no room, and nothing to give up: the cache is as it was before
    for (const Part& part : parts) part.work->done -= part.tokens;
    FailNewest();
    return true;
  }
  if (result != 0) {  // nothing in the cache is trusted any more
    FailAll("the model could not compute");
    llama_memory_clear(memory_, true);
    return true;
  }

  std::vector<Task*> failed;
  for (const Part& part : parts) {
    Work& work = *part.work;
    const size_t begin = work.done - part.tokens;
    const auto append = [&](Branch& branch, size_t end) {
      branch.tokens.insert(branch.tokens.end(),
                           work.tokens.begin() + static_cast<std::ptrdiff_t>(begin),
                           work.tokens.begin() + static_cast<std::ptrdiff_t>(end));
    };
    append(*work.branch, work.done);
    if (begin < work.of_trunk) {
      append(*work.trunk, std::min(work.done, work.of_trunk));
      if (work.done >= work.of_trunk) FreeTrunk(*part.task);
    }
    if (part.task->stage != Stage::kAnswer) part.task->read_tokens += static_cast<int>(part.tokens);
    if (part.first_output < 0) continue;
    try {
      ShowLogits(part, begin);
    } catch (...) {
      End(*part.task, false, std::current_exception());
      failed.push_back(part.task);
    }
  }
  std::erase_if(tasks_, [&](const std::unique_ptr<Task>& task) {
    return std::ranges::find(failed, task.get()) != failed.end();
  });
  for (const std::unique_ptr<Task>& task : tasks_) {
    const bool all_done = std::ranges::all_of(
        task->works, [](const Work& work) { return work.done == work.tokens.size(); });
    if (all_done && !task->works.empty()) WorksDone(*task);
  }
  return true;
}

void Engine::ShowLogits(const Part& part, size_t begin) {
  Task& task = *part.task;
  const Work& work = *part.work;
  int index = part.first_output;
  for (size_t token = std::max(begin, work.first_logit); token < work.done; ++token) {
    const float* logits = llama_get_logits_ith(context_, index++);
    const size_t shown = task.stage == Stage::kAnswer ? token : 0;
    task.question.decoder->OnLogits(work.read, shown,
                                    {logits, static_cast<size_t>(vocabulary_.size())});
  }
  if (!std::exchange(task.answered_first, true)) {
    task.first_ms = MillisecondsSince(task.question.asked);
  }
}

int Engine::Compute() {
  const int threads = thread_choice_.threads(batch_.size() == 1);
  if (threads_now_ != threads) {
    threads_now_ = threads;
    llama_set_n_threads(context_, threads_now_, threads_now_);
  }
  turn_.Take();
  const auto start = std::chrono::steady_clock::now();
  const int result = llama_decode(context_, batch_.View());
  const double ms = MillisecondsSince(start);
  turn_.Give();
  if (batch_.size() == 1) thread_choice_.Took(ms);
  if (batch_.size() >= kTellsSpeed) {
    constexpr double kNew = 0.3;
    ms_per_token_ += kNew * (ms / batch_.size() - ms_per_token_);
  }
  return result;
}

}  // namespace emostage
