#include "model/store/paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): setenv() is not in <cstdlib>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "emostage/error.h"
#include "model/store/record.h"
#include "model/store/test_server.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;
using model_store::TempFolder;
using testing::HasSubstr;
using testing::IsEmpty;

// Sets the three variables, and puts them back afterwards.
class PathsTest : public testing::Test {
 protected:
  PathsTest() {
    for (const std::string name : {"EMOSTAGE_CACHE", "XDG_CACHE_HOME", "HOME"}) {
      const char* value = std::getenv(name.c_str());
      old_[name] = value == nullptr ? std::nullopt : std::optional<std::string>(value);
      Set(name, std::nullopt);
    }
  }
  ~PathsTest() override {
    for (const auto& [name, value] : old_) Set(name, value);
  }

  static void Set(const std::string& name, const std::optional<std::string>& value) {
    if (value) {
      ::setenv(name.c_str(), value->c_str(), 1);
    } else {
      ::unsetenv(name.c_str());
    }
  }

 private:
  std::map<std::string, std::optional<std::string>> old_;
};

ModelCatalogue Catalogue() {
  return ModelCatalogue::Parse(
      "[[model]]\nname = \"qwen3-4b\"\nfamily = \"Q\"\nparameters = \"4B\"\nlanguages = [\"en\"]\n"
      "file = \"Qwen3-4B-Q4_K_M.gguf\"\n",
      "f");
}

std::string ProblemOf(std::string_view name, const fs::path& folder, ErrorCode code) {
  try {
    return ResolveModel(name, Catalogue(), folder).string();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    return error.what();
  }
}

TEST_F(PathsTest, TheCacheIsWhereTheEnvironmentSays) {
  Set("HOME", "/home/x");
  EXPECT_EQ(CacheRoot(), "/home/x/.cache/emostage");
  Set("XDG_CACHE_HOME", "relative");
  EXPECT_EQ(CacheRoot(), "/home/x/.cache/emostage");
  Set("XDG_CACHE_HOME", "/xdg");
  EXPECT_EQ(CacheRoot(), "/xdg/emostage");
  Set("EMOSTAGE_CACHE", "");
  EXPECT_EQ(CacheRoot(), "/xdg/emostage");
  Set("EMOSTAGE_CACHE", "/own");
  EXPECT_EQ(CacheRoot(), "/own");
  EXPECT_EQ(ModelsFolder(), "/own/models");
}

TEST_F(PathsTest, WithoutAnyVariableItSaysWhatToSet) {
  try {
    (void)CacheRoot();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kIo);
    EXPECT_THAT(error.what(), HasSubstr("set EMOSTAGE_CACHE"));
  }
}

TEST_F(PathsTest, AnExistingFileWins) {
  const TempFolder folder;
  const fs::path file = folder.path() / "any.bin";
  WriteFileAtomically(file, "x");
  EXPECT_EQ(ResolveModel(file.string(), Catalogue(), folder.path()), file);
}

TEST_F(PathsTest, ACatalogueNameMeansItsPulledFile) {
  const TempFolder folder;
  EXPECT_EQ(ProblemOf("Qwen3-4B", folder.path(), ErrorCode::kModel),
            "model 'qwen3-4b' is not on this machine; run: emostage models pull qwen3-4b");
  WriteFileAtomically(folder.path() / "Qwen3-4B-Q4_K_M.gguf", "x");
  EXPECT_EQ(ResolveModel("Qwen3-4B", Catalogue(), folder.path()),
            folder.path() / "Qwen3-4B-Q4_K_M.gguf");
}

TEST_F(PathsTest, AFileOfTheFolderIsFoundByItsName) {
  const TempFolder folder;
  WriteFileAtomically(folder.path() / "own.gguf", "x");
  EXPECT_EQ(ResolveModel("own", Catalogue(), folder.path()), folder.path() / "own.gguf");
  EXPECT_EQ(ResolveModel("own.gguf", Catalogue(), folder.path()), folder.path() / "own.gguf");
}

TEST_F(PathsTest, AFileOfTheFolderIsNotLeftThroughItsName) {
  const TempFolder folder;
  fs::create_directories(folder.path() / "models" / "sub");
  WriteFileAtomically(folder.path() / "secret.gguf", "x");
  for (const std::string name : {"../secret", "sub/../../secret"}) {
    EXPECT_THAT(ProblemOf(name, folder.path() / "models", ErrorCode::kUsage),
                HasSubstr("there is no model file " + name));
  }
}

TEST_F(PathsTest, AnythingElseIsAClearError) {
  const TempFolder folder;
  EXPECT_EQ(ProblemOf("qwen3-4", folder.path(), ErrorCode::kUsage),
            "there is no model called 'qwen3-4'; did you mean 'qwen3-4b'?");
  EXPECT_THAT(ProblemOf("./none.gguf", folder.path(), ErrorCode::kUsage),
              HasSubstr("there is no model file ./none.gguf"));
  EXPECT_THAT(ProblemOf("", folder.path(), ErrorCode::kUsage), HasSubstr("no model called ''"));
  EXPECT_THAT(ProblemOf(folder.path().string(), folder.path(), ErrorCode::kUsage),
              HasSubstr("there is no model file"));
}

TEST_F(PathsTest, ListsWhatIsInstalled) {
  const TempFolder folder;
  EXPECT_THAT(InstalledModels(Catalogue(), folder.path() / "none"), IsEmpty());
  WriteFileAtomically(folder.path() / "own.gguf", "12345");
  WriteFileAtomically(folder.path() / "Qwen3-4B-Q4_K_M.gguf", "123");
  WriteFileAtomically(folder.path() / "late.gguf.part", "1");
  WriteFileAtomically(folder.path() / "notes.txt", "1");
  fs::create_directory(folder.path() / "folder.gguf");
  model_store::WriteRecord(folder.path() / "Qwen3-4B-Q4_K_M.gguf",
                           {"https://example.org/q", std::string(64, 'b'), 3, "then", true});
  const std::vector<InstalledModel> models = InstalledModels(Catalogue(), folder.path());
  ASSERT_EQ(models.size(), 2U);
  EXPECT_EQ(models[0].name, "own");
  EXPECT_EQ(models[0].bytes, 5U);
  EXPECT_FALSE(models[0].in_catalogue);
  EXPECT_FALSE(models[0].verified);
  EXPECT_EQ(models[1].name, "qwen3-4b");
  EXPECT_EQ(models[1].path, folder.path() / "Qwen3-4B-Q4_K_M.gguf");
  EXPECT_TRUE(models[1].in_catalogue);
  EXPECT_TRUE(models[1].verified);
  EXPECT_EQ(models[1].sha256, std::string(64, 'b'));
}

TEST_F(PathsTest, ARecordOfAnotherSizeIsNotBelieved) {
  const TempFolder folder;
  WriteFileAtomically(folder.path() / "own.gguf", "12345");
  model_store::WriteRecord(folder.path() / "own.gguf", {"", std::string(64, 'b'), 4, "", true});
  const std::vector<InstalledModel> models = InstalledModels(Catalogue(), folder.path());
  ASSERT_EQ(models.size(), 1U);
  EXPECT_FALSE(models[0].verified);
  EXPECT_EQ(models[0].sha256, "");
}

}  // namespace
}  // namespace emostage
