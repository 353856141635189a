#include "knowledge/embedded.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "emostage/error.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const fs::path kData = fs::path(EMOSTAGE_SOURCE_DIR) / "data";

TEST(Embedded, HoldsTheBytesOfTheFiles) {
  ASSERT_FALSE(EmbeddedFiles().empty());
  for (const EmbeddedEntry& entry : EmbeddedFiles()) {
    EXPECT_EQ(entry.text, ReadFile(kData / entry.path)) << entry.path;
  }
}

TEST(Embedded, HoldsEveryFileOfDataButTheReadme) {
  for (const fs::directory_entry& file : fs::recursive_directory_iterator(kData)) {
    const std::string name = file.path().filename().string();
    if (!file.is_regular_file() || name == "README.md" || name.ends_with('~')) continue;
    const std::string path = fs::relative(file.path(), kData).generic_string();
    if (path.starts_with("safety/cases/")) continue;  // they measure the program
    EXPECT_NO_THROW((void)EmbeddedFile(path)) << path;
  }
  EXPECT_THROW((void)EmbeddedFile("README.md"), Error);
}

TEST(Embedded, MissingFileIsNamed) {
  try {
    (void)EmbeddedFile("phases/none.toml");
    FAIL() << "should throw";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kKnowledge);
    EXPECT_STREQ(error.what(), "data/phases/none.toml is not built into this program");
  }
}

TEST(DataSource, ListsOneFolderSorted) {
  const DataSource built_in = DataSource::Open(kData);
  const auto phases = built_in.List("phases", ".toml");
  EXPECT_THAT(phases, ElementsAre("phases/cpsycoun.toml", "phases/esconv.toml",
                                  "phases/five-phase.toml", "phases/hill.toml"));
  EXPECT_THAT(built_in.List("nowhere", ".toml"), ElementsAre());
  EXPECT_THAT(built_in.List("demo", ".toml"), ElementsAre());
}

TEST(DataSource, FolderAndBuiltInFilesListTheSame) {
  const char* const set = std::getenv("EMOSTAGE_DATA");
  if (set != nullptr) GTEST_SKIP() << "EMOSTAGE_DATA is set";
  for (const char* folder : {"phases", "prompts"}) {
    EXPECT_EQ(DataSource::Open().List(folder, ".toml"),
              DataSource::Open(kData).List(folder, ".toml"));
  }
}

TEST(DataSource, EnvironmentNamesTheFolderAndAnArgumentGoesFirst) {
  const fs::path folder = fs::path(::testing::TempDir()) / "emostage_data_source";
  fs::create_directories(folder);
  WriteFileAtomically(folder / "needs.toml", "mine");
  ASSERT_EQ(setenv("EMOSTAGE_DATA", folder.c_str(), 1), 0);
  EXPECT_EQ(DataSource::Open().Read("needs.toml"), "mine");
  EXPECT_EQ(DataSource::Open().DisplayName("needs.toml"), (folder / "needs.toml").string());
  EXPECT_THAT(DataSource::Open(kData).Read("needs.toml"), HasSubstr("[[need]]"));
  ASSERT_EQ(setenv("EMOSTAGE_DATA", "", 1), 0);
  EXPECT_THAT(DataSource::Open().Read("needs.toml"), HasSubstr("[[need]]"));
  ASSERT_EQ(unsetenv("EMOSTAGE_DATA"), 0);
  fs::remove_all(folder);
}

TEST(DataSource, FolderThatDoesNotExistIsAnError) {
  try {
    (void)DataSource::Open(fs::path("no/such/folder"));
    FAIL() << "should throw";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kKnowledge);
    EXPECT_THAT(error.what(), HasSubstr("no/such/folder does not exist; "));
  }
}

TEST(DataSource, MissingFileInFolderIsAKnowledgeError) {
  const fs::path folder = fs::path(::testing::TempDir()) / "emostage_empty_data";
  fs::create_directories(folder);
  try {
    (void)DataSource::Open(folder).Read("needs.toml");
    FAIL() << "should throw";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kKnowledge);
    EXPECT_THAT(error.what(), HasSubstr("needs.toml"));
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace emostage
