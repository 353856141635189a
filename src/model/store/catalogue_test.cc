#include "model/store/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "emostage/error.h"
#include "model/store/sha256.h"

namespace emostage {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string Model(const std::string& name, const std::string& more = "",
                  const std::string& file = "m.gguf") {
  return "[[model]]\nname = \"" + name +
         "\"\nfamily = \"F\"\nparameters = \"1B\"\nlanguages = [\"en\", \"ja\"]\nfile = \"" + file +
         "\"\n" + more + "\n";
}

const std::string kSha(64, 'a');

std::string ProblemOf(const std::string& toml) {
  try {
    (void)ModelCatalogue::Parse(toml, "models.toml");
    return "none";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kKnowledge);
    return error.what();
  }
}

TEST(CatalogueTest, ReadsEveryField) {
  const ModelCatalogue catalogue = ModelCatalogue::Parse(
      Model("a-1b",
            "licence = \"L\"\nnote = \"N\"\nurl = \"https://example.org/m.gguf\"\nbytes = 7"
            "\nsha256 = \"" +
                std::string(64, 'A') + "\""),
      "models.toml");
  ASSERT_EQ(catalogue.entries().size(), 1U);
  const ModelEntry& entry = catalogue.entries()[0];
  EXPECT_EQ(entry.name, "a-1b");
  EXPECT_EQ(entry.family, "F");
  EXPECT_EQ(entry.parameters, "1B");
  EXPECT_THAT(entry.languages, ElementsAre("en", "ja"));
  EXPECT_EQ(entry.licence, "L");
  EXPECT_EQ(entry.note, "N");
  EXPECT_EQ(entry.file, "m.gguf");
  EXPECT_EQ(entry.url, "https://example.org/m.gguf");
  EXPECT_EQ(entry.sha256, kSha);  // lower case
  EXPECT_EQ(entry.bytes, 7U);
  EXPECT_FALSE(entry.wheel.has_value());
  EXPECT_TRUE(entry.HasSource());
}

TEST(CatalogueTest, ReadsAWheel) {
  const ModelCatalogue catalogue = ModelCatalogue::Parse(
      Model("a",
            "[model.wheel]\npackage = \"p\"\nversion = \"1\"\nmember = \"p/m.gguf\"\n"
            "sha256 = \"" +
                kSha + "\""),
      "models.toml");
  const ModelEntry& entry = catalogue.Get("a");
  ASSERT_TRUE(entry.wheel.has_value());
  EXPECT_EQ(entry.wheel->package, "p");
  EXPECT_EQ(entry.wheel->version, "1");
  EXPECT_EQ(entry.wheel->member, "p/m.gguf");
  EXPECT_EQ(entry.wheel->sha256, kSha);
  EXPECT_TRUE(entry.HasSource());
}

TEST(CatalogueTest, AnEntryWithoutAddressHasNoSource) {
  EXPECT_FALSE(ModelCatalogue::Parse(Model("a"), "f").Get("a").HasSource());
}

TEST(CatalogueTest, FaultsNameFileAndLine) {
  EXPECT_THAT(ProblemOf(Model("a", "colour = \"red\"")),
              AllOf(HasSubstr("models.toml:7:"), HasSubstr("'a'"), HasSubstr("'colour'")));
  EXPECT_THAT(ProblemOf("x = 1\n[[model"), HasSubstr("models.toml:2:"));
  EXPECT_THAT(ProblemOf(Model("a", "sha256 = \"12\"\nurl = \"https://example.org/m\"")),
              AllOf(HasSubstr("models.toml:7:"), HasSubstr("64 hexadecimal digits")));
}

