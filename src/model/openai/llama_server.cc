#include "model/openai/llama_server.h"

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
#include <future>
#include <stdexcept>
#include <thread>

#include "model/llama/testing.h"
#include "model/openai/http_loop.h"

namespace emostage::openai {
namespace {

int FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (fd < 0 || ::bind(fd, generic, size) != 0 || ::getsockname(fd, generic, &size) != 0) {
    throw std::runtime_error("no free port");
  }
  ::close(fd);
  return ntohs(address.sin_port);
}

bool IsReady(HttpLoop& loop, const std::string& url) {
  const auto status = std::make_shared<long>(0);
  const auto ended = std::make_shared<std::promise<long>>();
  HttpRequest request;
  request.url = url + "/health";
  request.timeouts.first_byte = std::chrono::milliseconds(2000);
  request.on_head = [status](const HttpHead& head) { *status = head.status; };
  request.on_end = [status, ended](HttpEnd, const std::string&) { ended->set_value(*status); };
  loop.Start(std::move(request));
  return ended->get_future().get() == 200;
}

}  // namespace

LlamaServer::LlamaServer(std::vector<std::string> options)
    : options_(std::move(options)), port_(FreePort()) {
  // A proxy that the environment names must not come between.
  ::setenv("no_proxy", "127.0.0.1", 1);
  Start();
}

LlamaServer::~LlamaServer() { Kill(); }

void LlamaServer::Kill() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

void LlamaServer::Start() {
  std::vector<std::string> words = {EMOSTAGE_LLAMA_SERVER,
                                    "--model",
                                    testing::StarterModel().string(),
                                    "--host",
                                    "127.0.0.1",
                                    "--port",
                                    std::to_string(port_),
                                    "--ctx-size",
                                    "8192",
                                    "--parallel",
                                    "1",
                                    "--threads",
                                    "2"};
  words.insert(words.end(), options_.begin(), options_.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nowhere = ::open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd) ::dup2(nowhere, fd);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  HttpLoop loop;
  for (int i = 0; i < 300; ++i) {
    if (IsReady(loop, Url())) return;
    if (::waitpid(process_, nullptr, WNOHANG) == process_) {
      process_ = -1;
      throw std::runtime_error("llama-server ended while it started");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  throw std::runtime_error("llama-server did not start in time");
}

void LlamaServerTest::SetUp() {
  for (const std::filesystem::path& file :
       {std::filesystem::path(EMOSTAGE_LLAMA_SERVER), testing::StarterModel()}) {
    if (std::filesystem::is_regular_file(file)) continue;
    const std::string why = "no " + file.string() +
                            "; get it with 'tools/llama.sh --server' or 'emostage models pull "
                            "smollm2-135m'";
    if (testing::ModelRequired()) FAIL() << why;
    GTEST_SKIP() << why;
  }
}

LlamaServer& LlamaServerTest::Server() {
  static LlamaServer server;
  return server;
}

OpenAiOptions LlamaServerTest::Options(const std::vector<const LlamaServer*>& servers) {
  OpenAiOptions options;
  for (const LlamaServer* server : servers) options.urls.push_back(server->Url());
  options.cool_down = std::chrono::milliseconds(200);
  return options;
}

}  // namespace emostage::openai
