#include "model/store/pull.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <system_error>
#include <utility>

#include "emostage/error.h"
#include "model/store/disk.h"
#include "model/store/part.h"
#include "model/store/record.h"
#include "model/store/sha256.h"
#include "model/store/transfer.h"
#include "model/store/url.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;
namespace ms = model_store;
using std::chrono::steady_clock;

// Thrown out of a transfer whose bytes do not fit behind the part: the part must go first.
struct PartIsStale {};

// Tells the caller about progress, but not for every few kilobytes.
class Meter {
 public:
  explicit Meter(const PullProgress& progress) : progress_(progress) {}

  void Tell(std::uint64_t done, std::optional<std::uint64_t> total, bool now) {
    const steady_clock::time_point time = steady_clock::now();
    if (!progress_ || (!now && time < next_)) return;
    next_ = time + std::chrono::milliseconds(100);
    progress_(done, total.value_or(0));
  }

 private:
  const PullProgress& progress_;
  steady_clock::time_point next_{};
};

void CheckRequest(const PullRequest& request) {
  const std::string problem = ms::UrlProblem(request.url);
  if (!problem.empty()) {
    throw Error(ErrorCode::kUsage, "the address " + ms::RedactUrl(request.url) + " " + problem);
  }
  if (request.sha256 && !IsSha256Hex(*request.sha256)) {
    throw Error(ErrorCode::kUsage, "the expected checksum is not a SHA-256",
                "give 64 hexadecimal digits");
  }
  std::error_code ignored;
  if (!request.destination.has_filename() || fs::is_directory(request.destination, ignored)) {
    throw Error(ErrorCode::kUsage, "a file name is needed to pull to");
  }
}

