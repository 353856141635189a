#include "serve/http/workers.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace emostage {

Workers::Workers(int most, std::function<void()> on_done)
    : most_(static_cast<std::size_t>(std::max(most, 1))), on_done_(std::move(on_done)) {
  threads_.emplace_back([this] { Work(); });
}

Workers::~Workers() {
  Forget();
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  added_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::Add(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    if (running_ + jobs_.size() > threads_.size() && threads_.size() < most_) {
      try {
        threads_.emplace_back([this] { Work(); });
      } catch (const std::system_error&) {  // then those that there are do it
      }
    }
  }
  added_.notify_one();
}

void Workers::Forget() {
  std::deque<Job> forgotten;  // destroyed without the lock, for a job may hold anything
  const std::lock_guard lock(mutex_);
  forgotten.swap(jobs_);
}

Workers::Count Workers::count() const {
  const std::lock_guard lock(mutex_);
  return {running_, jobs_.size()};
}

void Workers::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    added_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    {
      const Job job = std::move(jobs_.front());
      jobs_.pop_front();
      ++running_;
      lock.unlock();
      job();
    }
    lock.lock();
    --running_;
    lock.unlock();
    on_done_();
    lock.lock();
  }
}

}  // namespace emostage
