#include "model/llama/root_cache.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "model/llama/testing.h"

namespace emostage {
namespace {

using testing::Question;
using testing::SmallOptions;
using testing::Talk;

class RootCacheTest : public ::testing::Test {
 protected:
  RootCacheTest() {
    ask_ = Question(Talk(1), "Reply now.");
    for (int i = 0; i < 10; ++i) ask_.system += " Listen first, and ask one question at most.";
    ask_.sampling.max_tokens = 1;
  }
  [[nodiscard]] std::shared_ptr<Model> Load(bool chatml = false) const {
    LlamaOptions options = SmallOptions();
    options.root_folder = (folder_.path() / "roots").string();
    if (chatml) options.chat_template = "chatml";
    const std::filesystem::path path =
        chatml ? testing::TinyModel("qwen2", "--no-template") : testing::TinyModel();
    return LoadLlamaModel(path.string(), options);
  }
  [[nodiscard]] std::vector<std::filesystem::path> Files() const {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "roots")) {
      files.push_back(entry.path());
    }
    return files;
  }
  // Whether the system prompt of a first question was found read.
  [[nodiscard]] bool Found(Model& model) const {
    const Usage usage = model.Open()->complete(ask_).get().usage;
    return usage.reused_tokens >= model.CountTokens(ask_.system);
  }

  testing::TemporaryFolder folder_;
  Ask ask_;
};

TEST_F(RootCacheTest, SystemPromptReadOnceIsFoundByTheNextProcess) {
  const std::vector<float> fresh = QuestionLogits(*Load()->Open(), ask_);
  ASSERT_EQ(Files().size(), 1U);
  EXPECT_EQ(std::filesystem::status(Files()[0].parent_path()).permissions(),
            std::filesystem::perms::owner_all);
  const std::shared_ptr<Model> next = Load();
  EXPECT_EQ(QuestionLogits(*next->Open(), ask_), fresh);
  EXPECT_TRUE(Found(*Load()));
}

TEST_F(RootCacheTest, DamagedFileIsPassedOverAndReplaced) {
  EXPECT_FALSE(Found(*Load()));
  const std::filesystem::path path = Files().at(0);
  const std::string good = ReadFile(path);
  std::string flipped = good;
  flipped[good.size() / 2] ^= 1;
  for (const std::string& bad : {flipped, good.substr(0, good.size() - 1), good.substr(0, 100),
                                 good + "x", std::string(good.size(), '\0'), std::string()}) {
    WriteFileAtomically(path, bad);
    EXPECT_FALSE(Found(*Load()));
    EXPECT_EQ(ReadFile(path), good);
  }
}

TEST_F(RootCacheTest, OtherModelsStateIsNotTaken) {
  EXPECT_FALSE(Found(*Load()));
  EXPECT_FALSE(Found(*Load(true)));
  EXPECT_EQ(Files().size(), 2U);
}

TEST_F(RootCacheTest, ClientsWordsAreNeverWritten) {
  ask_.messages[0].text = "xylophone xylophone xylophone";
  const std::shared_ptr<Model> model = Load();
  (void)model->Open()->complete(ask_).get();
  std::string words;
  const testing::VocabularyOnly loaded;
  for (Token token : loaded.get().Tokenize(ask_.messages[0].text, false)) {
    words.append(reinterpret_cast<const char*>(&token), sizeof(token));
  }
  for (const auto& file : Files()) EXPECT_EQ(ReadFile(file).find(words), std::string::npos);
}

}  // namespace
}  // namespace emostage
