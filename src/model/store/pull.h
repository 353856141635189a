#ifndef EMOSTAGE_MODEL_STORE_PULL_H_
#define EMOSTAGE_MODEL_STORE_PULL_H_

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace emostage {

// Told how far a pull has come; `total` is 0 while the size is not known. Runs on the thread that
// pulls, several times a second. What it throws ends the pull and reaches the caller; the part is
// kept.
using PullProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

struct PullRequest {
  std::string url;                     // https://, or http:// on this machine
  std::filesystem::path destination;   // its folder is created when missing
  std::optional<std::string> sha256;   // expected; 64 hex digits
  std::optional<std::uint64_t> bytes;  // expected
  PullProgress progress;               // may be empty
  std::stop_token stop;
  // Pull even if the file is there already. It is replaced only once the new one is complete.
  bool force = false;

  std::chrono::seconds connect_timeout{30};
  // A transfer slower than stall_bytes_per_second for stall_timeout counts as broken.
  std::chrono::seconds stall_timeout{60};
  std::uint64_t stall_bytes_per_second = 128;
  // How many retries in a row may bring nothing new before the pull gives up; 0 retries never.
  int retries = 4;
  // The wait before the first retry; doubles with each further one, up to 30 s, with jitter.
  std::chrono::milliseconds backoff{1000};
};

struct PullResult {
  std::filesystem::path path;
  std::uint64_t bytes = 0;
  std::string sha256;              // of the file as it lies there
  bool verified = false;           // whether `sha256` was compared with an expected one
  bool already_present = false;    // nothing had to be pulled
  std::uint64_t resumed_from = 0;  // bytes that an earlier pull had left
};

// Downloads a model file. Until it is complete, and has the expected checksum where one is given,
// nothing stands under `destination`: bytes gather in DESTINATION.part, beside a note
// DESTINATION.part.json of which remote file they belong to; at the end DESTINATION.json records
// {url, sha256, bytes, pulled_at, verified}. Neither a user:password@ nor the values of the
// address's query are ever written to them or to an error.
//
// A part that was left behind is resumed if the remote file is still the same (by its ETag or
// Last-Modified, or by the expected checksum where the server tells neither), else dropped.
// Redirects are followed to https:// only, or from this machine to this machine. The environment's
// proxy variables work as for curl. Broken transfers and 5xx answers are tried again, 4xx not.
//
// Throws Error:
//   kUsage      the address, checksum or destination makes no sense, or a file from another
//               address is already there and `force` is not set
//   kBusy       another pull of the same file is running (in this process or another)
//   kCancelled  `stop` was requested; the part is kept and resumed next time
//   kNetwork    the transfer failed; the part is kept if it can be resumed
//   kModel      the checksum or size is not the expected one, or without an expected checksum the
//               file is no GGUF; the part is deleted
//   kIo         the disk is full or cannot be written; the part is kept if it can be resumed
// Safe to call from several threads at once.
[[nodiscard]] PullResult PullModel(const PullRequest& request);

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_STORE_PULL_H_
