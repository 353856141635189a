#include "model/store/pull.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <latch>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.h"
#include "emostage/error.h"
#include "model/store/record.h"
#include "model/store/test_server.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;
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
using testing::MatchesRegex;
using testing::Not;

const std::string kBody = ModelBytes(1'000'003);
constexpr const char* kEtag = "\"v1\"";

void Good(const TestRequest& request, const TestConnection& connection) {
  ServeWithRanges(request, connection, kBody, kEtag);
}

TEST(PullTest, PullsAFileAndRecordsIt) {
  const TestServer server(Good);
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  request.sha256 = HexSha256(kBody);
  request.bytes = kBody.size();
  std::vector<std::pair<std::uint64_t, std::uint64_t>> seen;
  request.progress = [&](std::uint64_t done, std::uint64_t total) {
    seen.emplace_back(done, total);
  };
  const PullResult result = PullModel(request);
  EXPECT_EQ(ReadFile(request.destination), kBody);
  EXPECT_EQ(result.path, request.destination);
  EXPECT_EQ(result.bytes, kBody.size());
  EXPECT_EQ(result.sha256, HexSha256(kBody));
  EXPECT_TRUE(result.verified);
  EXPECT_FALSE(result.already_present);
  EXPECT_EQ(result.resumed_from, 0U);
  EXPECT_THAT(folder.Names(), ElementsAre("m.gguf", "m.gguf.json"));
  ASSERT_GE(seen.size(), 2U);
  EXPECT_EQ(seen.front(), std::make_pair(std::uint64_t{0}, std::uint64_t{kBody.size()}));
  EXPECT_EQ(seen.back(), std::make_pair(std::uint64_t{kBody.size()}, std::uint64_t{kBody.size()}));

  const std::optional<model_store::PullRecord> record =
      model_store::ReadRecord(request.destination);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->url, request.url);
  EXPECT_EQ(record->sha256, result.sha256);
  EXPECT_EQ(record->bytes, kBody.size());
  EXPECT_TRUE(record->verified);
  EXPECT_THAT(record->pulled_at, MatchesRegex("20..-..-..T..:..:..Z"));
}

TEST(PullTest, WithoutAnExpectedChecksumItIsNotVerified) {
  const TestServer server(Good);
  const TempFolder folder;
  const PullResult result = PullModel(PullFrom(server, folder));
  EXPECT_EQ(result.sha256, HexSha256(kBody));
  EXPECT_FALSE(result.verified);
  EXPECT_FALSE(model_store::ReadRecord(result.path)->verified);
}

TEST(PullTest, AnUpperCaseChecksumIsTheSame) {
  const TestServer server(Good);
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  std::string upper = HexSha256(kBody);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  request.sha256 = upper;
  EXPECT_TRUE(PullModel(request).verified);
}

TEST(PullTest, CreatesTheFolder) {
  const TestServer server(Good);
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  request.destination = folder.path() / "a" / "b" / "m.gguf";
  (void)PullModel(request);
  EXPECT_TRUE(fs::is_regular_file(request.destination));
}

