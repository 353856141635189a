#include "method/leanings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "emostage/error.h"

namespace emostage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace fs = std::filesystem;

class LeaningsTest : public ::testing::Test {
 protected:
  LeaningsTest()
      : folder_(fs::path(::testing::TempDir()) / ("leanings" + std::to_string(getpid()))) {
    fs::remove_all(folder_);
  }
  ~LeaningsTest() override { fs::remove_all(folder_); }
  [[nodiscard]] fs::path OnlyFile() const {
    fs::path found;
    for (const auto& entry : fs::directory_iterator(folder_)) found = entry.path();
    return found;
  }
  fs::path folder_;
};

TEST_F(LeaningsTest, InMemoryOneAskingServesAll) {
  Leanings leanings;
  EXPECT_THAT(leanings.Find("k", 2), IsEmpty());
  leanings.Keep("k", {0.25, 0.75});
  EXPECT_THAT(leanings.Find("k", 2), ElementsAre(0.25, 0.75));
  EXPECT_THAT(leanings.Find("other", 2), IsEmpty());
}

TEST_F(LeaningsTest, AnotherRunFindsThemInTheFolder) {
  Leanings(folder_.string()).Keep("model\nsystem\n", {0.25, 0.75});
  Leanings again(folder_.string());
  EXPECT_THAT(again.Find("model\nsystem\n", 2), ElementsAre(0.25, 0.75));
  EXPECT_THAT(again.Find("another model", 2), IsEmpty());
}

TEST_F(LeaningsTest, AFileThatIsNotWhatWasWrittenIsPassedOver) {
  Leanings(folder_.string()).Keep("k", {0.25, 0.75});
  const fs::path file = OnlyFile();
  for (const char* text :
       {"", "{", "[]", R"({"key":"other","probabilities":[0.5,0.5]})",
        R"({"key":"k","probabilities":[0.5,0.5,0.0]})", R"({"key":"k","probabilities":[2,-1]})",
        R"({"key":"k","probabilities":["a","b"]})", R"({"key":"k"})", R"({"key":7})"}) {
    std::ofstream(file) << text;
    EXPECT_THAT(Leanings(folder_.string()).Find("k", 2), IsEmpty()) << text;
  }
}

TEST_F(LeaningsTest, AFolderThatCannotBeWrittenCostsOnlyTime) {
  Leanings leanings("/proc/none");
  leanings.Keep("k", {0.5, 0.5});
  EXPECT_THAT(leanings.Find("k", 2), ElementsAre(0.5, 0.5));
}

TEST(WithoutLeaning, DividesWhatAModelIsProneToSayOut) {
  using ::testing::DoubleNear;
  EXPECT_THAT(WithoutLeaning({0.6, 0.4}, {0.75, 0.25}),
              ElementsAre(DoubleNear(1.0 / 3, 1e-9), DoubleNear(2.0 / 3, 1e-9)));
  EXPECT_THAT(WithoutLeaning({0.6, 0.4}, {}), ElementsAre(0.6, 0.4));
  // A label that is hardly ever said does not become certain by being said once.
  EXPECT_LT(WithoutLeaning({0.999, 0.001}, {0.9999999, 0.0000001})[1], 0.51);
  EXPECT_THROW((void)WithoutLeaning({0.5, 0.5}, {1.0}), Error);
}

}  // namespace
}  // namespace emostage
