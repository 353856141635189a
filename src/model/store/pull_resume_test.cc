// Taking up what a broken or ended pull has left, and only what still fits.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "emostage/error.h"
#include "model/store/pull.h"
#include "model/store/record.h"
#include "model/store/test_server.h"

namespace emostage {
namespace {

using model_store::ErrorOf;
using model_store::HexSha256;
using model_store::ModelBytes;
using model_store::PullFrom;
using model_store::ServeWithRanges;
using model_store::TempFolder;
using model_store::TestConnection;
using model_store::TestRequest;
using model_store::TestServer;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kBody = ModelBytes(1'000'003);
constexpr const char* kEtag = "\"v1\"";

void Good(const TestRequest& request, const TestConnection& connection) {
  ServeWithRanges(request, connection, kBody, kEtag);
}

// Announces the whole body, sends the first half and hangs up.
void BreakOff(const TestConnection& connection, const std::string& validator) {
  connection.SendHead(200, {validator, "Content-Length: " + std::to_string(kBody.size())});
  connection.Send(std::string_view(kBody).substr(0, kBody.size() / 2));
}

TEST(PullResumeTest, ABrokenTransferIsResumedWithARange) {
  std::atomic<int> count = 0;
  const TestServer server([&](const TestRequest& request, const TestConnection& connection) {
    if (count++ == 0) {
      BreakOff(connection, std::string("ETag: ") + kEtag);
    } else {
      Good(request, connection);
    }
  });
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  (void)PullModel(request);
  EXPECT_EQ(ReadFile(request.destination), kBody);
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(server.requests()[0].Header("range"), "");
  EXPECT_EQ(server.requests()[1].Header("range"),
            "bytes=" + std::to_string(kBody.size() / 2) + "-");
  EXPECT_EQ(server.requests()[1].Header("if-range"), kEtag);
}

TEST(PullResumeTest, ALaterPullTakesUpThePart) {
  std::atomic<bool> good = false;
  const TestServer server([&](const TestRequest& request, const TestConnection& connection) {
    if (good) {
      Good(request, connection);
    } else {
      BreakOff(connection, std::string("ETag: ") + kEtag);
    }
  });
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  request.retries = 0;
  const Error error = ErrorOf(request);
  EXPECT_EQ(error.code(), ErrorCode::kNetwork);
  EXPECT_THAT(error.what(), HasSubstr("run the same command again to resume"));
  EXPECT_THAT(folder.Names(), ElementsAre("m.gguf.part", "m.gguf.part.json"));
  good = true;
  request.sha256 = HexSha256(kBody);
  EXPECT_EQ(PullModel(request).resumed_from, kBody.size() / 2);
  EXPECT_EQ(ReadFile(request.destination), kBody);
  EXPECT_EQ(server.requests().back().Header("range"),
            "bytes=" + std::to_string(kBody.size() / 2) + "-");
  EXPECT_THAT(folder.Names(), ElementsAre("m.gguf", "m.gguf.json"));
}

TEST(PullResumeTest, LastModifiedServesWhereThereIsNoStrongEtag) {
  std::atomic<int> count = 0;
  const std::string when = "Wed, 21 Oct 2015 07:28:00 GMT";
  const TestServer server([&](const TestRequest& request, const TestConnection& connection) {
    if (count++ == 0) {
      BreakOff(connection, "ETag: W/\"weak\"\r\nLast-Modified: " + when);
    } else {
      ServeWithRanges(request, connection, kBody, when, "Last-Modified");
    }
  });
  const TempFolder folder;
  const PullRequest request = PullFrom(server, folder);
  (void)PullModel(request);
  EXPECT_EQ(ReadFile(request.destination), kBody);
  EXPECT_EQ(server.requests().back().Header("if-range"), when);
}

TEST(PullResumeTest, WithoutAValidatorItStartsOver) {
  std::atomic<int> count = 0;
  const TestServer server([&](const TestRequest& request, const TestConnection& connection) {
    if (count++ == 0) {
      BreakOff(connection, "X-Nothing: 1");
    } else {
      Good(request, connection);
    }
  });
  const TempFolder folder;
  const PullRequest request = PullFrom(server, folder);
  (void)PullModel(request);
  EXPECT_EQ(ReadFile(request.destination), kBody);
  EXPECT_EQ(server.requests().back().Header("range"), "");
}

TEST(PullResumeTest, WithoutAValidatorTheChecksumIsEnoughToResume) {
  std::atomic<int> count = 0;
  const TestServer server([&](const TestRequest& request, const TestConnection& connection) {
    if (count++ == 0) {
      BreakOff(connection, "X-Nothing: 1");
    } else {
      Good(request, connection);
    }
  });
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  request.sha256 = HexSha256(kBody);
  (void)PullModel(request);
  EXPECT_EQ(ReadFile(request.destination), kBody);
  EXPECT_EQ(server.requests().back().Header("range"),
            "bytes=" + std::to_string(kBody.size() / 2) + "-");
}

TEST(PullResumeTest, AServerThatIgnoresRangesIsReadFromTheStart) {
  std::atomic<int> count = 0;
  const TestServer server([&](const TestRequest&, const TestConnection& connection) {
    if (count++ == 0) {
      BreakOff(connection, std::string("ETag: ") + kEtag);
      return;
    }
    connection.SendHead(
        200, {std::string("ETag: ") + kEtag, "Content-Length: " + std::to_string(kBody.size())});
    connection.Send(kBody);
  });
  const TempFolder folder;
  const PullRequest request = PullFrom(server, folder);
  (void)PullModel(request);
  EXPECT_EQ(ReadFile(request.destination), kBody);
  EXPECT_NE(server.requests().back().Header("range"), "");  // it was asked
}

TEST(PullResumeTest, AServerMayHandItOutInPieces) {
  std::atomic<int> count = 0;
  const TestServer server([&](const TestRequest& request, const TestConnection& connection) {
    if (count++ == 0) return BreakOff(connection, std::string("ETag: ") + kEtag);
    // A whole answer to less than was asked for: RFC 9110 allows that.
    const std::size_t from = std::stoull(request.Header("range").substr(6));
    const std::size_t piece = std::min<std::size_t>(kBody.size() - from, 100'000);
    connection.SendHead(
        206, {"Content-Length: " + std::to_string(piece),
              "Content-Range: bytes " + std::to_string(from) + "-" +
                  std::to_string(from + piece - 1) + "/" + std::to_string(kBody.size())});
    connection.Send(std::string_view(kBody).substr(from, piece));
  });
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  request.retries = 1;
  EXPECT_EQ(PullModel(request).sha256, HexSha256(kBody));
  EXPECT_EQ(ReadFile(request.destination), kBody);
  EXPECT_EQ(server.requests().size(), 7U);
}

TEST(PullResumeTest, AChangedFileIsNotGluedToAnOldPart) {
  const std::string newer = "GGUF" + std::string(900'000, 'n');
  std::atomic<int> count = 0;
  const TestServer server([&](const TestRequest& request, const TestConnection& connection) {
    if (count++ == 0) {
      BreakOff(connection, std::string("ETag: ") + kEtag);
    } else {
      ServeWithRanges(request, connection, newer, "\"v2\"");
    }
  });
  const TempFolder folder;
  const PullRequest request = PullFrom(server, folder);
  EXPECT_EQ(PullModel(request).sha256, HexSha256(newer));
  EXPECT_EQ(ReadFile(request.destination), newer);
}

TEST(PullResumeTest, AServerThatIgnoresIfRangeIsCaughtByItsEtag) {
  const std::string newer = "GGUF" + std::string(kBody.size() - 4, 'n');
  std::atomic<int> count = 0;
  const TestServer server([&](const TestRequest& request, const TestConnection& connection) {
    if (count++ == 0) return BreakOff(connection, std::string("ETag: ") + kEtag);
    TestRequest careless = request;
    careless.headers.erase("if-range");
    ServeWithRanges(careless, connection, newer, "\"v2\"");
  });
  const TempFolder folder;
  const PullRequest request = PullFrom(server, folder);
  EXPECT_EQ(PullModel(request).sha256, HexSha256(newer));
  EXPECT_EQ(ReadFile(request.destination), newer);
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(PullResumeTest, APartThatIsCompleteNeedsNoNetwork) {
  const TestServer server(Good);
  const TempFolder folder;
  const PullRequest request = PullFrom(server, folder);
  WriteFileAtomically(folder.path() / "m.gguf.part", kBody);
  model_store::WriteNote(folder.path() / "m.gguf.part",
                         {request.url, kEtag, "", kBody.size(), kBody.size()});
  EXPECT_EQ(PullModel(request).resumed_from, kBody.size());
  EXPECT_EQ(ReadFile(request.destination), kBody);
  EXPECT_TRUE(server.requests().empty());
}

TEST(PullResumeTest, OnlyWhatTheNoteVouchesForIsTakenUp) {
  const TestServer server(Good);
  const TempFolder folder;
  const PullRequest request = PullFrom(server, folder);
  WriteFileAtomically(folder.path() / "m.gguf.part", kBody.substr(0, 500) + std::string(99, '\0'));
  model_store::WriteNote(folder.path() / "m.gguf.part",
                         {request.url, kEtag, "", kBody.size(), 500});
  EXPECT_EQ(PullModel(request).resumed_from, 500U);
  EXPECT_EQ(ReadFile(request.destination), kBody);
}

TEST(PullResumeTest, APartOfAnotherAddressIsDropped) {
  const TestServer server(Good);
  const TempFolder folder;
  const PullRequest request = PullFrom(server, folder);
  WriteFileAtomically(folder.path() / "m.gguf.part", std::string(500, 'x'));
  model_store::WriteNote(folder.path() / "m.gguf.part",
                         {"https://example.org/other", kEtag, "", kBody.size(), 500});
  (void)PullModel(request);
  EXPECT_EQ(ReadFile(request.destination), kBody);
  EXPECT_EQ(server.requests().at(0).Header("range"), "");
}

TEST(PullResumeTest, APartLongerThanTheFileIsDropped) {
  const TestServer server(Good);
  const TempFolder folder;
  const PullRequest request = PullFrom(server, folder);
  WriteFileAtomically(folder.path() / "m.gguf.part", kBody + "more");
  model_store::WriteNote(folder.path() / "m.gguf.part",
                         {request.url, kEtag, "", std::nullopt, kBody.size() + 4});
  (void)PullModel(request);
  EXPECT_EQ(ReadFile(request.destination), kBody);
  EXPECT_EQ(server.requests().size(), 2U);  // 416, then from the start
}

}  // namespace
}  // namespace emostage
