#include "eval/data_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "emostage/error.h"

namespace emostage {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class DataSetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string Write(const std::string& name, const std::string& content) {
    WriteFileAtomically(folder_ / name, content);
    return (folder_ / name).string();
  }
  std::filesystem::path folder_;
};

constexpr const char* kLabelled =
    R"({"id":"a","language":"en","split":"tune","turns":[{"role":"client","text":"Hi","phase":"rapport",)"
    R"("emotions":[{"emotion":"anxiety","intensity":3}],"needs":["emotional"],"risk":"none",)"
    R"("second":{"phase":"exploration"}},{"role":"counsellor","text":"Hello.","strategy":"others",)"
    R"("timing":"well"}]})";

TEST_F(DataSetTest, AScenarioComesBackAsItWasWritten) {
  const EvalDialogue read = EvalDialogueFromJson(Json::parse(kLabelled));
  EXPECT_EQ(read.turns[0].client.phase, "rapport");
  EXPECT_EQ(read.turns[0].second->phase, "exploration");
  EXPECT_EQ(read.turns[1].timing, "well");
  const Json again = Json::parse(EvalDialogueToJson(read).dump());
  EXPECT_EQ(again, Json::parse(EvalDialogueToJson(EvalDialogueFromJson(again)).dump()));
  EXPECT_EQ(again["turns"][0]["emotions"][0]["emotion"], "anxiety");
}

TEST_F(DataSetTest, AnyFormOfDialogueIsRead) {
  const std::string path = Write("talk.json", R"([{"role":"user","content":"我很难过"},)"
                                              R"({"role":"assistant","content":"我在听"}])");
  const DataSet set = ReadDataSet(path, {});
  ASSERT_THAT(set.dialogues, SizeIs(1));
  EXPECT_EQ(set.dialogues[0].language, Language::kChinese);
  EXPECT_THAT(set.remarks, IsEmpty());
  EXPECT_EQ(set.sha256.size(), 64U);
}

TEST_F(DataSetTest, WhatIsLeftOutIsCounted) {
  const std::string blank = R"({"id":"b","language":"en","turns":[{"role":"client","text":"One"},)"
                            R"({"role":"counsellor","text":"  "},{"role":"client","text":"Two"}]})";
  const std::string path =
      Write("set.jsonl", std::string(kLabelled) + "\n" + kLabelled + "\n" +
                             "{\"id\":\"c\",\"language\":\"fr\",\"turns\":[]}\n" + "not json\n" +
                             blank + "\n");
  DataSetFilter filter;
  filter.split = "all";
  const DataSet set = ReadDataSet(path, filter);
  EXPECT_THAT(set.dialogues, SizeIs(2));
  EXPECT_THAT(set.remarks, Contains(AllOf(StartsWith("2 lines left out"), HasSubstr("line 3"))));
  EXPECT_THAT(set.remarks, Contains(AllOf(StartsWith("1 dialogues left out that repeat"))));
  EXPECT_THAT(set.remarks, Contains(AllOf(StartsWith("1 turns left out"), HasSubstr("b turn 2"))));
}

TEST_F(DataSetTest, BytesThatAreNoUtf8AreTold) {
  const std::string path =
      Write("talk.json", "[{\"role\":\"user\",\"content\":\"caf\xe9 bad day\"}]");
  EXPECT_THAT(ReadDataSet(path, {}).remarks, ElementsAre(HasSubstr("no UTF-8")));
}

TEST_F(DataSetTest, SameIdsAreToldApart) {
  const std::string one = R"({"id":"x","language":"en","turns":[{"role":"client","text":"A"}]})";
  const std::string two = R"({"id":"x","language":"en","turns":[{"role":"client","text":"B"}]})";
  const DataSet set = ReadDataSet(Write("set.jsonl", one + "\n" + two + "\n"), {});
  ASSERT_THAT(set.dialogues, SizeIs(2));
  EXPECT_EQ(set.dialogues[1].id, "x-2");
  EXPECT_THAT(set.remarks, ElementsAre(HasSubstr("another id")));
}

TEST_F(DataSetTest, FilterKeepsLanguagesAndSoManyOfEach) {
  DataSetFilter filter;
  filter.languages = {Language::kJapanese, Language::kEnglish};
  filter.limit = 3;
  const DataSet set = ReadDataSet("scenarios", filter, EMOSTAGE_SOURCE_DIR "/data");
  EXPECT_THAT(set.dialogues, SizeIs(6));
  for (const EvalDialogue& dialogue : set.dialogues) EXPECT_EQ(dialogue.split, "held-out");
}

TEST_F(DataSetTest, NothingLeftIsAnErrorThatSaysWhatToLookAt) {
  const std::string path = Write("set.jsonl", std::string(kLabelled) + "\n");
  DataSetFilter filter;
  filter.languages = {Language::kJapanese};
  filter.split = "all";
  try {
    static_cast<void>(ReadDataSet(path, filter));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInput);
    EXPECT_THAT(error.what(), HasSubstr("--lang"));
  }
  EXPECT_THROW(static_cast<void>(ReadDataSet((folder_ / "none.json").string(), {})), Error);
}

}  // namespace
}  // namespace emostage
