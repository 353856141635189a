// What happens to a pull, and to what lies on the disk, when something goes wrong.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): SIGXFSZ
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "base/file.h"
#include "emostage/error.h"
#include "model/store/pull.h"
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
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kBody = ModelBytes(1'000'003);
const std::string kEtag = "\"v1\"";

void Good(const TestRequest& request, const TestConnection& connection) {
  ServeWithRanges(request, connection, kBody, kEtag);
}

// A server that answers with nothing but a status.
TestServer::Handler Status(int status) {
  return [status](const TestRequest&, const TestConnection& connection) {
    connection.SendHead(status, {"Content-Length: 4"});
    connection.Send("oops");
  };
}

// No file may be larger than this while the object lives: to the writer, a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_);
    rlimit limit = old_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, old_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit old_{};
  void (*old_handler_)(int) = nullptr;
};

TEST(PullFaultsTest, AWrongChecksumLeavesNothing) {
  const TestServer server(Good);
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  request.sha256 = std::string(64, '0');
  const Error error = ErrorOf(request);
  EXPECT_EQ(error.code(), ErrorCode::kModel);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("checksum of m.gguf is wrong"),
                                  HasSubstr(HexSha256(kBody)), HasSubstr("deleted")));
  EXPECT_THAT(folder.Names(), IsEmpty());
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(PullFaultsTest, AWrongChecksumLeavesTheOldFile) {
  const TestServer server(Good);
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  WriteFileAtomically(request.destination, "old");
  request.sha256 = std::string(64, '0');
  EXPECT_EQ(ErrorOf(request).code(), ErrorCode::kModel);
  EXPECT_EQ(ReadFile(request.destination), "old");
}

TEST(PullFaultsTest, AnotherSizeThanExpectedIsNotEvenDownloaded) {
  std::atomic<int> sent = 0;
  const TempFolder folder;
  {
    const TestServer server([&](const TestRequest&, const TestConnection& connection) {
      connection.SendHead(200, {"Content-Length: 100000300"});
      while (sent < 100 && connection.Send(kBody)) ++sent;
    });
    PullRequest request = PullFrom(server, folder);
    request.bytes = 7;
    const Error error = ErrorOf(request);
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    EXPECT_THAT(error.what(), HasSubstr("it has more than 7 bytes"));
  }
  EXPECT_LT(sent, 100);  // what the sockets hold, no more
  EXPECT_THAT(folder.Names(), IsEmpty());
}

TEST(PullFaultsTest, AStreamOfUnknownLengthStopsAtTheExpectedSize) {
  const TestServer server([&](const TestRequest&, const TestConnection& connection) {
    connection.SendHead(200, {});
    while (connection.Send(kBody)) {
    }
  });
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  request.bytes = 3'000'000;
  EXPECT_THAT(ErrorOf(request).what(), HasSubstr("it has more than 3000000 bytes"));
  EXPECT_THAT(folder.Names(), IsEmpty());
}

TEST(PullFaultsTest, AStreamThatEndsTooSoonIsRefused) {
  const TestServer server([&](const TestRequest&, const TestConnection& connection) {
    connection.SendHead(200, {});
    connection.Send(kBody);
  });
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  request.bytes = kBody.size() + 1;
  EXPECT_THAT(ErrorOf(request).what(), HasSubstr("it has less than 1000004 bytes"));
  EXPECT_THAT(folder.Names(), IsEmpty());
}

TEST(PullFaultsTest, APageInsteadOfAModelIsRefused) {
  const TestServer server([](const TestRequest& request, const TestConnection& connection) {
    ServeWithRanges(request, connection, "<html>please log in</html>", kEtag);
  });
  const TempFolder folder;
  const Error error = ErrorOf(PullFrom(server, folder));
  EXPECT_EQ(error.code(), ErrorCode::kModel);
  EXPECT_THAT(error.what(), HasSubstr("not a GGUF model"));
  EXPECT_THAT(folder.Names(), IsEmpty());
}

TEST(PullFaultsTest, AnEmptyAnswerIsRefused) {
  const TestServer server([](const TestRequest&, const TestConnection& connection) {
    connection.SendHead(200, {"Content-Length: 0"});
  });
  const TempFolder folder;
  EXPECT_EQ(ErrorOf(PullFrom(server, folder)).code(), ErrorCode::kModel);
  EXPECT_THAT(folder.Names(), IsEmpty());
}

TEST(PullFaultsTest, AMissingFileIsNotAskedForAgain) {
  const TestServer server(Status(404));
  const TempFolder folder;
  const Error error = ErrorOf(PullFrom(server, folder));
  EXPECT_EQ(error.code(), ErrorCode::kNetwork);
  EXPECT_THAT(error.what(),
              AllOf(HasSubstr("there is no file at " + server.Url("/m.gguf")), HasSubstr("404")));
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_THAT(folder.Names(), IsEmpty());
}

