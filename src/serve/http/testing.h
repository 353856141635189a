#ifndef EMOSTAGE_SERVE_HTTP_TESTING_H_
#define EMOSTAGE_SERVE_HTTP_TESTING_H_

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "serve/http/server.h"

// A client for tests that can do what no decent client does. Everything that waits gives up after
// some seconds and fails the test.
namespace emostage {

struct HttpAnswer {
  int status = 0;                              // 0: none came
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class Client {
 public:
  explicit Client(int port, int receive_buffer = 0);
  ~Client();
  Client(Client&& other) noexcept;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool Send(std::string_view bytes) const;  // false: the other side is gone
  // One more answer; chunks are joined. `head_only`: as HEAD is answered.
  [[nodiscard]] HttpAnswer Receive(bool head_only = false);
  // Reads until these bytes have come, and returns all up to and with them; all there was where the
  // connection ends before.
  [[nodiscard]] std::string ReadUntil(std::string_view mark);
  [[nodiscard]] std::string ReadToEnd();
  // Whether the other side has closed the connection; waits for it.
  [[nodiscard]] bool AtEnd();

  void HalfClose() const;
  void Close();
  void Reset();  // closes without an orderly end

  [[nodiscard]] int fd() const { return fd_; }

 private:
  bool Fill();  // reads some more; false at the end

  int fd_ = -1;
  std::string in_;
};

// "GET PATH HTTP/1.1" with a host, and these further lines.
[[nodiscard]] std::string Get(std::string_view path, std::string_view more = "");
[[nodiscard]] std::string Post(std::string_view path, std::string_view body);
// A request on a connection of its own.
[[nodiscard]] HttpAnswer Ask(int port, const std::string& request);

// Whether `condition` comes true before the test must fail.
[[nodiscard]] bool Eventually(const std::function<bool()>& condition);

// On a free port, with short times.
[[nodiscard]] HttpOptions Quick();

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_HTTP_TESTING_H_
