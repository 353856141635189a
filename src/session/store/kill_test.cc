#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Database.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "session/store/store.h"
#include "session/store/testing.h"

extern char** environ;

// What other processes, and their sudden end, do to a store. They are store_writer.cc.
namespace emostage {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

class Writer {
 public:
  Writer(const std::string& file, const std::string& talk, int turns) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    output_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string program = EMOSTAGE_STORE_WRITER;
    std::string file_argument = file;
    std::string talk_argument = talk;
    std::string turns_argument = std::to_string(turns);
    const std::array<char*, 5> arguments{program.data(), file_argument.data(), talk_argument.data(),
                                         turns_argument.data(), nullptr};
    EXPECT_EQ(::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments.data(), environ),
              0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { ::close(output_); }

  // Reads what it says until its end, or until then.
  void ListenUntil(steady_clock::time_point end) {
    for (;;) {
      const auto left = std::chrono::ceil<microseconds>(end - steady_clock::now());
      if (left.count() <= 0) return;
      const timespec wait{left.count() / 1'000'000, left.count() % 1'000'000 * 1000};
      pollfd waiting{output_, POLLIN, 0};
      if (::ppoll(&waiting, 1, &wait, nullptr) > 0 && !Read()) return;
    }
  }
  // False where it ended without a word.
  bool ListenForAWord() { return !said_.empty() || Read(); }

  // Everything it said, once it has ended, and how (see waitpid).
  std::string End(bool kill, int* status) {
    if (kill) ::kill(pid_, SIGKILL);
    while (Read()) {
    }
    ::waitpid(pid_, status, 0);
    return said_;
  }

 private:
  bool Read() {
    std::array<char, 4096> piece{};
    const ssize_t got = ::read(output_, piece.data(), piece.size());
    if (got > 0) said_.append(piece.data(), static_cast<std::size_t>(got));
    return got > 0;
  }

  pid_t pid_ = -1;
  int output_ = -1;
  std::string said_;
};

// The number of messages of each talk that was acknowledged last.
void TakeAcknowledged(const std::string& said, std::map<std::string, int>* acknowledged) {
  std::istringstream lines(said);
  std::string talk;
  for (int messages = 0; lines >> talk >> messages;) (*acknowledged)[talk] = messages;
}

void ExpectAllThere(Store* store, const std::map<std::string, int>& acknowledged) {
  for (const auto& [talk, count] : acknowledged) {
    const auto session = store->Find(talk);
    ASSERT_TRUE(session) << talk;
    const auto messages = store->Messages(talk);
    EXPECT_EQ(session->messages, static_cast<int>(messages.size()));
    EXPECT_EQ(messages.size() % 2, 0U) << "half a turn";
    ASSERT_GE(static_cast<int>(messages.size()), count) << talk;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      ASSERT_EQ(messages[i].text, TurnText(talk, static_cast<int>(i)));
    }
    const auto by_tip = store->FindByTip("", messages.back().tip);
    ASSERT_TRUE(by_tip);
    EXPECT_EQ(by_tip->id, talk);
  }
}

std::string IntegrityOf(const std::string& file) {
  SQLite::Database db(file, SQLite::OPEN_READWRITE, 1000);
  return db.execAndGet("PRAGMA integrity_check").getString();
}

TEST(KillTest, WhatWasAcknowledgedIsThereAfterAKill) {
  constexpr int kKills = 200;
  const TestFolder folder;
  const std::string file = folder.At("talks.db");
  std::mt19937 random(4711);
  std::map<std::string, int> acknowledged;
  std::size_t words = 0;
  for (int round = 0; round < kKills; ++round) {
    SCOPED_TRACE("kill " + std::to_string(round));
    Writer writer(file, "talk" + std::to_string(random() % 5), 1000);
    // Some are killed while they make or open the file, most while they write.
    const bool early = random() % 4 == 0;
    ASSERT_TRUE(early || writer.ListenForAWord());
    writer.ListenUntil(steady_clock::now() + microseconds(random() % (early ? 15'000 : 6'000)));
    int status = 0;
    const std::string said = writer.End(true, &status);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself";
    words += said.size();
    TakeAcknowledged(said, &acknowledged);
    const auto store = OpenSqliteStore({file});
    ExpectAllThere(store.get(), acknowledged);
    ASSERT_EQ(IntegrityOf(file), "ok");
    if (HasFailure()) return;
  }
  EXPECT_GT(words, 1000U);
  EXPECT_EQ(acknowledged.size(), 5U);
}

TEST(KillTest, TwoProcessesWriteToOneFile) {
  constexpr int kTurns = 60;
  const TestFolder folder;
  const std::string file = folder.At("talks.db");
  std::map<std::string, int> acknowledged;
  {
    Writer one(file, "one", kTurns);
    Writer two(file, "two", kTurns);  // both make the file
    for (Writer* writer : {&one, &two}) {
      int status = 0;
      TakeAcknowledged(writer->End(false, &status), &acknowledged);
      EXPECT_EQ(status, 0);
    }
  }
  EXPECT_EQ(acknowledged["one"], 2 * kTurns);
  EXPECT_EQ(acknowledged["two"], 2 * kTurns);
  ExpectAllThere(OpenSqliteStore({file}).get(), acknowledged);
  EXPECT_EQ(IntegrityOf(file), "ok");
}

}  // namespace
}  // namespace emostage
