// What becomes of what handlers do, and of what they fail to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "serve/http/testing.h"

namespace emostage {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(HttpAnswersTest, HandlerThatThrowsMakesA500WithoutItsWords) {
  HttpServer server(Quick(), [](const HttpRequest&, const std::shared_ptr<HttpReply>&) {
    throw std::runtime_error("the words of a client");
  });
  Client client(server.port());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(client.Send(Get("/")));
    const HttpAnswer answer = client.Receive();
    EXPECT_EQ(answer.status, 500);
    EXPECT_THAT(answer.body, HasSubstr("{\"status\":500"));
    EXPECT_THAT(answer.body, Not(HasSubstr("client")));
  }
}

TEST(HttpAnswersTest, HandlerThatThrowsInAStreamBreaksItOff) {
  HttpServer server(Quick(), [](const HttpRequest&, const std::shared_ptr<HttpReply>& reply) {
    reply->Begin(200, "text/plain");
    reply->Write("some");
    throw std::runtime_error("x");
  });
  Client client(server.port());
  ASSERT_TRUE(client.Send(Get("/")));
  const std::string all = client.ReadToEnd();
  EXPECT_THAT(all, HasSubstr("4\r\nsome\r\n"));
  EXPECT_THAT(all, Not(HasSubstr("\r\n0\r\n")));
}

TEST(HttpAnswersTest, DroppedReplyIsA500) {
  HttpServer server(Quick(),
                    [](const HttpRequest& request, const std::shared_ptr<HttpReply>& reply) {
                      if (request.path == "/later") std::thread([reply] {}).detach();
                    });
  EXPECT_EQ(Ask(server.port(), Get("/now")).status, 500);
  EXPECT_EQ(Ask(server.port(), Get("/later")).status, 500);
}

TEST(HttpAnswersTest, DroppedStreamIsBrokenOff) {
  HttpServer server(Quick(), [](const HttpRequest&, const std::shared_ptr<HttpReply>& reply) {
    reply->Begin(200, "text/plain");
    reply->Write("words");
  });
  Client client(server.port());
  ASSERT_TRUE(client.Send(Get("/")));
  const std::string all = client.ReadToEnd();
  EXPECT_THAT(all, HasSubstr("5\r\nwords\r\n"));
  EXPECT_THAT(all, Not(HasSubstr("\r\n0\r\n")));
  EXPECT_TRUE(Eventually([&] { return server.stats().streams == 0; }));
}

TEST(HttpAnswersTest, WhatComesAfterAnAnswerIsIgnored) {
  HttpServer server(Quick(), [](const HttpRequest&, const std::shared_ptr<HttpReply>& reply) {
    reply->Send(200, "text/plain", "first");
    reply->Send(404, "text/plain", "second");
    reply->Begin(200, "text/plain");
    EXPECT_FALSE(reply->Write("third"));
    reply->End();
  });
  Client client(server.port());
  ASSERT_TRUE(client.Send(Get("/") + Get("/")));
  for (int i = 0; i < 2; ++i) {
    const HttpAnswer answer = client.Receive();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "first");
  }
}

TEST(HttpAnswersTest, NoHeaderBecomesTwoAndNoneContradictsTheFraming) {
  HttpServer server(Quick(), [](const HttpRequest&, const std::shared_ptr<HttpReply>& reply) {
    reply->Send(200, "text/plain", "body",
                {{"X-Word", "a\r\nX-Evil: b"}, {"content-length", "1"}, {"Retry-After", "7"}});
  });
  const HttpAnswer answer = Ask(server.port(), Get("/"));
  EXPECT_EQ(answer.body, "body");
  EXPECT_EQ(answer.headers.at("x-word"), "aX-Evil: b");
  EXPECT_EQ(answer.headers.at("retry-after"), "7");
  EXPECT_FALSE(answer.headers.contains("x-evil"));
}

TEST(HttpAnswersTest, AnswersWithoutABodyHaveNone) {
  HttpServer server(Quick(), [](const HttpRequest&, const std::shared_ptr<HttpReply>& reply) {
    reply->Send(204, "", "ignored");
  });
  Client client(server.port());
  ASSERT_TRUE(client.Send(Get("/") + Get("/")));
  for (int i = 0; i < 2; ++i) {
    const HttpAnswer answer = client.Receive();
    EXPECT_EQ(answer.status, 204);
    EXPECT_FALSE(answer.headers.contains("content-length"));
  }
}

TEST(HttpAnswersTest, LargeAnswersArriveWhole) {
  const std::string body(30 << 20, 'x');
  HttpServer server(Quick(), [&](const HttpRequest&, const std::shared_ptr<HttpReply>& reply) {
    reply->Send(200, "text/plain", body);
  });
  EXPECT_TRUE(Ask(server.port(), Get("/")).body == body);
}

TEST(HttpAnswersTest, RequestsBeyondTheWorkersWaitAndAreCounted) {
  HttpOptions options = Quick();
  options.workers = 2;
  std::atomic<bool> go = false;
  HttpServer server(options, [&](const HttpRequest&, const std::shared_ptr<HttpReply>& reply) {
    go.wait(false);
    reply->Send(200, "text/plain", "ok");
  });
  std::vector<Client> clients;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(clients.emplace_back(server.port()).Send(Get("/")));
  }
  EXPECT_TRUE(Eventually([&] { return server.stats().requests == 5; }));
  EXPECT_TRUE(Eventually([&] { return server.stats().waiting == 3; }));
  EXPECT_EQ(server.stats().running, 2U);
  EXPECT_EQ(server.stats().connections, 5U);
  go = true;
  go.notify_all();
  for (Client& client : clients) EXPECT_EQ(client.Receive().body, "ok");
  EXPECT_TRUE(Eventually([&] { return server.stats().running == 0; }));
  clients.clear();
  EXPECT_TRUE(Eventually([&] { return server.stats().connections == 0; }));
}

}  // namespace
}  // namespace emostage
