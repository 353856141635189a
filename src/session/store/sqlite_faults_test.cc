#include <SQLiteCpp/Database.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "session/store/store.h"
#include "session/store/testing.h"

// Full disks, locks, damaged files, missing permissions: each is told in a line, and costs nothing
// of what is there.
namespace emostage {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

// Files of this process cannot grow beyond `bytes` while this lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

// Another user without rights, where this one is root, who may do anything.
class WithoutRights {
 public:
  WithoutRights() {
    if (::geteuid() == 0 && ::seteuid(65534) != 0) ADD_FAILURE() << "cannot change the user";
  }
  WithoutRights(const WithoutRights&) = delete;
  WithoutRights& operator=(const WithoutRights&) = delete;
  ~WithoutRights() {
    if (::getuid() == 0 && ::seteuid(0) != 0) std::abort();
  }
};

class SqliteFaultsTest : public ::testing::Test {
 protected:
  // Closed again, and with several pages of everything.
  void MakeStore() const {
    const auto store = OpenSqliteStore({file_});
    for (int i = 0; i < 30; ++i) {
      const std::string id = "s" + std::to_string(i);
      std::vector<StoredMessage> messages;
      for (int m = 0; m < 6; ++m) {
        messages.push_back(CounsellorSays(TurnText(id, m), std::string(700, 'x'), id));
      }
      store->Create(SessionOf(id, i), messages);
    }
  }

  // The fault that opening, or else reading everything, meets; empty where there is none.
  [[nodiscard]] std::string FaultOfReading() const {
    const auto error = ErrorOf([&] {
      const auto store = OpenSqliteStore({file_});
      for (int i = 0; i < 30; ++i) {
        const std::string id = "s" + std::to_string(i);
        if (!store->Find(id) || store->Messages(id).size() != 6) {
          throw std::runtime_error("silently lost: " + id);
        }
      }
    });
    if (!error) return "";
    EXPECT_EQ(error->code(), ErrorCode::kIo);
    EXPECT_THAT(error->what(), Not(HasSubstr("\n")));
    EXPECT_THAT(error->what(), HasSubstr(file_));
    return error->what();
  }

  void Overwrite(std::size_t at, const std::string& bytes) const {
    std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file << bytes;
  }

