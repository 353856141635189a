#ifndef EMOSTAGE_MODEL_OPENAI_LLAMA_SERVER_H_
#define EMOSTAGE_MODEL_OPENAI_LLAMA_SERVER_H_

#include <gtest/gtest.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "model/openai/openai_model.h"

// A real llama-server for tests, of the same source as the engine in this process.
namespace emostage::openai {

// Runs on a free port of 127.0.0.1 with the starter model, or the one that `options` name, and ends
// with this object.
class LlamaServer {
 public:
  explicit LlamaServer(std::vector<std::string> options = {});
  ~LlamaServer();
  LlamaServer(const LlamaServer&) = delete;
  LlamaServer& operator=(const LlamaServer&) = delete;

  [[nodiscard]] std::string Url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // At once, without a word to anyone.
  void Kill();
  // On the same port; returns when it is ready.
  void Start();

 private:
  std::vector<std::string> options_;
  int port_ = 0;
  pid_t process_ = -1;
};

// Skips where there is no server or no model; $EMOSTAGE_REQUIRE_MODEL=1 makes that a failure.
class LlamaServerTest : public ::testing::Test {
 protected:
  void SetUp() override;
  // Shared by the tests of a program, started by the first.
  [[nodiscard]] static LlamaServer& Server();
  [[nodiscard]] static OpenAiOptions Options(const std::vector<const LlamaServer*>& servers);
  [[nodiscard]] static std::shared_ptr<Model> Connect() {
    return ConnectOpenAi(Options({&Server()}));
  }
};

}  // namespace emostage::openai

#endif  // EMOSTAGE_MODEL_OPENAI_LLAMA_SERVER_H_
