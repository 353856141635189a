#ifndef EMOSTAGE_MODEL_STORE_TEST_SERVER_H_
#define EMOSTAGE_MODEL_STORE_TEST_SERVER_H_

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "emostage/error.h"
#include "model/store/pull.h"

// Helpers for tests that pull from this machine.
namespace emostage::model_store {

struct TestRequest {
  std::string target;                          // "/model.gguf"
  std::map<std::string, std::string> headers;  // names in lower case

  [[nodiscard]] std::string Header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

// One connection, as the handler sees it: raw bytes, so that a test can break any rule of HTTP.
class TestConnection {
 public:
  explicit TestConnection(int fd) : fd_(fd) {}
  // False once the client has hung up.
  bool Send(std::string_view bytes) const;
  // Status line, headers ("A: b" each) and an empty line.
  bool SendHead(int status, const std::vector<std::string>& headers) const;

 private:
  int fd_;
};

// An HTTP server on a free port of 127.0.0.1. Each request is handed to the handler on a thread of
// its own, and the connection is closed when the handler returns.
class TestServer {
 public:
  using Handler = std::function<void(const TestRequest&, const TestConnection&)>;
  explicit TestServer(Handler handler);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  [[nodiscard]] std::string Url(const std::string& target) const;
  [[nodiscard]] std::vector<TestRequest> requests() const;

 private:
  void Accept();
  void Serve(int fd);

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> closing_ = false;
  mutable std::mutex mutex_;
  std::vector<TestRequest> requests_;
  std::vector<std::jthread> workers_;
  std::jthread acceptor_;
};

// Serves `body` with a validator and honours "Range: bytes=N-" with If-Range, as a good server
// does.
void ServeWithRanges(const TestRequest& request, const TestConnection& connection,
                     std::string_view body, const std::string& validator,
                     const std::string& header = "ETag");

// A folder that is gone when the test is over.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // The names of the files in it, sorted.
  [[nodiscard]] std::vector<std::string> Names() const;

 private:
  std::filesystem::path path_;
};

// Bytes that begin like a GGUF file and repeat nowhere, so that a piece in the wrong place shows.
[[nodiscard]] std::string ModelBytes(std::size_t size);

[[nodiscard]] std::string HexSha256(std::string_view bytes);

// A pull of SERVER/m.gguf to FOLDER/m.gguf that does not wait between tries.
[[nodiscard]] PullRequest PullFrom(const TestServer& server, const TempFolder& folder);

// The error that a pull ends in. Throws std::logic_error when it succeeds.
[[nodiscard]] Error ErrorOf(const PullRequest& request);

}  // namespace emostage::model_store

#endif  // EMOSTAGE_MODEL_STORE_TEST_SERVER_H_