TEST(PullFaultsTest, OtherRefusalsAreNamed) {
  for (const int status : {401, 403, 429, 204}) {
    const TestServer server(Status(status));
    const TempFolder folder;
    EXPECT_THAT(ErrorOf(PullFrom(server, folder)).what(), HasSubstr(std::to_string(status)));
    EXPECT_EQ(server.requests().size(), 1U) << status;
  }
}

TEST(PullFaultsTest, AServerInTroubleIsTriedAgain) {
  std::atomic<int> count = 0;
  const TestServer server([&](const TestRequest& request, const TestConnection& connection) {
    count++ < 2 ? Status(503)(request, connection) : Good(request, connection);
  });
  const TempFolder folder;
  const PullRequest request = PullFrom(server, folder);
  (void)PullModel(request);
  EXPECT_EQ(ReadFile(request.destination), kBody);
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(PullFaultsTest, TriesEnd) {
  const TestServer server(Status(503));
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  request.retries = 3;
  EXPECT_THAT(ErrorOf(request).what(), HasSubstr("the server answered 503"));
  EXPECT_EQ(server.requests().size(), 4U);
}

TEST(PullFaultsTest, OnlyTriesThatBringNothingNewCount) {
  // Two kilobytes a connection: hundreds of breaks, and every one of them a step forward.
  constexpr std::size_t kStep = 2000;
  const std::string body = kBody.substr(0, 40 * kStep);
  const TestServer server([&](const TestRequest& request, const TestConnection& connection) {
    const std::string range = request.Header("range");
    const std::size_t from = range.empty() ? 0 : std::stoull(range.substr(6));
    const std::string size = std::to_string(body.size());
    connection.SendHead(from == 0 ? 200 : 206,
                        {"ETag: " + kEtag, "Content-Length: " + std::to_string(body.size() - from),
                         "Content-Range: bytes " + std::to_string(from) + "-" +
                             std::to_string(body.size() - 1) + "/" + size});
    connection.Send(std::string_view(body).substr(from, kStep));
  });
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  request.retries = 1;
  (void)PullModel(request);
  EXPECT_EQ(ReadFile(request.destination), body);
  EXPECT_EQ(server.requests().size(), 40U);
}

TEST(PullFaultsTest, AServerThatNeverGetsFartherIsGivenUp) {
  const TestServer server([](const TestRequest&, const TestConnection& connection) {
    connection.SendHead(200, {"Content-Length: " + std::to_string(kBody.size())});
    connection.Send(std::string_view(kBody).substr(0, 1000));
  });
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  request.retries = 2;
  EXPECT_EQ(ErrorOf(request).code(), ErrorCode::kNetwork);
  EXPECT_EQ(server.requests().size(), 3U);  // two retries brought nothing new
  EXPECT_THAT(folder.Names(), IsEmpty());   // and what it brought cannot be resumed
}

TEST(PullFaultsTest, ASilentServerIsABrokenTransfer) {
  std::atomic<bool> over = false;
  const TestServer server([&](const TestRequest&, const TestConnection& connection) {
    connection.SendHead(200, {"ETag: " + kEtag, "Content-Length: 100"});
    while (!over) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  request.retries = 0;
  request.stall_timeout = std::chrono::seconds(1);
  EXPECT_EQ(ErrorOf(request).code(), ErrorCode::kNetwork);
  over = true;
}

TEST(PullFaultsTest, NobodyListeningIsANetworkError) {
  std::string url;
  {
    const TestServer server(Good);
    url = server.Url("/m.gguf");
  }
  const TempFolder folder;
  PullRequest request;
  request.url = url;
  request.destination = folder.path() / "m.gguf";
  request.retries = 1;
  request.backoff = std::chrono::milliseconds(1);
  const Error error = ErrorOf(request);
  EXPECT_EQ(error.code(), ErrorCode::kNetwork);
  EXPECT_THAT(error.what(), HasSubstr("check the connection"));
  EXPECT_THAT(folder.Names(), IsEmpty());
}

TEST(PullFaultsTest, ACancelledPullCanBeResumed) {
  std::stop_source stop;
  std::atomic<bool> over = false;
  std::atomic<int> count = 0;
  const TestServer server([&](const TestRequest& request, const TestConnection& connection) {
    if (count++ > 0) return Good(request, connection);
    connection.SendHead(200, {"ETag: " + kEtag, "Content-Length: " + std::to_string(kBody.size())});
    connection.Send(std::string_view(kBody).substr(0, 300'000));
    // The rest does not come, so the client has to notice the request to stop by itself.
    while (!over) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  request.stop = stop.get_token();
  std::jthread stopper([&] {
    while (!std::filesystem::exists(folder.path() / "m.gguf.part") ||
           std::filesystem::file_size(folder.path() / "m.gguf.part") < 300'000) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    stop.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  const Error error = ErrorOf(request);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  over = true;
  EXPECT_EQ(error.code(), ErrorCode::kCancelled);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("stopped after 300.0 kB of m.gguf"),
                                  HasSubstr("run the same command again to resume")));
  EXPECT_THAT(folder.Names(), ElementsAre("m.gguf.part", "m.gguf.part.json"));
  request.stop = {};
  EXPECT_EQ(PullModel(request).resumed_from, 300'000U);
  EXPECT_EQ(ReadFile(request.destination), kBody);
}

TEST(PullFaultsTest, AWaitBetweenTriesCanBeCancelled) {
  const TestServer server(Status(503));
  const TempFolder folder;
  std::stop_source stop;
  PullRequest request = PullFrom(server, folder);
  request.stop = stop.get_token();
  request.backoff = std::chrono::hours(1);
  std::jthread stopper([&] {
    while (server.requests().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    stop.request_stop();
  });
  EXPECT_EQ(ErrorOf(request).code(), ErrorCode::kCancelled);
  EXPECT_THAT(folder.Names(), IsEmpty());
}

TEST(PullFaultsTest, AFullDiskIsOneLineAndCanBeResumed) {
  const TestServer server(Good);
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  request.sha256 = HexSha256(kBody);
  {
    const FileSizeLimit limit(400'000);
    const Error error = ErrorOf(request);
    EXPECT_EQ(error.code(), ErrorCode::kIo);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("no room left on the disk"),
                                    HasSubstr("free some space and run the same command again")));
  }
  EXPECT_THAT(folder.Names(), ElementsAre("m.gguf.part", "m.gguf.part.json"));
  EXPECT_EQ(PullModel(request).resumed_from, 400'000U);
  EXPECT_EQ(ReadFile(request.destination), kBody);
}

TEST(PullFaultsTest, OnAFullDiskAPartThatCannotBeResumedIsRemoved) {
  const TestServer server([](const TestRequest&, const TestConnection& connection) {
    connection.SendHead(200, {"Content-Length: " + std::to_string(kBody.size())});
    connection.Send(kBody);
  });
  const TempFolder folder;
  const FileSizeLimit limit(400'000);
  EXPECT_EQ(ErrorOf(PullFrom(server, folder)).code(), ErrorCode::kIo);
  EXPECT_THAT(folder.Names(), IsEmpty());
}

TEST(PullFaultsTest, AFileThatCannotFitIsNotBegun) {
  const TestServer server([](const TestRequest&, const TestConnection& connection) {
    connection.SendHead(200, {"ETag: " + kEtag, "Content-Length: 4000000000000000000"});
    connection.Send("GGUF");
  });
  const TempFolder folder;
  const Error error = ErrorOf(PullFrom(server, folder));
  EXPECT_EQ(error.code(), ErrorCode::kIo);
  EXPECT_THAT(error.what(), HasSubstr("not enough room on the disk for m.gguf"));
  EXPECT_THAT(folder.Names(), IsEmpty());
}

TEST(PullFaultsTest, WhatTheProgressCallbackThrowsReachesTheCaller) {
  const TestServer server(Good);
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  request.progress = [](std::uint64_t, std::uint64_t) { throw std::runtime_error("enough"); };
  EXPECT_THROW((void)PullModel(request), std::runtime_error);
  EXPECT_FALSE(std::filesystem::exists(request.destination));
}

TEST(PullFaultsTest, SenselessRequestsAreRefused) {
  const TempFolder folder;
  PullRequest request;
  request.destination = folder.path() / "m.gguf";
  request.url = "http://u:hush@example.invalid/m.gguf";
  EXPECT_THAT(ErrorOf(request).what(),
              AllOf(HasSubstr("http://example.invalid/m.gguf"), HasSubstr("only https://")));
  request.url = "https://example.invalid/m.gguf";
  request.sha256 = "12";
  EXPECT_THAT(ErrorOf(request).what(), HasSubstr("64 hexadecimal digits"));
  request.sha256.reset();
  request.destination = folder.path();
  EXPECT_THAT(ErrorOf(request).what(), HasSubstr("file name"));
  EXPECT_THAT(folder.Names(), IsEmpty());
}

}  // namespace
}  // namespace emostage
