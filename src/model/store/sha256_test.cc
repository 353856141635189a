#include "model/store/sha256.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stop_token>
#include <string>

#include "base/file.h"
#include "emostage/error.h"
#include "model/store/test_server.h"

namespace emostage {
namespace {

using model_store::HexSha256;
using model_store::TempFolder;

// The examples that NIST published with FIPS 180-4.
TEST(Sha256Test, AgreesWithPublishedVectors) {
  EXPECT_EQ(HexSha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HexSha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(HexSha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(HexSha256(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, PiecesGiveTheSameAsTheWhole) {
  const std::string text(1000, 'x');
  Sha256 hash;
  for (const char c : text) hash.Update({&c, 1});
  EXPECT_EQ(hash.HexDigest(), HexSha256(text));
}

TEST(Sha256Test, GoesOnAfterItsDigestWasAsked) {
  Sha256 hash;
  hash.Update("ab");
  EXPECT_EQ(hash.HexDigest(), HexSha256("ab"));
  hash.Update("c");
  EXPECT_EQ(hash.HexDigest(), HexSha256("abc"));
}

TEST(Sha256Test, ReadsAFile) {
  const TempFolder folder;
  const std::string bytes = model_store::ModelBytes(3'000'001);
  WriteFileAtomically(folder.path() / "file", bytes);
  EXPECT_EQ(Sha256File(folder.path() / "file"), HexSha256(bytes));
}

TEST(Sha256Test, AMissingFileIsAnIoError) {
  const TempFolder folder;
  try {
    (void)Sha256File(folder.path() / "none");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kIo);
    EXPECT_THAT(error.what(), testing::HasSubstr("none"));
  }
}

TEST(Sha256Test, CanBeStopped) {
  const TempFolder folder;
  WriteFileAtomically(folder.path() / "file", "abc");
  std::stop_source stop;
  stop.request_stop();
  try {
    (void)Sha256File(folder.path() / "file", stop.get_token());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCancelled);
  }
}

TEST(Sha256Test, KnowsAHexDigest) {
  EXPECT_TRUE(IsSha256Hex(HexSha256("")));
  EXPECT_TRUE(IsSha256Hex(std::string(64, 'A')));
  EXPECT_FALSE(IsSha256Hex(std::string(63, 'a')));
  EXPECT_FALSE(IsSha256Hex(std::string(65, 'a')));
  EXPECT_FALSE(IsSha256Hex(std::string(63, 'a') + "g"));
  EXPECT_FALSE(IsSha256Hex(""));
}

}  // namespace
}  // namespace emostage
