#ifndef EMOSTAGE_MODEL_LLAMA_TESTING_H_
#define EMOSTAGE_MODEL_LLAMA_TESTING_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <llama.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "model/llama/llama_model.h"
#include "model/llama/quiet.h"
#include "model/llama/vocabulary.h"
#include "model/store/paths.h"

// Models for tests. Link emostage_model_testing.
namespace emostage::testing {

// The starter model: real weights, small enough for a test. $EMOSTAGE_TEST_MODEL names another.
[[nodiscard]] inline std::filesystem::path StarterModel() {
  const char* wanted = std::getenv("EMOSTAGE_TEST_MODEL");
  if (wanted != nullptr && *wanted != '\0') return wanted;
  return ModelsFolder() / "SmolLM2-135M-Instruct.Q4_1.gguf";
}

[[nodiscard]] inline bool ModelRequired() {
  const char* required = std::getenv("EMOSTAGE_REQUIRE_MODEL");
  return required != nullptr && std::string(required) == "1";
}

// One of the vocabularies in llama.cpp's source tree, e.g. "qwen2".
[[nodiscard]] inline std::filesystem::path VocabularyFile(const std::string& name) {
  return std::filesystem::path(EMOSTAGE_VOCABULARIES) / ("ggml-vocab-" + name + ".gguf");
}

// A random model of shape `tiny`, a few MiB, in the build folder; made by bench/make_model when it
// is missing or older than the program. Test programs may run side by side: the file appears whole.
[[nodiscard]] inline std::filesystem::path TinyModel(const std::string& vocabulary = "qwen2",
                                                     const std::string& options = "") {
  namespace fs = std::filesystem;
  const fs::path program = EMOSTAGE_MAKE_MODEL;
  const fs::path folder = fs::path(EMOSTAGE_BUILD_DIR) / "test-models";
  std::string name = "tiny-" + vocabulary;
  for (const char c : options) {
    if (c != ' ') name += c;
  }
  const fs::path path = folder / (name + ".gguf");
  std::error_code error;
  const fs::file_time_type made = fs::last_write_time(path, error);
  if (!error && made >= fs::last_write_time(program)) return path;
  fs::create_directories(folder);
  const std::string command = "'" + program.string() + "' '" + VocabularyFile(vocabulary).string() +
                              "' '" + path.string() + "' tiny q8_0 " + options + " >/dev/null";
  if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
  return path;
}

// A vocabulary without a model behind it.
class VocabularyOnly {
 public:
  explicit VocabularyOnly(const std::string& name = "qwen2") {
    const QuietLlama quiet;
    llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    model_ = llama_model_load_from_file(VocabularyFile(name).c_str(), params);
    if (model_ == nullptr) throw std::runtime_error("no vocabulary " + name);
  }
  VocabularyOnly(const VocabularyOnly&) = delete;
  VocabularyOnly& operator=(const VocabularyOnly&) = delete;
  ~VocabularyOnly() { llama_model_free(model_); }
  [[nodiscard]] TokenVocabulary get() const {
    return TokenVocabulary(llama_model_get_vocab(model_));
  }

 private:
  llama_model* model_ = nullptr;
};

// A folder for one test, gone with it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "emostage-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// What is written to stderr from now on goes into a file, until this object is gone.
class CapturedStderr {
 public:
  CapturedStderr() : own_(dup(STDERR_FILENO)) {
    std::fflush(stderr);
    const int file = open(path().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (own_ < 0 || file < 0) throw std::runtime_error("stderr cannot be captured");
    dup2(file, STDERR_FILENO);
    close(file);
  }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;
  ~CapturedStderr() {
    dup2(own_, STDERR_FILENO);
    close(own_);
  }
  [[nodiscard]] std::string Text() const {
    std::fflush(stderr);
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  [[nodiscard]] std::string path() const { return (folder_.path() / "stderr").string(); }

  TemporaryFolder folder_;
  int own_;
};

// Options that keep a test small.
[[nodiscard]] inline LlamaOptions SmallOptions() {
  LlamaOptions options;
  options.context_tokens = 2048;
#ifdef __SANITIZE_THREAD__
  // llama.cpp is not instrumented: how its own threads wait for each other is not seen, and would
  // be reported as a race.
  options.threads = 1;
#else
  options.threads = 2;
#endif
  return options;
}

// A dialogue of `turns` messages that ends with the client where `turns` is odd.
[[nodiscard]] inline std::vector<Message> Talk(int turns) {
  const std::vector<std::string> words = {
      "I could not sleep again last night.", "What went through your mind?",
      "My exam, and my mother, who calls every day.", "That sounds like a lot to carry.",
      "I feel that I let everyone down."};
  std::vector<Message> messages;
  for (int i = 0; i < turns; ++i) {
    const auto word = static_cast<size_t>(i) % words.size();
    messages.push_back({i % 2 == 0 ? Speaker::kClient : Speaker::kCounsellor,
                        words[word] + " (" + std::to_string(i) + ")"});
  }
  return messages;
}

// A question about a dialogue, answered greedily in few tokens.
[[nodiscard]] inline Ask Question(std::vector<Message> messages, std::string instruction = "") {
  Ask ask;
  ask.system = "You are a kind listener. You answer in one short sentence and give no advice.";
  ask.messages = std::move(messages);
  ask.instruction = std::move(instruction);
  ask.sampling.max_tokens = 12;
  return ask;
}

// Runs each of its tests on the random model ("tiny") and on the real one ("starter"). Without the
// latter its half is skipped; $EMOSTAGE_REQUIRE_MODEL=1 makes that a failure.
class ModelTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (is_tiny()) {
      path_ = TinyModel();
      return;
    }
    path_ = StarterModel();
    if (std::filesystem::is_regular_file(path_)) return;
    const std::string why = "no model at " + path_.string() +
                            "; get it with 'emostage models pull smollm2-135m', or set "
                            "EMOSTAGE_TEST_MODEL to a chat model's GGUF file";
    if (ModelRequired()) FAIL() << why;
    GTEST_SKIP() << why;
  }

  [[nodiscard]] bool is_tiny() const { return std::string(GetParam()) == "tiny"; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::shared_ptr<Model> Load(const LlamaOptions& options = SmallOptions()) const {
    return LoadLlamaModel(path_.string(), options);
  }

 private:
  std::filesystem::path path_;
};

#define EMOSTAGE_ON_BOTH_MODELS(suite)                     \
  INSTANTIATE_TEST_SUITE_P(                                \
      Models, suite, ::testing::Values("tiny", "starter"), \
      [](const ::testing::TestParamInfo<const char*>& model) { return std::string(model.param); })

}  // namespace emostage::testing

#endif  // EMOSTAGE_MODEL_LLAMA_TESTING_H_
