#include "dialogue/readers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"
#include "dialogue/testing.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kTalk = R"([{"role":"client","text":"Hi"}])";

TEST(FormatNamesTest, EveryNameLeadsToItsFormat) {
  const auto names = FormatNames();
  ASSERT_EQ(names.size(), 8U);
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(FormatFromName(names[i]), static_cast<DialogueFormat>(i)) << names[i];
  }
  EXPECT_EQ(FormatFromName("xml"), std::nullopt);
  EXPECT_EQ(FormatFromName(""), std::nullopt);
}

TEST(ReadDialoguesTest, NothingToReadIsAFault) {
  EXPECT_THAT(ReadingFault(""), StartsWith("the dialogue is empty; "));
  EXPECT_THAT(ReadingFault(" \r\n\t\u3000\uFEFF"), StartsWith("the dialogue is empty; "));
  EXPECT_THAT(ReadingFault("", DialogueFormat::kOpenAi), StartsWith("the dialogue is empty; "));
}

TEST(ReadDialoguesTest, UnknownFormIsAFaultThatShowsAForm) {
  EXPECT_THAT(ReadingFault("just words"), HasSubstr("no format known here; give a JSON array"));
}

TEST(ReadDialoguesTest, ByteOrderMarkIsNoHindrance) {
  EXPECT_EQ(ShowOne("\xEF\xBB\xBF \n" + std::string(kTalk)), "client: Hi | ");
}

class ReadDialogueFileTest : public ::testing::Test {
 protected:
  ReadDialogueFileTest() {
    std::string name = (fs::temp_directory_path() / "emostage_readers_test.XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~ReadDialogueFileTest() override { fs::remove_all(directory_); }

  void Write(const std::string& name, std::string_view content) const {
    WriteFileAtomically(directory_ / name, content);
  }

  [[nodiscard]] std::string FaultOf(const fs::path& path, ErrorCode code) const {
    try {
      const auto dialogues = ReadDialogueFile(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      return error.what();
    }
    return "";
  }

  fs::path directory_;
};

TEST_F(ReadDialogueFileTest, DialogueTakesTheNameOfItsFile) {
  Write("one.json", kTalk);
  Write("two.jsonl",
        std::string(kTalk) + "\n{\"id\":\"own\",\"turns\":" + std::string(kTalk) + "}");
  EXPECT_EQ(ReadDialogueFile(directory_ / "one.json").at(0).id, "one");
  const auto two = ReadDialogueFile(directory_ / "two.jsonl");
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0].id, "two-1");
  EXPECT_EQ(two[1].id, "own");
}

TEST_F(ReadDialogueFileTest, DirectoryIsReadInOrderOfNames) {
  Write("b.json", kTalk);
  Write("a.txt", "来访者：你好");
  Write("c.json", kTalk);
  Write("LICENSE", "no dialogue");
  fs::create_directory(directory_ / "d.json");
  const auto dialogues = ReadDialogueFile(directory_);
  ASSERT_EQ(dialogues.size(), 3U);
  EXPECT_EQ(dialogues[0].id, "a");
  EXPECT_EQ(dialogues[1].id, "b");
  EXPECT_EQ(dialogues[2].id, "c");
}

TEST_F(ReadDialogueFileTest, FaultsNameTheFile) {
  Write("a.json", kTalk);
  Write("b.json", "[");
  const std::string place = (directory_ / "b.json").string() + ": the dialogue is not valid JSON: ";
  EXPECT_THAT(FaultOf(directory_ / "b.json", ErrorCode::kInput), StartsWith(place));
  EXPECT_THAT(FaultOf(directory_, ErrorCode::kInput), StartsWith(place));
  EXPECT_THAT(FaultOf(directory_ / "none.json", ErrorCode::kIo), HasSubstr("none.json"));
}

TEST_F(ReadDialogueFileTest, DirectoryWithoutDialoguesIsAFault) {
  EXPECT_THAT(FaultOf(directory_, ErrorCode::kInput), HasSubstr("holds no .json"));
}

}  // namespace
}  // namespace emostage
