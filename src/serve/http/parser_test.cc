#include <gtest/gtest.h>

#include "serve/http/request_parser.h"

namespace emostage {
namespace {

using State = RequestParser::State;

constexpr std::size_t kHeader = 1000;
constexpr std::size_t kBody = 100;

// Feeds the bytes in pieces of `step`, as a connection does, and returns what was left over.
std::string FeedIn(RequestParser& parser, std::string_view bytes, std::size_t step) {
  std::string waiting;
  while (!bytes.empty() && parser.state() != State::kDone && parser.state() != State::kRefused) {
    const std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    waiting += piece;
    waiting.erase(0, parser.Feed(waiting));
  }
  return waiting + std::string(bytes);
}

int StatusOf(std::string_view bytes, std::size_t step = 1 << 20) {
  RequestParser parser(kHeader, kBody);
  (void)FeedIn(parser, bytes, step);
  return parser.status();
}

TEST(RequestParserTest, ReadsTheSameInPiecesOfAnySize) {
  const std::string request =
      "POST /a%20b?c=d HTTP/1.1\r\nHost: h\r\nX-Odd:  v \r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;name=value\r\nhello\r\n1\r\n!\r\n0\r\nX-Odd: trailer\r\n\r\nGET /next";
  for (std::size_t step = 1; step <= request.size(); ++step) {
    RequestParser parser(kHeader, kBody);
    EXPECT_EQ(FeedIn(parser, request, step), "GET /next") << step;
    ASSERT_EQ(parser.state(), State::kDone) << step << ": " << parser.what();
    EXPECT_EQ(parser.request().method, "POST");
    EXPECT_EQ(parser.request().path, "/a b");
    EXPECT_EQ(parser.request().query, "c=d");
    EXPECT_EQ(parser.request().body, "hello!");
    EXPECT_EQ(parser.request().Header("x-odd"), "v");
    EXPECT_EQ(parser.request().headers.size(), 3U) << "a trailer is no header";
  }
}

TEST(RequestParserTest, UnfinishedRequestCanBeAskedEverything) {
  RequestParser parser(kHeader, kBody);
  EXPECT_EQ(parser.Feed("GET / HTTP/1.1\r\nHost"), 0U);
  EXPECT_EQ(parser.state(), State::kHeader);
  EXPECT_FALSE(parser.keep_alive());
  EXPECT_FALSE(parser.expects_continue());
  EXPECT_EQ(parser.request().method, "");
}

TEST(RequestParserTest, BodyOfUnclearLengthIsRefused) {
  const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";
  for (const char* lines :
       {"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nContent-Length: 5\r\n", "Content-Length: 4, 5\r\n",
        "Content-Length: -1\r\n", "Content-Length: +4\r\n", "Content-Length: 4x\r\n",
        "Content-Length: 0x4\r\n", "Content-Length:\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Content-Length : 4\r\n",
        "Transfer-Encoding : chunked\r\n"}) {
    EXPECT_EQ(StatusOf(start + lines + "\r\n0\r\n\r\n"), 400) << lines;
    EXPECT_EQ(StatusOf(start + lines + "\r\n0\r\n\r\n", 1), 400) << lines;
  }
  for (const char* lines :
       {"Transfer-Encoding: gzip\r\n", "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding:\r\n"}) {
    EXPECT_EQ(StatusOf(start + lines + "\r\n0\r\n\r\n"), 501) << lines;
  }
  EXPECT_EQ(StatusOf("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
}

TEST(RequestParserTest, MalformedRequestsAreRefused) {
  for (const char* bytes :
       {"\x16\x03\x01\x02\x01\r\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\nHost: h\n\n",
        "GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\n: empty\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /.. HTTP/1.1\r\nHost: h\r\n\r\n", "G\x01T / HTTP/1.1\r\nHost: h\r\n\r\n",
        "CONNECT host:80 HTTP/1.1\r\nHost: h\r\n\r\n"}) {
    EXPECT_EQ(StatusOf(bytes), 400) << bytes;
  }
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: h\r\nExpect: gold\r\n\r\n"), 417);
}

TEST(RequestParserTest, LimitsHoldHoweverTheBytesCome) {
  const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";
  const std::string long_line = "X: " + std::string(kHeader, 'x') + "\r\n";
  std::string many_lines;
  for (int i = 0; i < 100; ++i) many_lines += "X-Header: value\r\n";
  for (const std::size_t step : {1UL, 17UL, 1UL << 20}) {
    EXPECT_EQ(StatusOf(start + long_line + "\r\n", step), 431);
    EXPECT_EQ(StatusOf(start + many_lines + "\r\n", step), 431);
    EXPECT_EQ(StatusOf("GET /" + std::string(kHeader, 'a'), step), 431);
    EXPECT_EQ(StatusOf(start + "Content-Length: 101\r\n\r\n", step), 413);
    EXPECT_EQ(StatusOf(start + "Transfer-Encoding: chunked\r\n\r\n40\r\n" + std::string(64, 'x') +
                           "\r\n40\r\n",
                       step),
              413);
    EXPECT_EQ(StatusOf(start + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", step),
              400);
    // Neither the extension of a chunk nor a trailer is a way around them.
    EXPECT_EQ(
        StatusOf(start + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(3000, 'x'), step),
        400);
    EXPECT_NE(
        StatusOf(start + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + many_lines + "\r\n", step), 0);
  }
}

}  // namespace
}  // namespace emostage