TEST(CatalogueTest, RefusesWhatDoesNotHold) {
  EXPECT_THAT(ProblemOf(""), HasSubstr("[[model]]"));
  EXPECT_THAT(ProblemOf("model = [1]"), HasSubstr("tables"));
  EXPECT_THAT(ProblemOf("[[model]]\nfamily = \"F\""), HasSubstr("lacks 'name'"));
  EXPECT_THAT(ProblemOf("[[model]]\nname = 3"), HasSubstr("'name' must be a text"));
  EXPECT_THAT(ProblemOf(Model("A B")), HasSubstr("'name' may hold"));
  EXPECT_THAT(ProblemOf(Model("a", "note = \"\"")), HasSubstr("'note' must be a text"));
  EXPECT_THAT(ProblemOf(Model("a", "bytes = 0")), HasSubstr("'bytes'"));
  EXPECT_THAT(ProblemOf(Model("a", "bytes = \"7\"")), HasSubstr("'bytes'"));
  EXPECT_THAT(ProblemOf(Model("a", "", "../m.gguf")), HasSubstr("plain file name"));
  EXPECT_THAT(ProblemOf(Model("a", "", ".m.gguf")), HasSubstr("plain file name"));
  EXPECT_THAT(ProblemOf(Model("a", "", "m.bin")), HasSubstr("plain file name"));
  EXPECT_THAT(ProblemOf(Model("a", "url = \"http://example.org/m\"")), HasSubstr("https://"));
  EXPECT_THAT(ProblemOf(Model("a", "url = \"https://u:p@example.org/m\"")),
              HasSubstr("holds a password"));
  EXPECT_THAT(ProblemOf(Model("a", "sha256 = \"" + kSha + "\"")), HasSubstr("needs the 'url'"));
  EXPECT_THAT(ProblemOf(Model("a", "wheel = 1")), HasSubstr("'wheel' must be a table"));
  EXPECT_THAT(ProblemOf(Model("a", "[model.wheel]\npackage = \"p\"")),
              HasSubstr("lacks 'version'"));
}

TEST(CatalogueTest, HttpIsAllowedOnThisMachine) {
  EXPECT_EQ(ProblemOf(Model("a", "url = \"http://127.0.0.1:80/m\"")), "none");
}

TEST(CatalogueTest, AModelHasOneSource) {
  EXPECT_THAT(ProblemOf(Model("a",
                              "url = \"https://example.org/m\"\n[model.wheel]\npackage = \"p\""
                              "\nversion = \"1\"\nmember = \"m\"\nsha256 = \"" +
                                  kSha + "\"")),
              HasSubstr("not from both"));
}

TEST(CatalogueTest, NamesAndFilesAreUnique) {
  EXPECT_THAT(ProblemOf(Model("a", "", "1.gguf") + Model("a", "", "2.gguf")),
              HasSubstr("two models called 'a'"));
  EXPECT_THAT(ProblemOf(Model("a") + Model("b")), HasSubstr("two models would be stored"));
}

TEST(CatalogueTest, FindsNamesWithoutRegardToCase) {
  const ModelCatalogue catalogue = ModelCatalogue::Parse(Model("qwen3-4b"), "f");
  ASSERT_NE(catalogue.Find("Qwen3-4B"), nullptr);
  EXPECT_EQ(catalogue.Find("Qwen3-4B"), &catalogue.Get("QWEN3-4B"));
  EXPECT_EQ(catalogue.Find("qwen3"), nullptr);
}

TEST(CatalogueTest, SuggestsTheNearestName) {
  const ModelCatalogue catalogue =
      ModelCatalogue::Parse(Model("qwen3-4b", "", "1.gguf") + Model("qwen3-0.6b", "", "2.gguf") +
                                Model("llama-3.1-swallow-8b", "", "3.gguf"),
                            "f");
  EXPECT_EQ(catalogue.Nearest("qwen-4b"), "qwen3-4b");
  EXPECT_EQ(catalogue.Nearest("Qwen3-06b"), "qwen3-0.6b");
  EXPECT_EQ(catalogue.Nearest("swallow"), "llama-3.1-swallow-8b");
  EXPECT_EQ(catalogue.Nearest("mistral-7b-instruct"), "");
  EXPECT_EQ(catalogue.Nearest(std::string(100000, 'a')), "");
  EXPECT_EQ(catalogue.Nearest(""), "");
  try {
    (void)catalogue.Get("qwen4-4b");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_STREQ(error.what(), "there is no model called 'qwen4-4b'; did you mean 'qwen3-4b'?");
  }
}

TEST(CatalogueTest, TheOwnCatalogueIsInOrder) {
  const std::filesystem::path path =
      std::filesystem::path(EMOSTAGE_SOURCE_DIR) / "data" / "models.toml";
  const ModelCatalogue catalogue = ModelCatalogue::Parse(ReadFile(path), "data/models.toml");
  EXPECT_GE(catalogue.entries().size(), 11U);
  const ModelEntry& starter = catalogue.Get("smollm2-135m");
  ASSERT_TRUE(starter.wheel.has_value());
  EXPECT_EQ(starter.bytes, 98362432U);
  EXPECT_EQ(starter.licence, "Apache-2.0");
  for (const ModelEntry& entry : catalogue.entries()) {
    // What is pulled from the net by name is pulled with a checksum.
    EXPECT_EQ(entry.url.empty(), entry.sha256.empty()) << entry.name;
    EXPECT_TRUE(entry.url.empty() || entry.url.ends_with("/" + entry.file)) << entry.name;
  }
}

}  // namespace
}  // namespace emostage
