// Many streams at once.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>
#include <iostream>
#include <mutex>
#include <thread>

#include "serve/http/testing.h"

namespace emostage {
namespace {

constexpr std::size_t kIdle = 500;
constexpr std::size_t kActive = 64;
constexpr int kPieces = 200;

// Sanitizers have memory of their own, which says nothing about ours.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

// What this process holds in memory, in kB.
long Resident() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  }
  return 0;
}

TEST(HttpCrowdTest, ManyIdleStreamsCostLittleAndActiveOnesRunBesideThem) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, std::max<rlim_t>(limit.rlim_cur, 2048));
  setrlimit(RLIMIT_NOFILE, &limit);

  std::mutex mutex;
  std::vector<std::shared_ptr<HttpReply>> idle;
  HttpOptions options = Quick();
  options.workers = static_cast<int>(kActive);
  HttpServer server(options,
                    [&](const HttpRequest& request, const std::shared_ptr<HttpReply>& reply) {
                      reply->Begin(200, "text/event-stream");
                      if (request.path == "/idle") {
                        reply->PingEvery(std::chrono::milliseconds(500), ": ping\n\n");
                        const std::lock_guard lock(mutex);
                        idle.push_back(reply);
                        return;
                      }
                      for (int i = 0; i < kPieces; ++i)
                        EXPECT_TRUE(reply->Write("data: " + std::to_string(i) + "\n\n"));
                      reply->End();
                    });

  const long before = Resident();
  std::vector<Client> clients;
  for (std::size_t i = 0; i < kIdle; ++i) {
    ASSERT_TRUE(clients.emplace_back(server.port()).Send(Get("/idle")));
  }
  EXPECT_TRUE(Eventually([&] { return server.stats().streams == kIdle; }));
  const long growth = Resident() - before;
  std::cout << kIdle << " idle streams: " << growth << " kB more\n";
  if (!kSanitized) {
    EXPECT_LT(growth, 100 * 1024);
  }

  std::string whole;
  for (int i = 0; i < kPieces; ++i) whole += "data: " + std::to_string(i) + "\n\n";
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kActive; ++i) {
    threads.emplace_back([&] { EXPECT_EQ(Ask(server.port(), Get("/active")).body, whole); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(server.stats().streams, kIdle);

  {
    const std::lock_guard lock(mutex);
    for (const auto& reply : idle) {
      EXPECT_TRUE(reply->Write("data: word\n\n"));
      reply->End();
    }
    idle.clear();
  }
  for (Client& client : clients) {
    const HttpAnswer answer = client.Receive();
    EXPECT_TRUE(answer.body.ends_with("data: word\n\n")) << answer.body;
  }
  clients.clear();
  EXPECT_TRUE(Eventually([&] { return server.stats().connections == 0; }));
}

}  // namespace
}  // namespace emostage
