// Clients that are slow, greedy or many. None of them holds a worker: in each test there is one
// worker only, and a decent client is served meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "serve/http/testing.h"

namespace emostage {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

HttpOptions OneWorker() {
  HttpOptions options = Quick();
  options.workers = 1;
  return options;
}

HttpServer Served(const HttpOptions& options) {
  return HttpServer(options, [](const HttpRequest&, const std::shared_ptr<HttpReply>& reply) {
    reply->Send(200, "text/plain", "served");
  });
}

// Sends a byte at a time until the server has said something or closed.
std::string Dribble(const Client& client, std::string_view start, char filling) {
  (void)client.Send(start);
  std::string heard;
  while (client.Send(std::string_view(&filling, 1))) {
    char buffer[1024];
    const ssize_t size = recv(client.fd(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (size == 0) break;
    if (size > 0) heard.append(buffer, static_cast<std::size_t>(size));
    if (heard.find("\r\n\r\n{") != std::string::npos) break;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return heard;
}

TEST(HttpLimitsTest, DribbledHeaderIsCutThoughBytesKeepComing) {
  HttpOptions options = OneWorker();
  options.header_timeout = milliseconds(150);
  const HttpServer server = Served(options);
  const Client slow(server.port());
  std::string heard;
  std::thread thread([&] { heard = Dribble(slow, "GET / HTTP/1.1\r\nHost: h\r\nX: ", 'x'); });
  EXPECT_EQ(Ask(server.port(), Get("/")).body, "served");
  thread.join();
  EXPECT_THAT(heard, HasSubstr("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST(HttpLimitsTest, DribbledBodyIsCutThoughBytesKeepComing) {
  HttpOptions options = OneWorker();
  options.body_timeout = milliseconds(150);
  const HttpServer server = Served(options);
  const Client slow(server.port());
  std::string heard;
  std::thread thread([&] {
    heard = Dribble(slow, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n", 'x');
  });
  EXPECT_EQ(Ask(server.port(), Get("/")).body, "served");
  thread.join();
  EXPECT_THAT(heard, HasSubstr("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST(HttpLimitsTest, ConnectionWithoutARequestIsClosedWithoutAWord) {
  HttpOptions options = OneWorker();
  options.header_timeout = milliseconds(100);
  options.idle_timeout = milliseconds(100);
  const HttpServer server = Served(options);
  Client never(server.port());
  EXPECT_EQ(never.ReadToEnd(), "");
  Client once(server.port());
  ASSERT_TRUE(once.Send(Get("/")));
  EXPECT_EQ(once.Receive().body, "served");
  EXPECT_EQ(once.ReadToEnd(), "");
}

// A stream that is written to as fast as it will take, by the only worker.
struct Flood {
  explicit Flood(const HttpOptions& options)
      : server(options,
               [this](const HttpRequest& request, const std::shared_ptr<HttpReply>& reply) {
                 if (request.path == "/quick") return reply->Send(200, "text/plain", "served");
                 reply->Begin(200, "text/plain");
                 while (reply->Write(std::string(10'000, 'x'))) written += 10'000;
                 cut = true;
                 kept = reply;
               }) {}
  std::atomic<std::size_t> written = 0;
  std::atomic<bool> cut = false;
  std::shared_ptr<HttpReply> kept;
  HttpServer server;
};

TEST(HttpLimitsTest, ReaderWhoTakesNothingIsCutAtTheUnsentBytes) {
  HttpOptions options = OneWorker();
  options.max_unsent_bytes = 100'000;
  Flood flood(options);
  const Client slow(flood.server.port(), /*receive_buffer=*/4096);
  ASSERT_TRUE(slow.Send(Get("/")));
  EXPECT_TRUE(Eventually([&] { return flood.cut.load(); }));
  EXPECT_LT(flood.written, 20U << 20) << "the kernel's buffers and 100 kB, no more";
  EXPECT_EQ(Ask(flood.server.port(), Get("/quick")).body, "served");
  EXPECT_TRUE(flood.kept->gone().stop_requested());
  EXPECT_TRUE(Eventually([&] { return flood.server.stats().connections == 0; }));
}

TEST(HttpLimitsTest, ReaderWhoTakesNothingIsCutAtTheWriteTimeout) {
  HttpOptions options = OneWorker();
  options.write_timeout = milliseconds(100);
  std::atomic<bool> done = false;
  HttpServer server(options,
                    [&](const HttpRequest& request, const std::shared_ptr<HttpReply>& reply) {
                      const bool quick = request.path == "/quick";
                      reply->Send(200, "text/plain", quick ? "served" : std::string(30 << 20, 'x'));
                      done = true;
                    });
  Client slow(server.port(), /*receive_buffer=*/4096);
  ASSERT_TRUE(slow.Send(Get("/")));
  EXPECT_TRUE(Eventually([&] { return done.load(); }));
  EXPECT_EQ(Ask(server.port(), Get("/quick")).body, "served");
  EXPECT_TRUE(Eventually([&] { return server.stats().connections == 0; }));
  EXPECT_LT(slow.ReadToEnd().size(), 30U << 20);
}

TEST(HttpLimitsTest, StreamWithPingsIsCutAtTheWriteTimeoutToo) {
  HttpOptions options = OneWorker();
  options.write_timeout = milliseconds(200);
  std::mutex mutex;
  std::shared_ptr<HttpReply> stream;
  HttpServer server(options, [&](const HttpRequest&, const std::shared_ptr<HttpReply>& reply) {
    reply->PingEvery(milliseconds(1), std::string(1 << 20, '.'));
    reply->Begin(200, "text/plain");
    const std::lock_guard lock(mutex);
    stream = reply;
  });
  const Client slow(server.port(), /*receive_buffer=*/4096);
  ASSERT_TRUE(slow.Send(Get("/")));
  EXPECT_TRUE(Eventually([&] {
    const std::lock_guard lock(mutex);
    return stream && stream->gone().stop_requested();
  }));
}

TEST(HttpLimitsTest, ConnectionsBeyondTheLimitAreToldSo) {
  HttpOptions options = OneWorker();
  options.max_connections = 2;
  const HttpServer server = Served(options);
  std::optional<Client> first(server.port());
  Client second(server.port());
  for (Client* client : {&*first, &second}) {
    ASSERT_TRUE(client->Send(Get("/")));
    EXPECT_EQ(client->Receive().body, "served");
  }
  Client third(server.port());
  ASSERT_TRUE(third.Send(Get("/")));
  const HttpAnswer answer = third.Receive();
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("too many connections"));
  EXPECT_EQ(server.stats().connections, 2U);
  first.reset();
  EXPECT_TRUE(Eventually([&] { return server.stats().connections == 1; }));
  EXPECT_EQ(Ask(server.port(), Get("/")).body, "served");
}

TEST(HttpLimitsTest, RefusedBodyThatIsStillBeingSentDoesNotLoseTheAnswer) {
  HttpOptions options = OneWorker();
  options.max_body_bytes = 1000;
  const HttpServer server = Served(options);
  Client client(server.port());
  std::thread sender([&] {
    (void)client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n");
    (void)client.Send(std::string(3'000'000, 'x'));
  });
  EXPECT_EQ(client.Receive().status, 413);
  sender.join();
}

}  // namespace
}  // namespace emostage
