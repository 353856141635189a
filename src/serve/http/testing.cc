#include "serve/http/testing.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <thread>
#include <utility>

namespace emostage {
namespace {

constexpr std::chrono::seconds kPatience(20);

bool Ready(int fd, short events) {
  pollfd waiting{fd, events, 0};
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(kPatience).count();
  if (poll(&waiting, 1, static_cast<int>(patience)) > 0) return true;
  ADD_FAILURE() << "nothing happens on the connection";
  return false;
}

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

Client::Client(int port, int receive_buffer) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
  if (receive_buffer > 0) {
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) Close();
}

Client::~Client() { Close(); }

Client::Client(Client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), in_(std::move(other.in_)) {}

bool Client::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    if (!Ready(fd_, POLLOUT)) return false;
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EAGAIN) continue;
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Client::Fill() {
  std::array<char, 16384> buffer{};
  if (fd_ < 0 || !Ready(fd_, POLLIN)) return false;
  const ssize_t size = recv(fd_, buffer.data(), buffer.size(), 0);
  if (size <= 0) return false;
  in_.append(buffer.data(), static_cast<std::size_t>(size));
  return true;
}

std::string Client::ReadUntil(std::string_view mark) {
  std::size_t at = 0;
  while ((at = in_.find(mark)) == std::string::npos) {
    if (!Fill()) return std::exchange(in_, {});
  }
  std::string read = in_.substr(0, at + mark.size());
  in_.erase(0, read.size());
  return read;
}

std::string Client::ReadToEnd() {
  while (Fill()) {
  }
  return std::exchange(in_, {});
}

bool Client::AtEnd() { return in_.empty() && !Fill() && in_.empty(); }

HttpAnswer Client::Receive(bool head_only) {
  HttpAnswer answer;
  const std::string head = ReadUntil("\r\n\r\n");
  if (!head.starts_with("HTTP/1.1 ")) return answer;
  answer.status = std::stoi(head.substr(9, 3));
  for (std::size_t begin = head.find("\r\n") + 2; begin < head.size();) {
    const std::size_t end = head.find("\r\n", begin);
    const std::string line = head.substr(begin, end - begin);
    begin = end + 2;
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) {
      answer.headers[Lower(line.substr(0, colon))] = line.substr(colon + 2);
    }
  }
  if (head_only || answer.status == 100 || answer.status == 204) return answer;
  if (answer.headers.contains("content-length")) {
    const std::size_t size = std::stoul(answer.headers["content-length"]);
    while (in_.size() < size && Fill()) {
    }
    answer.body = in_.substr(0, size);
    in_.erase(0, size);
  } else if (answer.headers.contains("transfer-encoding")) {
    for (;;) {
      const std::string line = ReadUntil("\r\n");
      if (line.empty() || line == "\r\n") break;
      const std::size_t size = std::stoul(line, nullptr, 16);
      while (in_.size() < size + 2 && Fill()) {
      }
      answer.body += in_.substr(0, size);
      in_.erase(0, size + 2);
      if (size == 0) break;
    }
  } else {
    answer.body = ReadToEnd();
  }
  return answer;
}

void Client::HalfClose() const { shutdown(fd_, SHUT_WR); }

void Client::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

void Client::Reset() {
  const linger at_once{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  Close();
}

std::string Get(std::string_view path, std::string_view more) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" + std::string(more) + "\r\n";
}

std::string Post(std::string_view path, std::string_view body) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

HttpAnswer Ask(int port, const std::string& request) {
  Client client(port);
  EXPECT_TRUE(client.Send(request));
  return client.Receive();
}

bool Eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

HttpOptions Quick() {
  HttpOptions options;
  options.port = 0;
  options.workers = 4;
  options.error_body = [](int status, std::string_view what) {
    return "{\"status\":" + std::to_string(status) + ",\"what\":\"" + std::string(what) + "\"}";
  };
  return options;
}

}  // namespace emostage
