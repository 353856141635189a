#include "base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "emostage/error.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The message of the kIo error that `action` throws; empty where it throws none.
std::string FaultOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kIo);
    return error.what();
  }
  return "";
}

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    std::string name = (fs::temp_directory_path() / "emostage_file_test.XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~FileTest() override { fs::remove_all(directory_); }

  [[nodiscard]] fs::path At(const std::string& name) const { return directory_ / name; }

  [[nodiscard]] std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_)) {
      names.insert(entry.path().filename());
    }
    return names;
  }

  fs::path directory_;
};

// Files of this process cannot grow beyond `bytes` while this lives: a full disk, in effect.
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

TEST_F(FileTest, WhatIsWrittenIsRead) {
  const std::string content = std::string("a\0b\r\n", 5) + std::string(200'000, 'x');
  WriteFileAtomically(At("f"), content);
  EXPECT_EQ(ReadFile(At("f")), content);
  WriteFileAtomically(At("f"), "");
  EXPECT_EQ(ReadFile(At("f")), "");
  EXPECT_THAT(Names(), ElementsAre("f"));
}

TEST_F(FileTest, MissingFileIsAFaultWithItsName) {
  const std::string fault = FaultOf([&] { (void)ReadFile(At("none")); });
  EXPECT_THAT(fault, HasSubstr(At("none").string() + ": No such file"));
  EXPECT_THAT(fault, HasSubstr("; check the path"));
}

TEST_F(FileTest, DirectoryIsAFault) {
  EXPECT_THAT(FaultOf([&] { (void)ReadFile(directory_); }), HasSubstr("it is a directory"));
}

TEST_F(FileTest, SizeLimitIsInclusive) {
  WriteFileAtomically(At("f"), "12345");
  EXPECT_EQ(ReadFile(At("f"), 5), "12345");
  EXPECT_THAT(FaultOf([&] { (void)ReadFile(At("f"), 4); }), HasSubstr("more than 4 bytes"));
}

TEST_F(FileTest, EndlessDeviceStopsAtTheLimit) {
  EXPECT_THAT(FaultOf([] { (void)ReadFile("/dev/zero", 1000); }), HasSubstr("more than 1000"));
}

TEST_F(FileTest, DashReadsStandardInput) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const int saved = ::dup(STDIN_FILENO);
  ASSERT_GE(::dup2(ends[0], STDIN_FILENO), 0);
  ASSERT_EQ(::write(ends[1], "piped", 5), 5);
  ::close(ends[1]);
  EXPECT_EQ(ReadFile("-"), "piped");
  ::close(ends[0]);
  if (saved >= 0) {
    ::dup2(saved, STDIN_FILENO);
    ::close(saved);
  }
}

TEST_F(FileTest, FailedWriteLeavesTheOldFileAndNoRemains) {
  WriteFileAtomically(At("f"), "old");
  {
    const FileSizeLimit limit(1000);
    EXPECT_THAT(FaultOf([&] { WriteFileAtomically(At("f"), std::string(5000, 'x')); }),
                HasSubstr("cannot write " + At("f").string()));
    EXPECT_NE(FaultOf([&] { WriteFileAtomically(At("new"), std::string(5000, 'x')); }), "");
  }
  EXPECT_EQ(ReadFile(At("f")), "old");
  EXPECT_THAT(Names(), ElementsAre("f"));
}

TEST_F(FileTest, WritingIntoNoDirectoryIsAFault) {
  EXPECT_THAT(FaultOf([&] { WriteFileAtomically(At("no/f"), "x"); }), HasSubstr("No such file"));
}

TEST_F(FileTest, OnlyRegularFilesAreReplaced) {
  EXPECT_THAT(FaultOf([&] { WriteFileAtomically(directory_, "x"); }), HasSubstr("not a regular"));
  EXPECT_THAT(FaultOf([] { WriteFileAtomically("/dev/full", "x"); }), HasSubstr("not a regular"));
}

TEST_F(FileTest, ReplacingKeepsPermissions) {
  WriteFileAtomically(At("f"), "old");
  ASSERT_EQ(::chmod(At("f").c_str(), 0640), 0);
  WriteFileAtomically(At("f"), "new");
  EXPECT_EQ(fs::status(At("f")).permissions(), fs::perms(0640));
}

TEST_F(FileTest, SymbolicLinkIsFollowedNotReplaced) {
  fs::create_directory(At("sub"));
  fs::create_symlink("sub/target", At("link"));
  WriteFileAtomically(At("link"), "x");
  EXPECT_TRUE(fs::is_symlink(At("link")));
  EXPECT_EQ(ReadFile(At("sub/target")), "x");
}

TEST_F(FileTest, ConcurrentWritersNeverMix) {
  constexpr std::size_t kBytes = 100'000;
  std::vector<std::thread> writers;
  for (const char letter : {'a', 'b', 'c', 'd'}) {
    writers.emplace_back([this, letter] {
      for (int i = 0; i < 5; ++i) WriteFileAtomically(At("f"), std::string(kBytes, letter));
    });
  }
  for (std::thread& writer : writers) writer.join();
  const std::string content = ReadFile(At("f"));
  EXPECT_EQ(content, std::string(kBytes, content.at(0)));
  EXPECT_THAT(Names(), ElementsAre("f"));
}

}  // namespace
}  // namespace emostage