  // Writes until it fails, then makes room and goes on.
  template <typename MakeRoom>
  void FillAndGoOn(const std::string& file, MakeRoom make_room) {
    const auto store = OpenSqliteStore({file});
    store->Create(SessionOf("a"), {});
    int written = 0;
    std::optional<Error> error;
    while (!error && written < 1000) {
      error = ErrorOf(
          [&] { store->Write(SessionOf("a"), written, {ClientSays(std::string(20'000, 'x'))}); });
      if (!error) ++written;
    }
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::kIo);
    EXPECT_THAT(error->what(), HasSubstr(file));
    EXPECT_THAT(error->what(), HasSubstr("; free some disk space"));
    EXPECT_EQ(store->Messages("a").size(), static_cast<std::size_t>(written));
    const auto bad_check = ErrorOf([&] {
      for (int i = 0; i < 20; ++i) store->Check();  // small as they are, they need room too
    });
    EXPECT_TRUE(bad_check);
    make_room();
    store->Check();
    store->Write(SessionOf("a"), written, {ClientSays("room again")});
    EXPECT_EQ(OpenSqliteStore({file})->Messages("a").size(), static_cast<std::size_t>(written) + 1);
  }

  TestFolder folder_;
  std::string file_ = folder_.At("talks.db");
};

TEST_F(SqliteFaultsTest, AFullDiskIsToldAndTheStoreGoesOnWhenThereIsRoom) {
  const std::string mount = folder_.At("disk");
  fs::create_directory(mount);
  if (::mount("none", mount.c_str(), "tmpfs", 0, "size=400k") != 0) {
    GTEST_SKIP() << "no file system may be mounted here";
  }
  const std::string ballast = mount + "/ballast";
  std::ofstream(ballast) << std::string(100'000, 'x');
  FillAndGoOn(mount + "/talks.db", [&] { fs::remove(ballast); });
  EXPECT_EQ(::umount(mount.c_str()), 0);
}

TEST_F(SqliteFaultsTest, AFileThatMayNotGrowIsToldAndTheStoreGoesOnWhenItMay) {
  auto limit = std::make_unique<FileSizeLimit>(300'000);
  FillAndGoOn(file_, [&] { limit.reset(); });
}

TEST_F(SqliteFaultsTest, ALockedStoreIsBusy) {
  SqliteOptions options{file_};
  options.busy_ms = 20;
  const auto store = OpenSqliteStore(options);
  store->Create(SessionOf("a"), {ClientSays("1")});
  SQLite::Database other(file_, SQLite::OPEN_READWRITE, 1000);
  other.exec("BEGIN EXCLUSIVE");
  for (const auto& action : std::vector<std::function<void()>>{
           [&] { store->Write(SessionOf("a"), 1, {ClientSays("2")}); },
           [&] { store->Create(SessionOf("b"), {}); }, [&] { store->Delete("a"); },
           [&] { store->Check(); }}) {
    const auto error = ErrorOf(action);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::kBusy);
    EXPECT_THAT(error->what(), HasSubstr("another process holds the store " + file_));
  }
  EXPECT_EQ(store->Messages("a").size(), 1U);  // reading goes on
  other.exec("ROLLBACK");
  store->Write(SessionOf("a"), 1, {ClientSays("2")});
  EXPECT_EQ(store->Messages("a").size(), 2U);
}

TEST_F(SqliteFaultsTest, ADamagedFileIsToldAndLeftAsItIs) {
  MakeStore();
  const std::string sound = ReadFile(file_);
  const std::size_t pages = sound.size() / 4096;
  ASSERT_GT(pages, 40U);
  std::mt19937 random(99);
  std::string noise;
  for (int i = 0; i < 3 * 4096; ++i) noise += static_cast<char>(random());
  std::vector<std::pair<std::string, std::string>> damaged;
  for (std::size_t page = 1; page + 3 < pages; page += 3) {
    std::string bytes = sound;
    bytes.replace(page * 4096, noise.size(), noise);
    damaged.emplace_back("noise at page " + std::to_string(page), bytes);
  }
  damaged.emplace_back("no magic", noise.substr(0, 16) + sound.substr(16));
  damaged.emplace_back("no header", noise.substr(0, 100) + sound.substr(100));
  damaged.emplace_back("no first page", noise.substr(0, 4096) + sound.substr(4096));
  damaged.emplace_back("zeroes in front", std::string(100, '\0') + sound.substr(100));
  damaged.emplace_back("half of it", sound.substr(0, pages / 2 * 4096));
  damaged.emplace_back("cut inside a page", sound.substr(0, sound.size() / 2 + 100));
  damaged.emplace_back("a few bytes", sound.substr(0, 50));
  damaged.emplace_back("no database", "Dear diary,\n");
  for (const auto& [what, bytes] : damaged) {
    SCOPED_TRACE(what);
    WriteFileAtomically(file_, bytes);
    EXPECT_THAT(FaultOfReading(), HasSubstr("'emostage store recover " + file_ + " NEWFILE'"));
    EXPECT_TRUE(ReadFile(file_) == bytes);
    EXPECT_FALSE(fs::exists(file_ + "-wal"));
  }
  WriteFileAtomically(file_, sound);
  EXPECT_EQ(FaultOfReading(), "");
}

TEST_F(SqliteFaultsTest, ADamagedFilesLogIsLeftAsItIsToo) {
  MakeStore();
  const std::string copy = folder_.At("copy.db");
  {
    const auto store = OpenSqliteStore({file_});
    store->Write(SessionOf("s0"), 6, {ClientSays("only in the log")});
    fs::copy_file(file_, copy);  // as after a kill
    fs::copy_file(file_ + "-wal", copy + "-wal");
    fs::copy_file(file_ + ".key", copy + ".key");
  }
  file_ = copy;
  Overwrite(8 * 4096, std::string(10 * 4096, 'x'));
  const std::string before = ReadFile(file_);
  const std::string log = ReadFile(file_ + "-wal");
  EXPECT_THAT(FaultOfReading(), HasSubstr("emostage store recover"));
  EXPECT_TRUE(ReadFile(file_) == before);
  EXPECT_TRUE(ReadFile(file_ + "-wal") == log);
  // The file gone, or empty: SQLite alone would throw the log away.
  WriteFileAtomically(file_, "");
  EXPECT_THAT(FaultOfReading(), HasSubstr("emostage store recover"));
  fs::remove(file_);
  EXPECT_THAT(FaultOfReading(), HasSubstr("emostage store recover"));
  EXPECT_TRUE(ReadFile(file_ + "-wal") == log);
}

TEST_F(SqliteFaultsTest, WhatMayNotBeWrittenIsToldAndLeftAsItIs) {
  ::setenv("EMOSTAGE_STORE_KEY", std::string(64, '7').c_str(), 1);
  MakeStore();
  const std::string before = ReadFile(file_);
  const auto expect_denied = [&](mode_t folder, mode_t file) {
    ASSERT_EQ(::chmod(file_.c_str(), file), 0);
    ASSERT_EQ(::chmod(folder_.path().c_str(), folder), 0);
    {
      const WithoutRights nobody;
      EXPECT_THAT(FaultOfReading(), HasSubstr("check the permissions"));
      const std::string fresh = folder_.At("new.db");
      const auto error = ErrorOf([&] { (void)OpenSqliteStore({fresh}); });
      EXPECT_EQ(error.has_value(), folder == 0555);
      if (error) {
        EXPECT_THAT(error->what(), HasSubstr("check the permissions"));
      }
    }
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0700), 0);
    EXPECT_TRUE(ReadFile(file_) == before);
  };
  expect_denied(0555, 0666);
  expect_denied(0555, 0444);
  expect_denied(0777, 0444);
  expect_denied(0777, 0000);
  ::unsetenv("EMOSTAGE_STORE_KEY");
}

TEST_F(SqliteFaultsTest, WrongPathsAreTold) {
  file_ = folder_.At("no such folder/talks.db");
  EXPECT_THAT(FaultOfReading(), HasSubstr("check the path"));
  file_ = folder_.path();
  EXPECT_THAT(FaultOfReading(), HasSubstr("it is not a file"));
}

TEST_F(SqliteFaultsTest, AFileThatWasTakenAwayFailsTheCheck) {
  const auto store = OpenSqliteStore({file_});
  store->Check();
  fs::rename(file_, folder_.At("away.db"));
  EXPECT_THAT(ErrorOf([&] { store->Check(); })->what(), HasSubstr("No such file"));
  std::ofstream(file_) << "another";
  EXPECT_THAT(ErrorOf([&] { store->Check(); })->what(), HasSubstr("was replaced"));
}

}  // namespace
}  // namespace emostage
