#include "model/store/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill() is not in <csignal>
#include <spawn.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "emostage/error.h"
#include "model/store/disk.h"

namespace emostage::model_store {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kMaxOutput = std::size_t{64} << 10U;
constexpr milliseconds kTick{100};
constexpr milliseconds kGrace{3000};

std::vector<std::string> Environment(const ProgramCall& call) {
  std::vector<std::string> all;
  all.reserve(call.environment.size());
  for (const auto& [name, value] : call.environment) {
    all.emplace_back(name).append(1, '=').append(value);
  }
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const bool replaced =
        std::any_of(call.environment.begin(), call.environment.end(), [&](const auto& own) {
          return text.starts_with(own.first) && text.substr(own.first.size()).starts_with('=');
        });
    if (!replaced) all.emplace_back(text);
  }
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// A started program, together with all that it starts.
class Process {
 public:
  Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (pid_ > 0) End();
  }

  // The errno value of a failure, or 0. The program's stdout and stderr go to `output`.
  int Start(const ProgramCall& call, int output);

  // Whether the program has ended; sets status() and ends what it left behind.
  bool Reap() {
    if (pid_ <= 0) return true;
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid != pid_) {
      return false;
    }
    // Before it is reaped, while its number cannot have been given to another group.
    ::kill(-pid_, SIGKILL);
    int raw = 0;
    if (::waitpid(pid_, &raw, 0) != pid_) return false;
    status_ = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
    pid_ = -1;
    return true;
  }

  void End() {
    ::kill(-pid_, SIGTERM);
    const steady_clock::time_point deadline = steady_clock::now() + kGrace;
    while (!Reap() && steady_clock::now() < deadline) std::this_thread::sleep_for(milliseconds(20));
    if (pid_ > 0) ::kill(-pid_, SIGKILL);
    while (!Reap()) std::this_thread::sleep_for(milliseconds(20));
  }

  [[nodiscard]] int status() const { return status_; }

 private:
  pid_t pid_ = -1;
  int status_ = 0;
};

int Process::Start(const ProgramCall& call, int output) {
  std::vector<std::string> argv = call.argv;
  std::vector<std::string> environment = Environment(call);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  if (posix_spawn_file_actions_init(&actions) != 0) return ENOMEM;
  if (posix_spawnattr_init(&attributes) != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return ENOMEM;
  }
  sigset_t none;
  sigemptyset(&none);
  int error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (error == 0) error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  if (error == 0) error = posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  if (error == 0 && !call.folder.empty()) {
    error = posix_spawn_file_actions_addchdir_np(&actions, call.folder.c_str());
  }
  // A group of its own, so that Ctrl-C reaches us alone and we end the whole group; and no signal
  // blocked only because the thread that starts it blocks it.
  if (error == 0) error = posix_spawnattr_setpgroup(&attributes, 0);
  if (error == 0) error = posix_spawnattr_setsigmask(&attributes, &none);
  if (error == 0) {
    error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  }
  if (error == 0) {
    error = posix_spawnp(&pid_, argv.front().c_str(), &actions, &attributes, Pointers(argv).data(),
                         Pointers(environment).data());
    if (error != 0) pid_ = -1;
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

// Waits a tick at most for something to read, and adds it. False when there was nothing.
bool ReadSome(int fd, milliseconds wait, std::string& output) {
  pollfd entry{fd, POLLIN, 0};
  if (::poll(&entry, 1, static_cast<int>(wait.count())) <= 0) return false;
  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(fd, buffer.data(), buffer.size());
  if (count <= 0) {
    // Every writer has closed, yet the program may run on: do not spin until it ends.
    std::this_thread::sleep_for(std::min(wait, milliseconds(10)));
    return false;
  }
  output.append(buffer.data(), static_cast<std::size_t>(count));
  if (output.size() > 2 * kMaxOutput) output.erase(0, output.size() - kMaxOutput);
  return true;
}

}  // namespace

ProgramEnd RunProgram(const ProgramCall& call) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) ThrowIo("run", call.argv.front(), errno);
  const UniqueFd from(ends[0]);
  UniqueFd to(ends[1]);
  Process process;
  const int error = process.Start(call, to.get());
  to.Reset();
  ProgramEnd end;
  if (error == ENOENT || error == ENOTDIR) {
    end.kind = ProgramEnd::Kind::kNotFound;
    return end;
  }
  if (error != 0) ThrowIo("run", call.argv.front(), error);
  const steady_clock::time_point start = steady_clock::now();
  while (!process.Reap()) {
    (void)ReadSome(from.get(), kTick, end.output);
    const bool late = call.timeout.count() > 0 && steady_clock::now() - start > call.timeout;
    if (late || call.stop.stop_requested()) {
      process.End();
      end.kind = late ? ProgramEnd::Kind::kTimedOut : ProgramEnd::Kind::kStopped;
      break;
    }
    if (call.on_tick) call.on_tick();
  }
  while (ReadSome(from.get(), milliseconds(0), end.output)) {
  }
  end.status = process.status();
  if (end.output.size() > kMaxOutput) end.output.erase(0, end.output.size() - kMaxOutput);
  return end;
}

}  // namespace emostage::model_store
