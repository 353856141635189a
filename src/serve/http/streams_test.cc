// Answers that are written little by little, and clients that leave while they are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "serve/http/testing.h"

namespace emostage {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Hands the replies to requests out to the test; the handler returns at once.
struct Desk {
  explicit Desk(HttpOptions options = Quick())
      : server(std::move(options),
               [this](const HttpRequest&, const std::shared_ptr<HttpReply>& reply) {
                 const std::lock_guard lock(mutex);
                 replies.push_back(reply);
                 came.notify_all();
               }) {}

  std::shared_ptr<HttpReply> Next() {
    std::unique_lock lock(mutex);
    came.wait(lock, [this] { return !replies.empty(); });
    auto reply = replies.front();
    replies.erase(replies.begin());
    return reply;
  }
  bool HandlersReturned() {
    return Eventually([this] { return server.stats().running == 0; });
  }

  std::mutex mutex;
  std::condition_variable came;
  std::vector<std::shared_ptr<HttpReply>> replies;
  HttpServer server;
};

bool Gone(const HttpReply& reply) {
  return Eventually([&] { return reply.gone().stop_requested(); });
}

TEST(HttpStreamsTest, PiecesArriveAsTheyAreWrittenAfterTheHandlerHasReturned) {
  Desk desk;
  Client client(desk.server.port());
  ASSERT_TRUE(client.Send(Get("/")));
  const auto reply = desk.Next();
  ASSERT_TRUE(desk.HandlersReturned());
  reply->Begin(200, "text/event-stream", {{"Cache-Control", "no-store"}});
  const std::string head = client.ReadUntil("\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(desk.server.stats().streams, 1U);
  // Each piece is read before the next is written, so none waits for another.
  for (const std::string word : {"I", "hear", "you"}) {
    std::thread([&] { EXPECT_TRUE(reply->Write(word)); }).join();
    EXPECT_EQ(client.ReadUntil(word + "\r\n"),
              std::to_string(word.size()) + "\r\n" + word + "\r\n");
  }
  EXPECT_TRUE(reply->Write("")) << "an empty piece must not end the stream";
  reply->End();
  EXPECT_EQ(client.ReadUntil("0\r\n\r\n"), "0\r\n\r\n");
  EXPECT_FALSE(reply->Write("more"));
  EXPECT_FALSE(reply->gone().stop_requested());
  EXPECT_EQ(desk.server.stats().streams, 0U);
  // The connection goes on.
  ASSERT_TRUE(client.Send(Get("/")));
  desk.Next()->Send(200, "text/plain", "next");
  EXPECT_EQ(client.Receive().body, "next");
}

TEST(HttpStreamsTest, ManyThreadsMayWriteOneStream) {
  Desk desk;
  Client client(desk.server.port());
  ASSERT_TRUE(client.Send(Get("/")));
  const auto reply = desk.Next();
  reply->Begin(200, "text/plain");
  std::vector<std::thread> threads;
  for (char c = 'a'; c < 'e'; ++c) {
    threads.emplace_back([&, c] {
      for (int i = 0; i < 500; ++i) EXPECT_TRUE(reply->Write(std::string(7, c)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  reply->End();
  const std::string body = client.Receive().body;
  ASSERT_EQ(body.size(), 4U * 500 * 7);
  for (std::size_t i = 0; i < body.size(); i += 7) {
    ASSERT_EQ(body.substr(i, 7), std::string(7, body[i])) << "a piece is never torn";
  }
}

TEST(HttpStreamsTest, OldClientsReadUntilTheEnd) {
  Desk desk;
  Client client(desk.server.port());
  ASSERT_TRUE(client.Send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  const auto reply = desk.Next();
  reply->Begin(200, "text/plain");
  reply->Write("one ");
  reply->Write("two");
  reply->End();
  const HttpAnswer answer = client.Receive();
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_EQ(answer.body, "one two");
}

TEST(HttpStreamsTest, HeadOfAStreamIsItsHeadOnly) {
  Desk desk;
  Client client(desk.server.port());
  ASSERT_TRUE(client.Send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"));
  const auto reply = desk.Next();
  reply->Begin(200, "text/plain");
  EXPECT_FALSE(reply->Write("nobody reads this"));
  EXPECT_EQ(client.Receive(/*head_only=*/true).status, 200);
  ASSERT_TRUE(client.Send(Get("/")));
  desk.Next()->Send(200, "text/plain", "next");
  EXPECT_EQ(client.Receive().body, "next");
}

TEST(HttpStreamsTest, PingsFillTheSilence) {
  Desk desk;
  Client client(desk.server.port());
  ASSERT_TRUE(client.Send(Get("/")));
  const auto reply = desk.Next();
  reply->PingEvery(milliseconds(5), ": ping\n\n");  // before Begin: from Begin on
  reply->Begin(200, "text/event-stream");
  for (int i = 0; i < 3; ++i) EXPECT_THAT(client.ReadUntil(": ping"), HasSubstr(": ping"));
  reply->Write("word");
  EXPECT_THAT(client.ReadUntil("word"), HasSubstr("word"));
  EXPECT_THAT(client.ReadUntil(": ping"), HasSubstr(": ping"));
  reply->PingEvery(milliseconds(0), "");
  reply->End();
  const std::string end = client.ReadUntil("\r\n0\r\n\r\n");
  EXPECT_THAT(end, HasSubstr("\r\n0\r\n\r\n"));
  ASSERT_TRUE(client.Send(Get("/")));
  desk.Next()->Send(200, "text/plain", "next");
  EXPECT_THAT(client.ReadUntil("\r\n"), StartsWith("HTTP/1.1 200")) << "no ping between answers";
}

TEST(HttpStreamsTest, ClosedConnectionIsNoticedWhileNothingIsWritten) {
  Desk desk;
  for (const bool reset : {false, true}) {
    Client client(desk.server.port());
    ASSERT_TRUE(client.Send(Get("/")));
    const auto reply = desk.Next();
    reply->Begin(200, "text/plain");
    (void)client.ReadUntil("\r\n\r\n");
    EXPECT_FALSE(reply->gone().stop_requested());
    reset ? client.Reset() : client.Close();
    EXPECT_TRUE(Gone(*reply));
    EXPECT_TRUE(Eventually([&] { return !reply->Write("x"); }));
    reply->End();
    EXPECT_TRUE(Eventually([&] { return desk.server.stats().connections == 0; }));
    EXPECT_EQ(desk.server.stats().streams, 0U);
  }
}

TEST(HttpStreamsTest, ClientThatLeavesIsNoticedBeforeItsAnswerBegins) {
  Desk desk;
  Client client(desk.server.port());
  ASSERT_TRUE(client.Send(Get("/")));
  const auto reply = desk.Next();
  client.Close();
  EXPECT_TRUE(Gone(*reply));
  reply->Begin(200, "text/plain");
  EXPECT_FALSE(reply->Write("x"));
  EXPECT_TRUE(Eventually([&] { return desk.server.stats().connections == 0; }));
}

TEST(HttpStreamsTest, WholeAnswerStillReachesAClientThatClosedItsSide) {
  Desk desk;
  Client client(desk.server.port());
  ASSERT_TRUE(client.Send(Get("/")));
  const auto reply = desk.Next();
  client.HalfClose();
  EXPECT_TRUE(Gone(*reply));
  reply->Send(200, "text/plain", "all the same");
  EXPECT_EQ(client.Receive().body, "all the same");
  EXPECT_TRUE(client.AtEnd());
}

TEST(HttpStreamsTest, CallbackOfGoneMayUseTheReply) {
  Desk desk;
  Client client(desk.server.port());
  ASSERT_TRUE(client.Send(Get("/")));
  auto reply = desk.Next();
  std::atomic<int> called = 0;
  const std::stop_callback callback(reply->gone(), [&] {
    EXPECT_FALSE(reply->Write("x"));
    reply->End();
    ++called;
  });
  reply->Begin(200, "text/plain");
  client.Close();
  EXPECT_TRUE(Eventually([&] { return called == 1; }));
}

TEST(HttpStreamsTest, ReplyMayOutliveItsServer) {
  std::shared_ptr<HttpReply> reply;
  {
    Desk desk;
    Client client(desk.server.port());
    ASSERT_TRUE(client.Send(Get("/")));
    reply = desk.Next();
    reply->PingEvery(milliseconds(1), "ping");
    reply->Begin(200, "text/plain");
  }
  EXPECT_TRUE(reply->gone().stop_requested());
  EXPECT_FALSE(reply->Write("x"));
  reply->End();
  reply.reset();
}

TEST(HttpStreamsTest, LeavingAndWritingAtOnceIsSafe) {
  Desk desk;
  for (int i = 0; i < 50; ++i) {
    Client client(desk.server.port());
    ASSERT_TRUE(client.Send(Get("/")));
    auto reply = desk.Next();
    std::thread writer([&] {
      reply->Begin(200, "text/plain");
      reply->PingEvery(milliseconds(1), "ping");
      while (reply->Write("some words")) std::this_thread::yield();
      reply.reset();
    });
    (void)client.ReadUntil("words");
    i % 2 == 0 ? client.Reset() : client.Close();
    writer.join();
  }
  EXPECT_TRUE(Eventually([&] { return desk.server.stats().connections == 0; }));
}

}  // namespace
}  // namespace emostage
