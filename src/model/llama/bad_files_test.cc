// Every file that cannot serve is refused in one line, and the program lives on.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "emostage/error.h"
#include "model/llama/testing.h"

namespace emostage {
namespace {

using ::testing::HasSubstr;

std::string Refusal(const std::filesystem::path& path, const std::string& chat_template = "") {
  LlamaOptions options = testing::SmallOptions();
  options.chat_template = chat_template;
  try {
    (void)LoadLlamaModel(path.string(), options);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel) << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  }
  return "(accepted)";
}

class BadFilesTest : public ::testing::Test {
 protected:
  std::filesystem::path Write(const std::string& content) {
    const std::filesystem::path path = folder_.path() / "model.gguf";
    WriteFileAtomically(path, content);
    return path;
  }
  testing::TemporaryFolder folder_;
};

TEST_F(BadFilesTest, WhatIsNoModelFile) {
  EXPECT_THAT(Refusal(folder_.path() / "none.gguf"), HasSubstr("cannot be read"));
  EXPECT_THAT(Refusal(folder_.path()), HasSubstr("is a folder"));
  EXPECT_THAT(Refusal(Write("")), HasSubstr("is empty"));
  EXPECT_THAT(Refusal(Write("GGU")), HasSubstr("not a GGUF file"));
  EXPECT_THAT(Refusal(Write("this is a text file\n")), HasSubstr("not a GGUF file"));
  EXPECT_THAT(Refusal(Write("GGUF")), HasSubstr("cannot be loaded"));
}

TEST_F(BadFilesTest, TruncatedOrDamagedModel) {
  const std::string whole = ReadFile(testing::TinyModel());
  EXPECT_THAT(Refusal(Write(whole.substr(0, 24))), HasSubstr("cannot be loaded"));
  EXPECT_THAT(Refusal(Write(whole.substr(0, whole.size() / 4))), HasSubstr("cannot be loaded"));
  EXPECT_THAT(Refusal(Write(whole.substr(0, whole.size() - 1000))), HasSubstr("cannot be loaded"));
  std::string damaged = whole.substr(0, 65536);
  damaged[4] = 99;  // the format's version
  EXPECT_THAT(Refusal(Write(damaged)), HasSubstr("cannot be loaded"));
  damaged = whole.substr(0, 65536);
  damaged.replace(8, 16, 16, '\xff');  // the numbers of tensors and keys
  EXPECT_THAT(Refusal(Write(damaged)), HasSubstr("cannot be loaded"));
}

TEST_F(BadFilesTest, TruncatedStarterModel) {
  if (!std::filesystem::is_regular_file(testing::StarterModel())) GTEST_SKIP() << "not here";
  EXPECT_THAT(Refusal(Write(ReadFile(testing::StarterModel()).substr(0, 20'000'000))),
              HasSubstr("cannot be loaded"));
}

TEST_F(BadFilesTest, UnknownArchitecture) {
  EXPECT_THAT(Refusal(testing::TinyModel("qwen2", "--arch nonsense")), HasSubstr("nonsense"));
}

TEST_F(BadFilesTest, VocabularyAlone) {
  EXPECT_THAT(Refusal(testing::VocabularyFile("qwen2")), HasSubstr("cannot be loaded"));
  EXPECT_NE(Refusal(testing::VocabularyFile("bert-bge")), "(accepted)");
}

TEST_F(BadFilesTest, WithoutChatTemplateOneMustBeGiven) {
  const std::filesystem::path path = testing::TinyModel("qwen2", "--no-template");
  EXPECT_THAT(Refusal(path), HasSubstr("carries no chat template"));
  EXPECT_EQ(Refusal(path, "chatml"), "(accepted)");
  EXPECT_THAT(Refusal(path, "{% if"), HasSubstr("chat template"));
}

}  // namespace
}  // namespace emostage