TEST(PullTest, WhatIsThereIsNotPulledAgain) {
  const TestServer server(Good);
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  (void)PullModel(request);
  const PullResult again = PullModel(request);
  EXPECT_TRUE(again.already_present);
  EXPECT_FALSE(again.verified);
  EXPECT_EQ(server.requests().size(), 1U);
  // A checksum given later is compared with what lies there, and that is remembered.
  request.sha256 = HexSha256(kBody);
  EXPECT_TRUE(PullModel(request).verified);
  EXPECT_TRUE(model_store::ReadRecord(request.destination)->verified);
  EXPECT_EQ(server.requests().size(), 1U);
  request.force = true;
  EXPECT_FALSE(PullModel(request).already_present);
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST(PullTest, AFileWithTheWrongChecksumIsReplaced) {
  const TestServer server(Good);
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  request.sha256 = HexSha256(kBody);
  WriteFileAtomically(request.destination, "GGUF damaged");
  EXPECT_FALSE(PullModel(request).already_present);
  EXPECT_EQ(ReadFile(request.destination), kBody);
}

TEST(PullTest, AForeignFileIsNotReplacedUnasked) {
  const TestServer server(Good);
  const TempFolder folder;
  const PullRequest request = PullFrom(server, folder);
  WriteFileAtomically(request.destination, "mine");
  const Error error = ErrorOf(request);
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_THAT(error.what(), HasSubstr("did not come from this address"));
  EXPECT_EQ(ReadFile(request.destination), "mine");
  EXPECT_TRUE(server.requests().empty());
}

TEST(PullTest, RedirectsAreFollowed) {
  const TestServer server([](const TestRequest& request, const TestConnection& connection) {
    if (request.target == "/m.gguf") {
      connection.SendHead(
          302, {"Location: /elsewhere/m.gguf", "ETag: \"of the redirect\"", "Content-Length: 5"});
      connection.Send("moved");
    } else {
      Good(request, connection);
    }
  });
  const TempFolder folder;
  const PullRequest request = PullFrom(server, folder);
  (void)PullModel(request);
  EXPECT_EQ(ReadFile(request.destination), kBody);
  EXPECT_EQ(server.requests().back().target, "/elsewhere/m.gguf");
  EXPECT_EQ(model_store::ReadRecord(request.destination)->url, request.url);
}

TEST(PullTest, ARedirectToAnUnencryptedAddressIsRefused) {
  const TestServer server([](const TestRequest&, const TestConnection& connection) {
    connection.SendHead(302, {"Location: http://u:pw@example.invalid/m?key=s3cret"});
  });
  const TempFolder folder;
  const Error error = ErrorOf(PullFrom(server, folder));
  EXPECT_EQ(error.code(), ErrorCode::kNetwork);
  EXPECT_THAT(error.what(), HasSubstr("http://example.invalid/m?key=***"));
  EXPECT_THAT(error.what(), Not(HasSubstr("pw")));
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(PullTest, RedirectsInACircleEnd) {
  const TestServer server([](const TestRequest&, const TestConnection& connection) {
    connection.SendHead(302, {"Location: /m.gguf"});
  });
  const TempFolder folder;
  EXPECT_THAT(ErrorOf(PullFrom(server, folder)).what(), HasSubstr("again and again"));
}

TEST(PullTest, SecretsAreSentButNeverShownOrRecorded) {
  const TestServer server(Good);
  const TempFolder folder;
  PullRequest request = PullFrom(server, folder);
  request.url.replace(0, 7, "http://user:hush@");
  request.url += "?token=hush2";
  (void)PullModel(request);
  EXPECT_EQ(server.requests().at(0).Header("authorization"), "Basic dXNlcjpodXNo");
  EXPECT_EQ(server.requests().at(0).target, "/m.gguf?token=hush2");
  EXPECT_THAT(ReadFile(folder.path() / "m.gguf.json"), Not(HasSubstr("hush")));
  EXPECT_THAT(ReadFile(folder.path() / "m.gguf.json"), HasSubstr("/m.gguf?token=***"));
}

TEST(PullTest, OnlyOneOfTwoPullsAtOnceRuns) {
  std::latch started(1);
  std::latch finish(1);
  const TestServer server([&](const TestRequest& request, const TestConnection& connection) {
    started.count_down();
    finish.wait();
    Good(request, connection);
  });
  const TempFolder folder;
  const PullRequest request = PullFrom(server, folder);
  std::jthread first([&] { (void)PullModel(request); });
  started.wait();
  const Error error = ErrorOf(request);
  EXPECT_EQ(error.code(), ErrorCode::kBusy);
  EXPECT_THAT(error.what(), HasSubstr("another pull of m.gguf is running"));
  finish.count_down();
  first.join();
  EXPECT_EQ(ReadFile(request.destination), kBody);
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_THAT(folder.Names(), ElementsAre("m.gguf", "m.gguf.json"));
}

}  // namespace
}  // namespace emostage
