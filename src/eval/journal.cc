#include "eval/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "emostage/error.h"

namespace emostage {
namespace {

[[noreturn]] void Fail(const std::filesystem::path& path, const std::string& what) {
  const int code = errno;
  throw Error(ErrorCode::kIo,
              path.string() + " cannot be " + what + " (" + std::strerror(code) + ")",
              code == ENOSPC ? "free some space and run the same command again: it goes on here"
                             : "check the folder; the same command goes on where this one ended");
}

}  // namespace

Journal::Journal(std::filesystem::path path, const std::function<void(const Json& line)>& read)
    : path_(std::move(path)) {
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0) Fail(path_, "opened");
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    ::close(std::exchange(file_, -1));
    throw Error(ErrorCode::kBusy, path_.string() + " is being written by another run",
                "wait for it, or give another --out");
  }
  try {
    const std::string content = ReadFile(path_, std::size_t{8} << 30);
    std::vector<Json> unit;
    size_t at = 0;
    size_t number = 0;
    while (at < content.size()) {
      const size_t newline = content.find('\n', at);
      ++number;
      if (newline == std::string::npos) {
        ++cut_off_;
        break;
      }
      const std::string_view line(content.data() + at, newline - at);
      Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (!json.is_object()) {
        throw Error(ErrorCode::kInput,
                    path_.string() + " line " + std::to_string(number) + " is damaged",
                    "give another --out, or delete the file to begin anew");
      }
      at = newline + 1;
      if (const auto name = json.find("unit"); name == json.end()) {
        unit.push_back(std::move(json));
        continue;
      } else if (json.value("lines", size_t{0}) != unit.size()) {
        throw Error(
            ErrorCode::kInput,
            path_.string() + " line " + std::to_string(number) + " ends a unit of another length",
            "give another --out, or delete the file to begin anew");
      } else {
        units_.insert(name->get<std::string>());
      }
      for (const Json& one : unit) read(one);
      unit.clear();
      end_ = static_cast<long long>(at);
    }
    cut_off_ += unit.size();
    if (::ftruncate(file_, end_) != 0) Fail(path_, "shortened");
  } catch (...) {
    ::close(file_);
    throw;
  }
}

Journal::~Journal() {
  if (file_ >= 0) ::close(file_);
}

bool Journal::Has(const std::string& unit) const {
  const std::scoped_lock lock(mutex_);
  return units_.contains(unit);
}

size_t Journal::size() const {
  const std::scoped_lock lock(mutex_);
  return units_.size();
}

void Journal::Append(const std::string& unit, const std::vector<OrderedJson>& lines) {
  std::string bytes;
  for (const OrderedJson& line : lines) bytes += DumpJson(line) + '\n';
  bytes += DumpJson({{"unit", unit}, {"lines", lines.size()}}) + '\n';
  const std::scoped_lock lock(mutex_);
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t more = ::pwrite(file_, bytes.data() + written, bytes.size() - written,
                                  end_ + static_cast<long long>(written));
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) {
      const int code = errno;
      static_cast<void>(::ftruncate(file_, end_));
      errno = code;
      Fail(path_, "written");
    }
    written += static_cast<size_t>(more);
  }
  if (::fdatasync(file_) != 0) Fail(path_, "written");
  end_ += static_cast<long long>(bytes.size());
  units_.insert(unit);
}

}  // namespace emostage
