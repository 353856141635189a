// What the server adds to a turn, and what many connections hold in memory; with a scripted model,
// which costs nothing itself. Usage: serve [TURNS]
//
// Prints the median milliseconds of a turn in process, over /api and over /v1 (both kept in a real
// SQLite file), and of HTTP alone; then the memory of 500 idle streams and 64 active ones. Linux
// only.

#include <httplib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "emostage/session.h"
#include "model/scripted/scripted_model.h"
#include "serve/service.h"

namespace emostage {
namespace {

constexpr int kIdle = 500;
constexpr int kActive = 64;
constexpr size_t kTurnsATalk = 20;

double MedianMs(int turns, const std::function<void(int turn)>& take) {
  std::vector<double> all;
  for (int i = 0; i < turns; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    take(i);
    const std::chrono::duration<double, std::milli> ms = std::chrono::steady_clock::now() - begun;
    all.push_back(ms.count());
  }
  std::ranges::nth_element(all, all.begin() + turns / 2);
  return all[static_cast<size_t>(turns / 2)];
}

double ResidentMb() {
  std::ifstream status("/proc/self/statm");
  size_t pages = 0;
  status >> pages >> pages;
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

[[noreturn]] void Fail(const httplib::Result& got) {
  std::fprintf(stderr, "serve_bench: %s\n", got ? got->body.c_str() : "no answer");
  std::exit(1);
}

std::string Words(int turn) {
  return "Turn " + std::to_string(turn) + ": I could not sleep again.";
}

int Run(int turns) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  std::atomic<bool> hold = false;
  std::atomic<int> held = 0;
  const auto model = ScriptedModel::Create({.text = [&](const Ask&) {
    if (hold) {
      ++held;
      while (hold) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return std::string("That sounds hard. What kept you awake?");
  }});
  const auto folder = std::filesystem::temp_directory_path() / ("serve" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  ServiceOptions options;
  options.talks.models = {model};
  options.talks.store = OpenSqliteStore({.file = (folder / "talks.db").string()});
  options.talks.session.knowledge = LoadKnowledge();
  options.http.port = 0;
  const auto knowledge = options.talks.session.knowledge;
  Service service(std::move(options));
  const auto client = [&] {
    httplib::Client one("127.0.0.1", service.port());
    one.set_keep_alive(true);
    one.set_tcp_nodelay(true);
    one.set_read_timeout(120);
    return one;
  };

  SessionOptions plain;
  plain.knowledge = knowledge;
  std::unique_ptr<Session> session;
  const double in_process = MedianMs(turns, [&](int i) {
    if (i % static_cast<int>(kTurnsATalk) == 0) session = std::make_unique<Session>(model, plain);
    (void)session->Respond(Words(i));
  });
  httplib::Client own = client();
  const double http = MedianMs(turns, [&](int) {
    const auto got = own.Get("/api/health");
    if (!got || got->status != 200) Fail(got);
  });
  const auto begin = [&own] {
    return Json::parse(own.Post("/api/sessions", "{}", "application/json")->body)["id"]
        .get<std::string>();
  };
  std::string id;
  const double api = MedianMs(turns, [&](int i) {
    if (i % static_cast<int>(kTurnsATalk) == 0) id = begin();
    const auto got = own.Post("/api/sessions/" + id + "/turns", Json({{"text", Words(i)}}).dump(),
                              "application/json");
    if (!got || got->status != 200) Fail(got);
  });
  httplib::Client openai = client();
  Json messages = Json::array();
  const double v1 = MedianMs(turns, [&](int i) {
    if (messages.size() >= 2 * kTurnsATalk) messages = Json::array();
    messages.push_back({{"role", "user"}, {"content", Words(i)}});
    const auto got = openai.Post("/v1/chat/completions", Json({{"messages", messages}}).dump(),
                                 "application/json");
    if (!got || got->status != 200) Fail(got);
    messages.push_back(Json::parse(got->body)["choices"][0]["message"]);
  });
  std::printf("a turn of 'emostage' with a model that costs nothing, median of %d:\n", turns);
  std::printf(
      "  in process %6.2f ms\n  /api       %6.2f ms  (+%.2f)\n  /v1        %6.2f ms  (+%.2f)\n",
      in_process, api, api - in_process, v1, v1 - in_process);
  std::printf("  HTTP there and back alone, GET /api/health: %.2f ms\n", http);

  // The clients live in this process too, so that what is held is counted twice: an upper bound.
  const double before = ResidentMb();
  std::vector<std::jthread> threads;
  std::atomic<int> idle = 0;
  std::atomic<bool> leave = false;
  const std::string watched = begin();
  for (int i = 0; i < kIdle; ++i) {
    threads.emplace_back([&] {
      httplib::Client one = client();
      bool first = true;
      (void)one.Get("/api/sessions/" + watched + "/events", [&](const char*, size_t) {
        if (first) ++idle;
        first = false;
        return !leave.load();
      });
    });
  }
  while (idle < kIdle) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const double with_idle = ResidentMb();
  hold = true;
  for (int i = 0; i < kActive; ++i) {
    threads.emplace_back([&] {
      httplib::Client one = client();
      (void)one.Post("/v1/chat/completions", httplib::Headers{},
                     R"({"stream": true, "messages": [{"role": "user", "content": "Hello"}]})",
                     "application/json");
    });
  }
  while (held < kActive) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const double with_all = ResidentMb();
  hold = false;
  std::printf("memory, the test's own clients counted too:\n");
  std::printf("  %d idle streams %+.1f MB, %d active ones besides %+.1f MB, %.0f MB in all\n",
              kIdle, with_idle - before, kActive, with_all - with_idle, with_all);
  leave = true;
  service.Stop(std::chrono::seconds(5));
  threads.clear();
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace emostage

int main(int argc, char** argv) {
  return emostage::Run(argc > 1 ? std::max(1, std::atoi(argv[1])) : 400);
}
