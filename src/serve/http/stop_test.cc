// How a server starts, or cannot, and how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "emostage/error.h"
#include "serve/http/testing.h"

namespace emostage {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

void Nothing(const HttpRequest&, const std::shared_ptr<HttpReply>&) {}

// Begins a stream to each request and writes on it until it is told to stop or nobody reads.
struct Streaming {
  Streaming()
      : server(std::in_place, Quick(),
               [this](const HttpRequest&, const std::shared_ptr<HttpReply>& reply) {
                 reply->Begin(200, "text/plain");
                 while (!end && !reply->gone().stop_requested()) {
                   reply->Write("word ");
                   std::this_thread::sleep_for(milliseconds(1));
                 }
                 if (reply->gone().stop_requested()) saw_gone = true;
                 reply->End();
               }) {}
  std::atomic<bool> end = false;
  std::atomic<bool> saw_gone = false;
  std::optional<HttpServer> server;
};

TEST(HttpStopTest, RunningStreamFinishesWithinTheGrace) {
  Streaming streaming;
  Client client(streaming.server->port());
  ASSERT_TRUE(client.Send(Get("/")));
  (void)client.ReadUntil("word");
  std::thread stopper([&] { streaming.server->Stop(seconds(60)); });
  // Nobody new is let in.
  EXPECT_TRUE(Eventually([&] { return Client(streaming.server->port()).fd() < 0; }));
  (void)client.ReadUntil("word");
  streaming.end = true;
  EXPECT_THAT(client.ReadToEnd(), HasSubstr("\r\n0\r\n\r\n"));
  client.Close();
  stopper.join();
  EXPECT_FALSE(streaming.saw_gone);
  EXPECT_EQ(streaming.server->stats().running, 0U);
  EXPECT_EQ(streaming.server->stats().connections, 0U);
}

TEST(HttpStopTest, StreamThatOutlastsTheGraceIsAskedToStopAndClosed) {
  Streaming streaming;
  Client client(streaming.server->port());
  ASSERT_TRUE(client.Send(Get("/")));
  (void)client.ReadUntil("word");
  streaming.server->Stop(milliseconds(50));
  EXPECT_TRUE(streaming.saw_gone);
  EXPECT_EQ(streaming.server->stats().running, 0U);
  EXPECT_THAT(client.ReadToEnd(), Not(HasSubstr("\r\n0\r\n\r\n")));
}

TEST(HttpStopTest, SecondStopShortensTheGraceOfTheFirst) {
  Streaming streaming;
  Client client(streaming.server->port());
  ASSERT_TRUE(client.Send(Get("/")));
  (void)client.ReadUntil("word");
  std::thread patient([&] { streaming.server->Stop(seconds(3600)); });
  std::thread hasty([&] { streaming.server->Stop(milliseconds(0)); });
  patient.join();
  hasty.join();
  EXPECT_TRUE(streaming.saw_gone);
}

TEST(HttpStopTest, StopWaitsForAHandlerThatLooksAtNothing) {
  std::atomic<bool> running = false;
  std::atomic<bool> go = false;
  std::atomic<bool> stopped = false;
  HttpServer server(Quick(), [&](const HttpRequest&, const std::shared_ptr<HttpReply>& reply) {
    running = true;
    go.wait(false);
    EXPECT_FALSE(stopped);
    reply->Send(200, "text/plain", "too late");
  });
  Client client(server.port());
  ASSERT_TRUE(client.Send(Get("/")));
  EXPECT_TRUE(Eventually([&] { return running.load(); }));
  std::thread stopper([&] {
    server.Stop(milliseconds(0));
    stopped = true;
  });
  EXPECT_TRUE(client.AtEnd());
  go = true;
  go.notify_all();
  stopper.join();
  EXPECT_TRUE(stopped);
}

TEST(HttpStopTest, AnswerUnderWayIsSentAndRequestsBehindItAreNot) {
  std::atomic<int> handled = 0;
  std::atomic<bool> go = false;
  HttpServer server(Quick(), [&](const HttpRequest&, const std::shared_ptr<HttpReply>& reply) {
    ++handled;
    go.wait(false);
    reply->Send(200, "text/plain", "done");
  });
  Client idle(server.port());
  Client half(server.port());
  Client busy(server.port());
  ASSERT_TRUE(busy.Send(Get("/") + Get("/behind")));
  ASSERT_TRUE(half.Send("GET / HTTP/1.1\r\nHo"));
  EXPECT_TRUE(Eventually([&] { return handled == 1 && server.stats().connections == 3; }));
  server.BeginStop();
  server.BeginStop();
  EXPECT_TRUE(idle.AtEnd());
  // What is half asked is told so, or closed where not even its beginning had been read.
  EXPECT_THAT(half.ReadToEnd(), ::testing::AnyOf("", HasSubstr("the server is stopping")));
  idle.Close();
  half.Close();
  go = true;
  go.notify_all();
  const HttpAnswer answer = busy.Receive();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_TRUE(busy.AtEnd());
  busy.Close();
  server.Stop(seconds(60));
  EXPECT_EQ(handled, 1);
}

TEST(HttpStopTest, RequestsThatWaitForAWorkerAreNotStartedAfterTheGrace) {
  HttpOptions options = Quick();
  options.workers = 1;
  std::atomic<int> handled = 0;
  HttpServer server(options, [&](const HttpRequest&, const std::shared_ptr<HttpReply>& reply) {
    ++handled;
    while (!reply->gone().stop_requested()) std::this_thread::sleep_for(milliseconds(1));
  });
  Client first(server.port());
  ASSERT_TRUE(first.Send(Get("/")));
  EXPECT_TRUE(Eventually([&] { return handled == 1; }));
  Client second(server.port());
  ASSERT_TRUE(second.Send(Get("/")));
  EXPECT_TRUE(Eventually([&] { return server.stats().waiting == 1; }));
  server.Stop(milliseconds(20));
  EXPECT_EQ(handled, 1);
}

TEST(HttpStopTest, DestructionIsSafeAtAnyTime) {
  for (int i = 0; i < 20; ++i) {
    Streaming streaming;
    std::vector<Client> clients;
    for (int j = 0; j < i; ++j) {
      clients.emplace_back(streaming.server->port());
      if (j % 3 == 0) (void)clients.back().Send(Get("/"));
      if (j % 3 == 1) (void)clients.back().Send("GET");
    }
    streaming.server.reset();
  }
  const HttpServer unused(Quick(), Nothing);
}

TEST(HttpStopTest, PortInUseIsSaidInALine) {
  const HttpServer first(Quick(), Nothing);
  HttpOptions options = Quick();
  options.port = first.port();
  try {
    const HttpServer second(options, Nothing);
    FAIL() << "two servers on a port";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNetwork);
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("port " + std::to_string(first.port()) + " is in use"),
                      HasSubstr("; choose another port"), Not(HasSubstr("\n"))));
  }
}

