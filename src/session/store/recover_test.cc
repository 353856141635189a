#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "session/store/page_scan.h"
#include "session/store/store.h"
#include "session/store/testing.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kTalks = 40;
constexpr int kMessages = 6;

class RecoverTest : public ::testing::Test {
 protected:
  RecoverTest() {
    store_ = OpenSqliteStore({file_});
    for (int i = 0; i < kTalks; ++i) {
      const std::string id = "s" + std::to_string(i);
      StoredSession session = SessionOf(id, i);
      session.owner = "clinic";
      session.outside_id = "outside " + id;
      session.client = "client " + id;
      std::vector<StoredMessage> messages;
      for (int m = 0; m < kMessages; ++m) {
        // Some on pages of their own.
        const std::size_t length = m == 3 ? 9000 : 400;
        messages.push_back(CounsellorSays(TurnText(id, m), std::string(length, 'x'), id));
      }
      store_->Create(session, messages);
    }
    store_->AddKey({"app", "talk", "hash", 5});
  }

  [[nodiscard]] std::string Recover() const { return RecoverSqliteStore({file_}, new_file_); }

  // What is in the new file was in the old one; returns how many messages that is.
  [[nodiscard]] int CountTrueMessages() const {
    const auto store = OpenSqliteStore({new_file_});
    SessionQuery query;
    query.limit = 1000;
    int count = 0;
    for (const StoredSession& session : store->List(query).sessions) {
      std::set<std::string> texts;
      for (int m = 0; m < kMessages; ++m) texts.insert(TurnText(session.id, m));
      for (const StoredMessage& message : store->Messages(session.id)) {
        EXPECT_EQ(texts.erase(message.text), 1U) << message.text;
        ++count;
      }
    }
    return count;
  }

  TestFolder folder_;
  std::string file_ = folder_.At("talks.db");
  std::string new_file_ = folder_.At("new.db");
  std::unique_ptr<Store> store_;
};

TEST_F(RecoverTest, ASoundFileIsSavedWhole) {
  store_.reset();
  const std::string before = ReadFile(file_);
  EXPECT_EQ(Recover(),
            "saved 40 sessions with 240 messages, and 1 API keys; no message is known to be lost");
  EXPECT_TRUE(ReadFile(file_) == before);
  EXPECT_EQ(CountTrueMessages(), kTalks * kMessages);
  const auto store = OpenSqliteStore({new_file_});
  const auto found = store->FindOutside("clinic", "outside s7");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->title, "title of s7");
  EXPECT_EQ(found->client, "client s7");
  EXPECT_EQ(found->updated_ms, 7);
  EXPECT_EQ(found->seed, 7U);
  EXPECT_EQ(store->FindByTip("clinic", "s9")->id, "s9");
  EXPECT_EQ(store->Messages("s7").at(3).answer, std::string(9000, 'x'));
  EXPECT_EQ(store->Keys().at(0).hash, "hash");
}

TEST_F(RecoverTest, WhatStandsInTheLogIsSavedToo) {
  // Nothing of it is in the file itself yet, or not all.
  const std::string copy = folder_.At("copy.db");
  fs::copy_file(file_, copy);
  fs::copy_file(file_ + "-wal", copy + "-wal");
  fs::copy_file(file_ + ".key", copy + ".key");
  file_ = copy;
  EXPECT_THAT(Recover(), StartsWith("saved 40 sessions with 240 messages"));
  EXPECT_EQ(CountTrueMessages(), kTalks * kMessages);
  // The same with nothing but the log.
  fs::remove(new_file_);
  fs::remove(new_file_ + ".key");
  store_.reset();
  fs::copy_file(file_ + "-wal", folder_.At("log"));
  WriteFileAtomically(file_, "");
  EXPECT_THAT(Recover(), StartsWith("saved "));
  EXPECT_GT(CountTrueMessages(), 0);
}

