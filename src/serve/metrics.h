#ifndef EMOSTAGE_SERVE_METRICS_H_
#define EMOSTAGE_SERVE_METRICS_H_

#include <memory>
#include <string>

#include "emostage/answer.h"
#include "emostage/model.h"
#include "serve/http/server.h"

namespace emostage {

// Counts for Prometheus: numbers and names of ours only, never an id or a word of anybody's.
// Thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  void CountRequest(const std::string& route, int status);
  // `outcome`: "done", "stopped" or "failed".
  void CountTurn(const std::string& method, const std::string& outcome);
  void Measure(const Answer& answer);

  // The text format, with these gauges as they are now.
  [[nodiscard]] std::string Text(const HttpStats& http, size_t open_sessions,
                                 const CacheUse& cache);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_METRICS_H_