TEST(HttpStopTest, HostsThatAreNotHereAreSaidInALine) {
  for (const char* host : {"no.such.host.invalid", "203.0.113.7"}) {
    HttpOptions options = Quick();
    options.host = host;
    try {
      const HttpServer server(options, Nothing);
      FAIL() << host;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kNetwork);
      EXPECT_THAT(error.what(),
                  AllOf(HasSubstr(host), HasSubstr("127.0.0.1"), Not(HasSubstr("\n"))));
    }
  }
  HttpOptions options = Quick();
  options.port = 70'000;
  EXPECT_THROW(HttpServer(options, Nothing), Error);
}

TEST(HttpStopTest, AddressIsToldAsPeopleWriteIt) {
  const HttpServer server(Quick(), Nothing);
  EXPECT_EQ(server.url(), "http://127.0.0.1:" + std::to_string(server.port()));
  EXPECT_GT(server.port(), 0);
  HttpOptions options = Quick();
  options.host = "::1";
  std::optional<HttpServer> six;
  try {
    six.emplace(options, Nothing);
  } catch (const Error&) {
    GTEST_SKIP() << "there is no IPv6 here";
  }
  EXPECT_EQ(six->url(), "http://[::1]:" + std::to_string(six->port()));
}

}  // namespace
}  // namespace emostage