// One pull, from the lock to the record.
class Pull {
 public:
  explicit Pull(const PullRequest& request)
      : request_(request),
        name_(request.destination.filename().string()),
        shown_url_(ms::RedactUrl(request.url)),
        meter_(request.progress) {
    if (request.sha256) {
      expected_ = *request.sha256;
      std::transform(expected_.begin(), expected_.end(), expected_.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    }
  }

  PullResult Run() {
    const fs::path& destination = request_.destination;
    ms::CreateFolders(destination.parent_path());
    const ms::FileLock lock(ms::WithSuffix(destination, ".lock"), name_);
    if (std::optional<PullResult> present = Present()) return *present;
    ms::PartFile part(destination, shown_url_, !expected_.empty(), request_.stop);
    const std::uint64_t resumed_from = part.size();
    try {
      Download(part);
      Verify(part);
    } catch (const Error& error) {
      // Wrong bytes are of no use next time; all else may be resumed.
      error.code() == ErrorCode::kModel ? part.Discard() : part.KeepOrDiscard();
      throw;
    } catch (...) {
      part.KeepOrDiscard();
      throw;
    }
    return Install(part, resumed_from);
  }

 private:
  [[nodiscard]] std::optional<PullResult> Present() const;
  void Download(ms::PartFile& part);
  [[nodiscard]] bool Attempt(ms::PartFile& part, ms::TransferOutcome& outcome);
  void Begin(ms::PartFile& part, std::uint64_t from, const ms::ResponseHead& head);
  void Expect(std::uint64_t total) const;
  [[noreturn]] void GiveUp(const ms::PartFile& part, const ms::TransferOutcome& outcome) const;
  void CheckStatus(const ms::ResponseHead& head) const;
  void Wait(std::chrono::milliseconds time, const ms::PartFile& part) const;
  [[noreturn]] void Cancelled(const ms::PartFile& part) const;
  void Verify(ms::PartFile& part) const;
  [[nodiscard]] PullResult Install(const ms::PartFile& part, std::uint64_t resumed_from);

  const PullRequest& request_;
  std::string name_;
  std::string shown_url_;
  std::string expected_;  // lower case; empty when none is given
  std::optional<std::uint64_t> total_;
  Meter meter_;
  ms::HttpClient http_;
};

// What to say when the file is there already; nullopt when it has to be pulled.
std::optional<PullResult> Pull::Present() const {
  std::error_code error;
  const std::uint64_t bytes = fs::file_size(request_.destination, error);
  if (error || request_.force) return std::nullopt;
  const std::optional<ms::PullRecord> record = ms::ReadRecord(request_.destination);
  const bool recorded = record && record->bytes == bytes;
  PullResult result{request_.destination, bytes, "", true, true, 0};
  if (expected_.empty()) {
    if (!recorded || record->url != shown_url_) {
      throw Error(ErrorCode::kUsage,
                  request_.destination.string() + " exists and did not come from this address",
                  "remove it first, or force the pull");
    }
    result.sha256 = record->sha256;
    result.verified = record->verified;
    return result;
  }
  if (!recorded || record->sha256 != expected_ || !record->verified) {
    // Not one of ours, or pulled before its checksum was known.
    if (Sha256File(request_.destination, request_.stop) != expected_) return std::nullopt;
    ms::WriteRecord(request_.destination, {record ? record->url : "", expected_, bytes,
                                           record ? record->pulled_at : ms::UtcNow(), true});
  }
  result.sha256 = expected_;
  return result;
}

void Pull::Download(ms::PartFile& part) {
  total_ = part.note().total;
  // Everything may have come before an earlier pull was ended.
  if (total_ && part.size() == *total_ && part.Resumable()) return;
  std::uint64_t best = part.size();
  std::chrono::milliseconds delay = request_.backoff;
  int failures = 0;
  while (true) {
    ms::TransferOutcome outcome;
    if (Attempt(part, outcome)) return;
    // Measured by the farthest point ever reached: a server that breaks off and cannot resume
    // would otherwise be tried for ever.
    if (part.size() > best) {
      best = part.size();
      failures = 0;
      delay = request_.backoff;
    }
    if (++failures > request_.retries) GiveUp(part, outcome);
    Wait(delay, part);
    delay = std::min<std::chrono::milliseconds>(delay * 2, std::chrono::seconds(30));
  }
}

// True when the part is complete, false when trying again may help. Throws when it cannot.
bool Pull::Attempt(ms::PartFile& part, ms::TransferOutcome& outcome) {
  using Kind = ms::TransferOutcome::Kind;
  ms::TransferRequest get;
  get.url = request_.url;
  get.connect_timeout = request_.connect_timeout;
  get.stall_timeout = request_.stall_timeout;
  get.stall_bytes_per_second = request_.stall_bytes_per_second;
  get.stop = request_.stop;
  get.from = part.Resumable() ? part.size() : 0;
  get.if_range = part.note().Validator();
  get.on_head = [&](const ms::ResponseHead& head) { Begin(part, get.from, head); };
  get.on_body = [&](std::string_view bytes) {
    if (request_.bytes && part.size() + bytes.size() > *request_.bytes) {
      Expect(part.size() + bytes.size());
    }
    part.Append(bytes);
    meter_.Tell(part.size(), total_, false);
  };
  try {
    outcome = http_.Get(get);
  } catch (const PartIsStale&) {
    part.Restart({});
    return Attempt(part, outcome);  // from zero this time, so not again
  }
  if (outcome.kind == Kind::kCancelled) Cancelled(part);
  if (outcome.kind == Kind::kRefused) GiveUp(part, outcome);
  if (outcome.kind == Kind::kBroken || outcome.head.status >= 500) return false;
  if (outcome.head.status == 416 && get.from > 0) {
    // Nothing lies behind what is there. Either that was all, or it belongs to another version.
    if (outcome.head.range_total == part.size()) return true;
    part.Restart({});
    return Attempt(part, outcome);
  }
  CheckStatus(outcome.head);
  if (!total_ || part.size() == *total_) return true;
  outcome.problem = "the server sent only a part of the file";
  return false;
}

void Pull::Begin(ms::PartFile& part, std::uint64_t from, const ms::ResponseHead& head) {
  if (head.status == 206) {
    const bool other_version =
        (!head.etag.empty() && !part.note().etag.empty() && head.etag != part.note().etag) ||
        (head.range_total && part.note().total && *head.range_total != *part.note().total);
    if (from == 0) {
      throw Error(ErrorCode::kNetwork, "the server at " + shown_url_ + " sent a part unasked");
    }
    if (head.range_first != from || other_version) throw PartIsStale();
    total_ = head.range_total;
    if (!total_ && head.content_length) total_ = from + *head.content_length;
  } else {
    // The whole file, asked for or not: servers may ignore a range, and must where it would glue
    // two versions together.
    total_ = head.content_length;
    part.Restart({"", head.etag, head.last_modified, head.content_length, 0});
  }
  if (total_) {
    Expect(*total_);
    ms::CheckRoom(part.path().parent_path(), *total_ - std::min(*total_, part.size()), name_);
  }
  meter_.Tell(part.size(), total_, true);
}

void Pull::Expect(std::uint64_t total) const {
  if (!request_.bytes || total == *request_.bytes) return;
  throw Error(ErrorCode::kModel,
              "the file at " + shown_url_ + " is not the expected one: it has " +
                  (total > *request_.bytes ? "more" : "less") + " than " +
                  std::to_string(*request_.bytes) + " bytes",
              "check the address; nothing was kept");
}

void Pull::CheckStatus(const ms::ResponseHead& head) const {
  if (head.status == 200 || head.status == 206) return;
  const std::string status = std::to_string(head.status);
  if (head.status == 404 || head.status == 410) {
    throw Error(ErrorCode::kNetwork, "there is no file at " + shown_url_ + " (" + status + ")",
                "check the address");
  }
  if (head.status == 401 || head.status == 403) {
    throw Error(ErrorCode::kNetwork, "the server refuses " + shown_url_ + " (" + status + ")",
                "it may ask for a login or for its licence to be accepted; pull by another --url");
  }
  throw Error(ErrorCode::kNetwork, "the server answered " + status + " for " + shown_url_,
              "try again later");
}

void Pull::GiveUp(const ms::PartFile& part, const ms::TransferOutcome& outcome) const {
  const long status = outcome.head.status;
  const std::string why =
      !outcome.problem.empty() ? outcome.problem : "the server answered " + std::to_string(status);
  throw Error(ErrorCode::kNetwork, "pulling " + shown_url_ + " failed: " + why,
              part.Resumable() ? "run the same command again to resume"
                               : "check the connection and try again");
}

void Pull::Cancelled(const ms::PartFile& part) const {
  throw Error(ErrorCode::kCancelled,
              "stopped after " + ms::HumanBytes(part.size()) + " of " + name_,
              part.Resumable() ? "run the same command again to resume" : "");
}

void Pull::Wait(std::chrono::milliseconds time, const ms::PartFile& part) const {
  // Jitter keeps many machines from coming back to a struggling server in step.
  thread_local std::minstd_rand random(std::random_device{}());
  const double share = std::uniform_real_distribution<double>(0.5, 1.0)(random);
  std::mutex mutex;
  std::unique_lock<std::mutex> lock(mutex);
  std::condition_variable_any never;
  never.wait_for(lock, request_.stop, time * share, [] { return false; });
  if (request_.stop.stop_requested()) Cancelled(part);
}

void Pull::Verify(ms::PartFile& part) const {
  Expect(part.size());
  const std::string digest = part.HexDigest();
  if (!expected_.empty() && digest != expected_) {
    throw Error(ErrorCode::kModel,
                "the checksum of " + name_ + " is wrong: expected " + expected_ + ", got " +
                    digest + "; what was downloaded is deleted",
                "run the same command again, or check the address");
  }
  if (expected_.empty() && request_.destination.extension() == ".gguf" &&
      !part.StartsWith("GGUF")) {
    throw Error(ErrorCode::kModel, "what lies at " + shown_url_ + " is not a GGUF model",
                "check the address");
  }
  part.Sync();
}

PullResult Pull::Install(const ms::PartFile& part, std::uint64_t resumed_from) {
  const std::string digest = part.HexDigest();
  // A record must never describe another file than the one it lies beside, whatever is cut short.
  ms::RemoveRecord(request_.destination);
  ms::InstallFile(part.path(), request_.destination);
  ms::RemoveNote(part.path());
  ms::WriteRecord(request_.destination,
                  {shown_url_, digest, part.size(), ms::UtcNow(), !expected_.empty()});
  meter_.Tell(part.size(), part.size(), true);
  return {request_.destination, part.size(), digest, !expected_.empty(), false, resumed_from};
}

}  // namespace

PullResult PullModel(const PullRequest& request) {
  CheckRequest(request);
  return Pull(request).Run();
}

}  // namespace emostage
