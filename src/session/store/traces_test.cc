#include "session/store/traces.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>

#include "base/file.h"
#include "emostage/error.h"

namespace emostage {
namespace {

std::string Noise(size_t length, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(length, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

class TracesTest : public ::testing::Test {
 protected:
  void Write(const std::string& bytes) { WriteFileAtomically(path_, bytes); }
  void TearDown() override { std::filesystem::remove(path_); }

  const std::string path_ = ::testing::TempDir() + "traces-" +
                            ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(TracesTest, FindsAPartWhereverItStands) {
  const std::string blob = Noise(200, 1);
  Traces traces;
  EXPECT_TRUE(traces.empty());
  traces.Add(blob);
  Write(Noise(3 << 20, 2));
  EXPECT_FALSE(traces.InFile(path_));
  // At the start, at no multiple of anything, over the border of two reads, and at the end.
  for (const size_t at :
       {size_t{0}, size_t{12'345}, (size_t{1} << 20) - 5, (size_t{3} << 20) - 16}) {
    std::string bytes = Noise(3 << 20, 2);
    bytes.replace(at, 16, blob, 96, 16);
    Write(bytes);
    EXPECT_TRUE(traces.InFile(path_)) << at;
  }
  traces.Clear();
  EXPECT_FALSE(traces.InFile(path_));
}

TEST_F(TracesTest, EmptyRoomIsNoTrace) {
  Traces traces;
  traces.Add(std::string(100, '\0'));
  traces.Add("short");
  Write(std::string(10'000, '\0') + "short");
  EXPECT_TRUE(traces.empty());
  EXPECT_FALSE(traces.InFile(path_));
}

TEST_F(TracesTest, SaysWhenItIsTooMuch) {
  Traces traces;
  for (unsigned i = 0; i < 600 && !traces.TooMany(); ++i) traces.Add(Noise(4096, i));
  EXPECT_TRUE(traces.TooMany());
  EXPECT_FALSE(traces.empty());
}

TEST_F(TracesTest, FileThatIsNotThereIsAnError) {
  Traces traces;
  traces.Add(Noise(20, 1));
  EXPECT_THROW(static_cast<void>(traces.InFile(path_ + "-none")), Error);
}

}  // namespace
}  // namespace emostage
