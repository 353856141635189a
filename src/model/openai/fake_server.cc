#include "model/openai/fake_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace emostage::openai {
namespace {

FakeRequest ParseHead(const std::string& head) {
  FakeRequest request;
  std::istringstream lines(head);
  std::string line;
  std::getline(lines, line);
  std::istringstream(line) >> request.method >> request.target;
  while (std::getline(lines, line) && line != "\r") {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    std::string name = line.substr(0, colon);
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    request.headers[name] = line.substr(colon + 2, line.find('\r') - colon - 2);
  }
  return request;
}

}  // namespace

std::string FakeRequest::Said() const {
  std::string said;
  if (!body.is_object() || !body.contains("messages")) return said;
  for (const Json& message : body["messages"]) {
    if (message["role"] == "user") said = message["content"].get<std::string>();
  }
  return said;
}

std::string FakeRequest::Begun() const {
  if (!body.is_object() || !body.contains("messages")) return {};
  const Json& last = body["messages"].back();
  return last["role"] == "assistant" ? last["content"].get<std::string>() : "";
}

bool FakeConnection::Send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool FakeConnection::SendHead(int status, const std::vector<std::string>& headers) const {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " Status\r\nConnection: close\r\n";
  for (const std::string& header : headers) head += header + "\r\n";
  return Send(head + "\r\n");
}

void FakeConnection::SendJson(int status, const Json& json) const {
  const std::string body = json.dump();
  if (SendHead(status, {"Content-Type: application/json",
                        "Content-Length: " + std::to_string(body.size())})) {
    Send(body);
  }
}

void FakeConnection::BeginStream() const { SendHead(200, {"Content-Type: text/event-stream"}); }

bool FakeConnection::SendWords(std::string_view words) const {
  const Json event = {{"choices", {{{"index", 0}, {"delta", {{"content", words}}}}}}};
  return Send("data: " + event.dump() + "\n\n");
}

void FakeConnection::EndStream(const std::string& reason) const {
  const Json end = {
      {"choices", {{{"index", 0}, {"delta", Json::object()}, {"finish_reason", reason}}}}};
  const Json usage = {{"choices", Json::array()},
                      {"usage",
                       {{"prompt_tokens", 20},
                        {"completion_tokens", 5},
                        {"prompt_tokens_details", {{"cached_tokens", 12}}}}}};
  Send("data: " + end.dump() + "\n\ndata: " + usage.dump() + "\n\ndata: [DONE]\n\n");
}

void FakeConnection::Answer(const FakeRequest& request, const std::string& words) const {
  if (request.body.value("stream", false)) {
    BeginStream();
    SendWords(words);
    EndStream();
    return;
  }
  SendJson(
      200,
      {{"choices",
        {{{"message", {{"role", "assistant"}, {"content", words}}}, {"finish_reason", "stop"}}}},
       {"usage", {{"prompt_tokens", 20}, {"completion_tokens", 5}}}});
}

bool FakeConnection::HungUp(std::chrono::milliseconds within) const {
  pollfd waiting{fd_, POLLIN | POLLRDHUP, 0};
  if (::poll(&waiting, 1, static_cast<int>(within.count())) <= 0) return false;
  char byte = 0;
  return ::recv(fd_, &byte, 1, MSG_DONTWAIT) <= 0;
}

FakeServer::FakeServer(Handler chat, Manner manner)
    : chat_(std::move(chat)), manner_(std::move(manner)) {
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
    throw std::runtime_error("the fake server cannot listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { Accept(); });
}

FakeServer::~FakeServer() {
  closing_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  workers_.clear();
  ::close(listener_);
}

std::vector<FakeRequest> FakeServer::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void FakeServer::SetBefore(std::function<bool(const FakeRequest&, const FakeConnection&)> before) {
  const std::lock_guard lock(mutex_);
  before_ = std::move(before);
}

void FakeServer::Accept() {
  while (!closing_) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) workers_.emplace_back([this, fd] { Serve(fd); });
  }
}

void FakeServer::Serve(int fd) {
  std::string bytes;
  std::array<char, 4096> buffer{};
  std::size_t wanted = std::string::npos;
  FakeRequest request;
  while (bytes.size() < wanted) {
    const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (count <= 0) break;
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string::npos || wanted != std::string::npos) continue;
    request = ParseHead(bytes);
    const auto length = request.headers.find("content-length");
    wanted = end + 4;
    if (length != request.headers.end()) wanted += std::stoul(length->second);
  }
  if (wanted != std::string::npos) {
    const std::string body = bytes.substr(bytes.find("\r\n\r\n") + 4);
    if (!body.empty()) request.body = Json::parse(body, nullptr, false);
    Respond(request, FakeConnection(fd));
  }
  ::shutdown(fd, SHUT_WR);
  ::close(fd);
}

void FakeServer::Respond(const FakeRequest& request, const FakeConnection& connection) {
  std::function<bool(const FakeRequest&, const FakeConnection&)> before;
  {
    const std::lock_guard lock(mutex_);
    before = before_;
  }
  if (before && before(request, connection)) return;
  if (request.target == "/v1/models") {
    return connection.SendJson(200, {{"object", "list"},
                                     {"data",
                                      {{{"id", "kind-model"}, {"owned_by", manner_.owner}},
                                       {{"id", "other-model"}, {"owned_by", manner_.owner}}}}});
  }
  if (request.target == "/v1/embeddings" && manner_.embeddings) {
    return connection.SendJson(200, {{"data", {{{"embedding", {3.0, 4.0}}}}}});
  }
  if (request.target != "/v1/chat/completions") {
    return connection.SendJson(404, {{"error", {{"type", "not_found"}}}});
  }
  if (AnswerProbe(request, connection)) return;
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(request);
  }
  chat_(request, connection);
}

bool FakeServer::AnswerProbe(const FakeRequest& request, const FakeConnection& connection) const {
  const std::string said = request.Said();
  if (said == "Say hello.") {
    connection.Answer(request, manner_.schema ? R"({"word": "blue"})" : "Hello!");
  } else if (said.starts_with("Say the alphabet")) {
    connection.Answer(request, manner_.prefill ? " G H I J" : "Here is the alphabet");
  } else if (said == "Say yes." && request.body.contains("prompt_logprobs")) {
    connection.SendJson(200, {{"choices", Json::array()}, {"prompt_logprobs", Json::array()}});
  } else if (said == "Say yes.") {
    Json answer = {{"choices", {{{"message", {{"content", "Yes"}}}, {"finish_reason", "stop"}}}}};
    if (manner_.log_probs && request.body.contains("logprobs")) {
      Json top = Json::array();
      for (const char* token : {"Yes", "No"}) top.push_back({{"token", token}, {"logprob", -1}});
      answer["choices"][0]["logprobs"] = {{"content", {{{"token", "Yes"}, {"top_logprobs", top}}}}};
    }
    connection.SendJson(200, answer);
  } else {
    return false;
  }
  return true;
}

}  // namespace emostage::openai
