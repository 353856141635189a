#ifndef EMOSTAGE_SERVE_SERVICE_H_
#define EMOSTAGE_SERVE_SERVICE_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "serve/access.h"
#include "serve/http/server.h"
#include "serve/talks.h"

namespace emostage {

struct ServiceOptions {
  TalksOptions talks;
  AccessOptions access;
  HttpOptions http;
  int keep_days = 0;  // sessions that were not written to for so long are deleted; 0: never
  // A line for each answered request: method, route, status, milliseconds. Never an id or a word of
  // a client's. None: nothing is logged.
  std::function<void(const std::string& line)> log;
};

// The server as a whole: the page, /api, /v1 and /metrics over one HttpServer. Thread-safe.
class Service {
 public:
  // Binds and serves. Throws Error.
  explicit Service(ServiceOptions options);
  ~Service();  // Stop(0)

  [[nodiscard]] std::string url() const;
  [[nodiscard]] int port() const;
  // Lets streams finish for as long as `grace`, then returns when nothing runs any more.
  void Stop(std::chrono::milliseconds grace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_SERVICE_H_
