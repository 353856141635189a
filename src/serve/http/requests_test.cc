// Requests over real connections: what a handler sees of them, and what never reaches one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "serve/http/testing.h"

namespace emostage {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Says what it was asked.
struct Echo {
  explicit Echo(HttpOptions options = Quick())
      : server(std::move(options),
               [this](const HttpRequest& request, const std::shared_ptr<HttpReply>& reply) {
                 ++handled;
                 reply->Send(200, "text/plain",
                             request.method + " " + request.path + " [" +
                                 request.Parameter("q").value_or("-") + "] " +
                                 std::string(request.Header("X-Word")) + "<" + request.body + ">",
                             {{"X-Peer", request.peer}});
               }) {}
  std::atomic<int> handled = 0;
  HttpServer server;
};

TEST(HttpRequestsTest, ConnectionServesOneRequestAfterTheOther) {
  Echo echo;
  Client client(echo.server.port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.Send(Get("/a%20b?q=%E4%BD%A0+x", "x-word: hm\r\n")));
    const HttpAnswer answer = client.Receive();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "GET /a b [你 x] hm<>");
    EXPECT_EQ(answer.headers.at("content-type"), "text/plain");
    EXPECT_EQ(answer.headers.at("x-peer"), "127.0.0.1");
    EXPECT_FALSE(answer.headers.contains("connection"));
  }
  EXPECT_EQ(echo.server.stats().connections, 1U);
  EXPECT_EQ(echo.server.stats().requests, 3U);
}

TEST(HttpRequestsTest, PipelinedRequestsAreAnsweredInOrder) {
  Echo echo;
  Client client(echo.server.port());
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += i % 2 == 0 ? Get("/" + std::to_string(i)) : Post("/" + std::to_string(i), "body\r\n");
  }
  ASSERT_TRUE(client.Send(all));
  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(client.Receive().body, HasSubstr("/" + std::to_string(i) + " "));
  }
}

TEST(HttpRequestsTest, MoreThanTheLookAheadMayBeSentInAdvance) {
  Echo echo;
  Client client(echo.server.port());
  const std::string body(40'000, 'x');
  std::thread sender([&] {
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(client.Send(Post("/", body)));
  });
  // Read by another descriptor's worth of buffer: the answers are as long as the requests.
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.Receive().body.size(), body.size() + 13);
  sender.join();
}

TEST(HttpRequestsTest, ClientMayCloseItsSideBehindItsLastRequest) {
  Echo echo;
  Client client(echo.server.port());
  ASSERT_TRUE(client.Send(Get("/1") + Get("/2") + Get("/3")));
  client.HalfClose();
  for (const char* path : {"/1", "/2", "/3"}) EXPECT_THAT(client.Receive().body, HasSubstr(path));
  EXPECT_TRUE(client.AtEnd());
}

TEST(HttpRequestsTest, HeadIsAnsweredWithoutABody) {
  Echo echo;
  Client client(echo.server.port());
  ASSERT_TRUE(client.Send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n" + Get("/y")));
  const HttpAnswer head = client.Receive(/*head_only=*/true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "14");
  EXPECT_EQ(client.Receive().body, "GET /y [-] <>");
}

TEST(HttpRequestsTest, ClientThatWaitsIsToldToContinue) {
  Echo echo;
  Client client(echo.server.port());
  ASSERT_TRUE(client.Send(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(client.Send("body"));
  EXPECT_THAT(client.Receive().body, HasSubstr("<body>"));
  // Nobody is told to send what will not be taken.
  ASSERT_TRUE(client.Send(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.Receive().status, 413);
}

TEST(HttpRequestsTest, OldClientsAreServedOneRequestUnlessTheyAskForMore) {
  Echo echo;
  Client once(echo.server.port());
  ASSERT_TRUE(once.Send("GET /old HTTP/1.0\r\n\r\n"));
  const HttpAnswer answer = once.Receive();
  EXPECT_EQ(answer.body, "GET /old [-] <>");
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_TRUE(once.AtEnd());
  Client more(echo.server.port());
  ASSERT_TRUE(more.Send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_EQ(more.Receive().headers.at("connection"), "keep-alive");
  ASSERT_TRUE(more.Send("GET /2 HTTP/1.0\r\n\r\n"));
  EXPECT_THAT(more.Receive().body, HasSubstr("/2"));
}

TEST(HttpRequestsTest, ConnectionIsClosedWhereAskedFor) {
  Echo echo;
  Client client(echo.server.port());
  ASSERT_TRUE(client.Send(Get("/", "Connection: close\r\n")));
  EXPECT_EQ(client.Receive().headers.at("connection"), "close");
  EXPECT_TRUE(client.AtEnd());
}

TEST(HttpRequestsTest, BodiesInChunksAreJoined) {
  Echo echo;
  Client client(echo.server.port());
  for (const char* piece : {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Enco", "ding: chunked\r\n\r\n3",
                            "\r\nabc\r", "\n2\r\nde\r\n0\r\n", "\r\n"}) {
    ASSERT_TRUE(client.Send(piece));
  }
  EXPECT_THAT(client.Receive().body, HasSubstr("<abcde>"));
}

TEST(HttpRequestsTest, EmptyLinesBetweenRequestsAreSkipped) {
  Echo echo;
  Client client(echo.server.port());
  ASSERT_TRUE(client.Send("\r\n" + Post("/", "a") + "\r\n\r\n" + Get("/b")));
  EXPECT_THAT(client.Receive().body, HasSubstr("<a>"));
  EXPECT_THAT(client.Receive().body, HasSubstr("/b"));
}

TEST(HttpRequestsTest, BadRequestsNeverReachAHandler) {
  Echo echo;
  const std::string huge(20'000, 'x');
  const std::vector<std::pair<std::string, int>> requests = {
      {Get("/../secret"), 400},
      {Get("/%2e%2e/secret"), 400},
      {Get("/a%2f..%2fsecret"), 400},
      {Get("/%00"), 400},
      {Get("/%ff"), 400},
      {"hello\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
       "0\r\n\r\n" +
           Get("/smuggled"),
       400},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, x\r\n\r\n" + Get("/smuggled"),
       501},
      {Get("/", "X: " + huge + "\r\n"), 431},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n" + huge, 413},
  };
  for (const auto& [request, status] : requests) {
    Client client(echo.server.port());
    ASSERT_TRUE(client.Send(request));
    const HttpAnswer answer = client.Receive();
    EXPECT_EQ(answer.status, status) << request.substr(0, 60);
    EXPECT_THAT(answer.body, HasSubstr("{\"status\":" + std::to_string(status)));
    EXPECT_EQ(answer.headers.at("content-type"), "application/json");
    EXPECT_EQ(answer.headers.at("connection"), "close");
    client.HalfClose();
    EXPECT_TRUE(client.AtEnd()) << "nothing behind a bad request is answered";
  }
  EXPECT_EQ(echo.handled, 0);
  EXPECT_EQ(echo.server.stats().requests, 0U);
}

TEST(HttpRequestsTest, ErrorsWithoutAnErrorBodyAreInPlainWords) {
  HttpOptions options = Quick();
  options.error_body = nullptr;
  Echo echo(options);
  EXPECT_EQ(Ask(echo.server.port(), Get("/..")).body, "the path is malformed\n");
  options.error_body = [](int, std::string_view) -> std::string { throw std::bad_alloc(); };
  Echo faulty(options);
  EXPECT_EQ(Ask(faulty.server.port(), Get("/..")).body, "the path is malformed\n");
}

}  // namespace
}  // namespace emostage
