#include "model/store/test_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "emostage/error.h"
#include "model/store/pull.h"
#include "model/store/sha256.h"

namespace emostage::model_store {
namespace {

TestRequest ParseRequest(const std::string& head) {
  TestRequest request;
  std::istringstream lines(head);
  std::string line;
  std::getline(lines, line);
  std::istringstream(line) >> line >> request.target;
  while (std::getline(lines, line) && line != "\r") {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    std::string name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    request.headers[name] = line.substr(colon + 2, line.find('\r') - colon - 2);
  }
  return request;
}

}  // namespace

bool TestConnection::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool TestConnection::SendHead(int status, const std::vector<std::string>& headers) const {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " Status\r\nConnection: close\r\n";
  for (const std::string& header : headers) head += header + "\r\n";
  return Send(head + "\r\n");
}

TestServer::TestServer(Handler handler) : handler_(std::move(handler)) {
  // A proxy that the environment names must not come between.
  ::setenv("no_proxy", "127.0.0.1", 1);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, generic, size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, generic, &size) != 0) {
    throw std::runtime_error("the test server cannot listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { Accept(); });
}

TestServer::~TestServer() {
  closing_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  workers_.clear();
  ::close(listener_);
}

void TestServer::Accept() {
  while (!closing_) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    workers_.emplace_back([this, fd] { Serve(fd); });
  }
}

void TestServer::Serve(int fd) {
  std::string head;
  std::array<char, 4096> buffer{};
  while (head.find("\r\n\r\n") == std::string::npos) {
    const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (count <= 0) break;
    head.append(buffer.data(), static_cast<std::size_t>(count));
  }
  const TestRequest request = ParseRequest(head);
  {
    const std::scoped_lock lock(mutex_);
    requests_.push_back(request);
  }
  handler_(request, TestConnection(fd));
  // An orderly end: what is still under way arrives before the connection is gone.
  ::shutdown(fd, SHUT_WR);
  ::close(fd);
}

std::string TestServer::Url(const std::string& target) const {
  return "http://127.0.0.1:" + std::to_string(port_) + target;
}

std::vector<TestRequest> TestServer::requests() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

void ServeWithRanges(const TestRequest& request, const TestConnection& connection,
                     std::string_view body, const std::string& validator,
                     const std::string& header) {
  constexpr std::string_view kPrefix = "bytes=";
  const std::string range = request.Header("range");
  const std::string if_range = request.Header("if-range");
  std::size_t from = 0;
  if (range.starts_with(kPrefix) && (if_range.empty() || if_range == validator)) {
    from = std::strtoull(range.c_str() + kPrefix.size(), nullptr, 10);
  }
  const std::string size = std::to_string(body.size());
  if (from > 0 && from >= body.size()) {
    connection.SendHead(416, {"Content-Range: bytes */" + size, "Content-Length: 0"});
    return;
  }
  std::vector<std::string> headers = {header + ": " + validator,
                                      "Content-Length: " + std::to_string(body.size() - from)};
  if (from > 0) {
    headers.push_back("Content-Range: bytes " + std::to_string(from) + "-" +
                      std::to_string(body.size() - 1) + "/" + size);
  }
  if (connection.SendHead(from > 0 ? 206 : 200, headers)) connection.Send(body.substr(from));
}

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "emostage-store-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> TempFolder::Names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string ModelBytes(std::size_t size) {
  std::string bytes = "GGUF";
  bytes.reserve(size);
  std::mt19937 random(20250131);  // NOLINT(bugprone-random-generator-seed): the same every time
  while (bytes.size() < size) bytes += static_cast<char>(random() & 0xffU);
  return bytes;
}

std::string HexSha256(std::string_view bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.HexDigest();
}

PullRequest PullFrom(const TestServer& server, const TempFolder& folder) {
  PullRequest request;
  request.url = server.Url("/m.gguf");
  request.destination = folder.path() / "m.gguf";
  request.backoff = std::chrono::milliseconds(1);
  return request;
}

Error ErrorOf(const PullRequest& request) {
  try {
    (void)PullModel(request);
  } catch (const Error& error) {
    return error;
  }
  throw std::logic_error("the pull succeeded");
}

}  // namespace emostage::model_store
