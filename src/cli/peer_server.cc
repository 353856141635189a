#include "cli/peer_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <sstream>
#include <thread>
#include <utility>

#include "emostage/error.h"
#include "model/openai/http_loop.h"

namespace emostage {
namespace {

int FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (fd < 0 || ::bind(fd, generic, size) != 0 || ::getsockname(fd, generic, &size) != 0) {
    throw Error(ErrorCode::kNetwork, "there is no free port on 127.0.0.1");
  }
  ::close(fd);
  return ntohs(address.sin_port);
}

bool IsReady(openai::HttpLoop& loop, const std::string& url) {
  const auto status = std::make_shared<long>(0);
  const auto ended = std::make_shared<std::promise<long>>();
  openai::HttpRequest request;
  request.url = url + "/health";
  request.timeouts.first_byte = std::chrono::milliseconds(2000);
  request.on_head = [status](const openai::HttpHead& head) { *status = head.status; };
  request.on_end = [status, ended](openai::HttpEnd, const std::string&) {
    ended->set_value(*status);
  };
  loop.Start(std::move(request));
  return ended->get_future().get() == 200;
}

// In the child, between fork and exec: calls nothing that may take a lock.
[[noreturn]] void Become(char** words, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it died before that was said
  // Ctrl-C reaches every program of the terminal; when this one ends is for the parent to say.
  ::setpgid(0, 0);
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; ++fd) ::dup2(nowhere, fd);
  ::execv(words[0], words);
  ::_exit(127);
}

}  // namespace

std::string FindLlamaServer(const std::string& given) {
  const auto is_program = [](const std::string& path) {
    return std::filesystem::is_regular_file(path) && ::access(path.c_str(), X_OK) == 0;
  };
  const char* named = std::getenv("EMOSTAGE_LLAMA_SERVER");
  const std::string wanted = !given.empty() ? given : named != nullptr ? named : "";
  if (!wanted.empty()) {
    if (is_program(wanted)) return wanted;
    throw Error(ErrorCode::kUsage, wanted + " is no program", "give llama-server with --server");
  }
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string file = folder + "/llama-server";
    if (!folder.empty() && is_program(file)) return file;
  }
  throw Error(ErrorCode::kUsage, "there is no llama-server",
              "give it with --server or $EMOSTAGE_LLAMA_SERVER; 'tools/llama.sh --server' builds "
              "one");
}

PeerServer::PeerServer(const std::string& program, const std::vector<std::string>& options,
                       const std::stop_token& stop)
    : port_(FreePort()) {
  // A proxy that the environment names must not come between.
  ::setenv("no_proxy", "127.0.0.1", 1);
  std::vector<std::string> words = {program, "--host", "127.0.0.1", "--port",
                                    std::to_string(port_)};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ == 0) Become(arguments.data(), parent);
  if (process_ < 0) throw Error(ErrorCode::kInternal, "no further process can be started");
  openai::HttpLoop loop;
  constexpr auto kLongestStart = std::chrono::minutes(5);
  const auto begun = std::chrono::steady_clock::now();
  while (!IsReady(loop, url())) {
    const bool gone = ::waitpid(process_, nullptr, WNOHANG) == process_;
    if (gone) process_ = -1;
    const bool late = std::chrono::steady_clock::now() - begun > kLongestStart;
    if (gone || late || stop.stop_requested()) {
      End();
      if (stop.stop_requested()) throw Error(ErrorCode::kCancelled, "stopped");
      std::string command;
      for (const std::string& word : words) command += (command.empty() ? "" : " ") + word;
      throw Error(ErrorCode::kModel,
                  gone ? "llama-server ended while it started" : "llama-server did not get ready",
                  "run it by hand to see why: " + command);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

PeerServer::~PeerServer() { End(); }

void PeerServer::End() {
  if (process_ <= 0) return;
  // It keeps nothing, so there is nothing to wait for.
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

double PeerServer::ResidentMib() const {
  std::ifstream file("/proc/" + std::to_string(process_) + "/statm");
  double all = 0;
  double resident = 0;
  if (!(file >> all >> resident)) return 0;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

}  // namespace emostage