TEST_F(RecoverTest, ALostHeaderCostsNothing) {
  store_.reset();
  std::string bytes = ReadFile(file_);
  bytes.replace(0, 4096, std::string(4096, '?'));
  WriteFileAtomically(file_, bytes);
  EXPECT_THAT(Recover(), StartsWith("saved 40 sessions with 240 messages, and 1 API keys"));
  EXPECT_EQ(CountTrueMessages(), kTalks * kMessages);
}

TEST_F(RecoverTest, ALostPageCostsOnlyWhatStoodThere) {
  store_.reset();
  const std::string sound = ReadFile(file_);
  std::mt19937 random(5);
  for (std::size_t page = 1; page < sound.size() / 4096; page += 7) {
    SCOPED_TRACE(page);
    std::string bytes = sound;
    for (std::size_t i = 0; i < 4096; ++i) bytes[page * 4096 + i] = static_cast<char>(random());
    WriteFileAtomically(file_, bytes);
    const std::string line = Recover();
    const int saved = CountTrueMessages();
    EXPECT_GE(saved, kTalks * kMessages - 20) << line;
    EXPECT_THAT(line, HasSubstr(" with " + std::to_string(saved) + " messages"));
    if (saved < kTalks * kMessages && line.find("without owner") == std::string::npos) {
      EXPECT_THAT(line, HasSubstr("at least " + std::to_string(kTalks * kMessages - saved) +
                                  " messages are lost"));
    }
    for (const char* end : {"", "-wal", "-shm", ".key"}) fs::remove(new_file_ + end);
  }
}

TEST_F(RecoverTest, HalfAFileGivesWhatIsInIt) {
  store_.reset();
  const std::string sound = ReadFile(file_);
  WriteFileAtomically(file_, sound.substr(0, sound.size() / 2));
  const std::string line = Recover();
  const int saved = CountTrueMessages();
  EXPECT_GT(saved, 20) << line;
  EXPECT_LT(saved, kTalks * kMessages);
}

TEST_F(RecoverTest, WithAnotherKeyNothingIsMade) {
  store_.reset();
  (void)OpenSqliteStore({folder_.At("other.db")});
  fs::rename(folder_.At("other.db.key"), file_ + ".key");
  EXPECT_THAT(ErrorOf([&] { (void)Recover(); })->what(),
              HasSubstr("can be read with the key from"));
  EXPECT_FALSE(fs::exists(new_file_));
}

TEST_F(RecoverTest, AFileThatIsThereIsNotWrittenOver) {
  store_.reset();
  WriteFileAtomically(new_file_, "precious");
  EXPECT_THAT(ErrorOf([&] { (void)Recover(); })->what(), HasSubstr("is there already"));
  EXPECT_EQ(ReadFile(new_file_), "precious");
}

TEST_F(RecoverTest, AFileWithNothingInItIsTold) {
  store_.reset();
  WriteFileAtomically(file_, std::string(50'000, '\x0D'));
  EXPECT_THAT(ErrorOf([&] { (void)Recover(); })->what(), HasSubstr("nothing in " + file_));
  EXPECT_FALSE(fs::exists(new_file_));
  EXPECT_FALSE(fs::exists(new_file_ + ".key"));
}

TEST(PageScanTest, AnyBytesAreTaken) {
  std::mt19937 random(3);
  const TestFolder folder;
  {
    const auto store = OpenSqliteStore({folder.At("s.db")});
    store->Create(SessionOf("a"), {ClientSays(std::string(9000, 'x')), ClientSays("short")});
  }
  const std::string sound = ReadFile(folder.At("s.db"));
  int rows = 0;
  for (int round = 0; round < 300; ++round) {
    std::string bytes = sound;
    for (int i = 0; i < 200; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    ScanPages(bytes, 4096, [&](const auto&) { ++rows; });
    ScanPages(bytes.substr(random() % bytes.size()), 512, [&](const auto&) { ++rows; });
  }
  EXPECT_GT(rows, 0);
  ScanPages("", 4096, [](const auto&) { FAIL(); });
  ScanPages("x", 0, [](const auto&) { FAIL(); });
}

}  // namespace
}  // namespace emostage
