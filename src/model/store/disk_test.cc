#include "model/store/disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/file.h"
#include "emostage/error.h"
#include "model/store/test_server.h"

namespace emostage::model_store {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(DiskTest, OnlyOneHoldsALock) {
  const TempFolder folder;
  const fs::path path = folder.path() / "m.lock";
  {
    const FileLock first(path, "m");
    try {
      const FileLock second(path, "m");
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBusy);
      EXPECT_THAT(error.what(), HasSubstr("another pull of m"));
    }
    EXPECT_THAT(folder.Names(), ElementsAre("m.lock"));
  }
  EXPECT_THAT(folder.Names(), IsEmpty());
  const FileLock again(path, "m");
}

TEST(DiskTest, ADescriptorHasOneOwner) {
  const TempFolder folder;
  UniqueFd a(3000);  // no such descriptor: closing it does nothing
  UniqueFd b(std::move(a));
  EXPECT_FALSE(a.ok());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(b.get(), 3000);
  a = std::move(b);
  EXPECT_EQ(a.get(), 3000);
}

TEST(DiskTest, InstallReplacesWhatWasThere) {
  const TempFolder folder;
  WriteFileAtomically(folder.path() / "new", "new");
  WriteFileAtomically(folder.path() / "file", "old");
  InstallFile(folder.path() / "new", folder.path() / "file");
  EXPECT_EQ(ReadFile(folder.path() / "file"), "new");
  EXPECT_THAT(folder.Names(), ElementsAre("file"));
}

TEST(DiskTest, SaysWhenThereIsNoRoom) {
  const TempFolder folder;
  const std::optional<std::uint64_t> free = FreeBytes(folder.path());
  if (!free) GTEST_SKIP() << "this file system does not say how much is free";
  CheckRoom(folder.path(), 1, "m");
  try {
    CheckRoom(folder.path(), UINT64_MAX, "m");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kIo);
    EXPECT_THAT(error.what(), HasSubstr("not enough room on the disk for m"));
  }
}

TEST(DiskTest, WritesSizesForPeople) {
  EXPECT_EQ(HumanBytes(0), "0 bytes");
  EXPECT_EQ(HumanBytes(999), "999 bytes");
  EXPECT_EQ(HumanBytes(98362432), "98.4 MB");
  EXPECT_EQ(HumanBytes(5027783488), "5.0 GB");
  EXPECT_EQ(HumanBytes(999999), "1.0 MB");
  EXPECT_EQ(HumanBytes(UINT64_MAX), "18446744.1 TB");
}

TEST(DiskTest, AddsASuffixBehindTheExtension) {
  EXPECT_EQ(WithSuffix("a/m.gguf", ".part"), fs::path("a/m.gguf.part"));
}

}  // namespace
}  // namespace emostage::model_store
