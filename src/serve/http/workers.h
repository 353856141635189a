#ifndef EMOSTAGE_SERVE_HTTP_WORKERS_H_
#define EMOSTAGE_SERVE_HTTP_WORKERS_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace emostage {

// Threads that do jobs in the order in which they were added. A thread is started when a job finds
// none idle, up to `most`. Thread-safe.
class Workers {
 public:
  using Job = std::function<void()>;  // must not throw

  // `on_done` is called after each job, on its thread. One thread is started here; throws
  // std::system_error where not even that can be.
  Workers(int most, std::function<void()> on_done);
  // Forgets what waits and waits for what runs.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void Add(Job job);
  void Forget();  // what has not been started

  struct Count {
    std::size_t running = 0;
    std::size_t waiting = 0;
  };
  [[nodiscard]] Count count() const;

 private:
  void Work();

  const std::size_t most_;
  const std::function<void()> on_done_;
  mutable std::mutex mutex_;
  std::condition_variable added_;
  std::deque<Job> jobs_;
  std::size_t running_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_HTTP_WORKERS_H_
