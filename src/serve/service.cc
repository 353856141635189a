#include "serve/service.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "base/json.h"
#include "emostage/error.h"
#include "emostage/version.h"
#include "knowledge/embedded.h"
#include "serve/metrics.h"
#include "serve/openai_api.h"
#include "serve/own_api.h"
#include "serve/page.h"
#include "serve/refusal.h"
#include "serve/turn_story.h"

namespace emostage {

std::span<const EmbeddedEntry> ServeFiles();  // written by EmostageEmbed.cmake: openapi.json

namespace {

constexpr std::string_view kJson = "application/json";

// The address without what tells one session from another.
std::string RouteOf(const std::string& path) {
  constexpr std::string_view kSessions = "/api/sessions/";
  if (path.starts_with(kSessions)) {
    const size_t slash = path.find('/', kSessions.size());
    const std::string rest = slash == std::string::npos ? "" : path.substr(slash);
    for (const char* known : {"", "/turns", "/stop", "/events", "/export"}) {
      if (rest == known) return "/api/sessions/*" + rest;
    }
    return "other";
  }
  for (const char* known :
       {"/", "/metrics", "/api/sessions", "/api/compare", "/api/methods", "/api/schemes",
        "/api/vocabulary", "/api/models", "/api/me", "/api/health", "/api/ready",
        "/api/openapi.json", "/v1/models", "/v1/chat/completions", "/v1/embeddings"}) {
    if (path == known) return path;
  }
  if (path.starts_with("/assets/")) return "/assets/*";
  return "other";
}

// Adds headers to an answer, and notes its status.
class NotedReply : public HttpReply {
 public:
  using Note = std::function<void(int status)>;
  NotedReply(std::shared_ptr<HttpReply> inner, HttpHeaders headers, Note note)
      : inner_(std::move(inner)), headers_(std::move(headers)), note_(std::move(note)) {}

  void Send(int status, std::string_view type, std::string body, HttpHeaders headers) override {
    note_(status);
    inner_->Send(status, type, std::move(body), With(std::move(headers)));
  }
  void Begin(int status, std::string_view type, HttpHeaders headers) override {
    note_(status);
    inner_->Begin(status, type, With(std::move(headers)));
  }
  bool Write(std::string piece) override { return inner_->Write(std::move(piece)); }
  void End() override { inner_->End(); }
  void PingEvery(std::chrono::milliseconds interval, std::string ping) override {
    inner_->PingEvery(interval, std::move(ping));
  }
  std::stop_token gone() const override { return inner_->gone(); }

 private:
  HttpHeaders With(HttpHeaders headers) const {
    headers.insert(headers.end(), headers_.begin(), headers_.end());
    return headers;
  }

  std::shared_ptr<HttpReply> inner_;
  HttpHeaders headers_;
  Note note_;
};

}  // namespace

struct Service::Impl {
  explicit Impl(ServiceOptions given)
      : options(std::move(given)),
        talks(options.talks),
        access(options.talks.store, options.access),
        openai(talks, access, watchers, metrics),
        own(talks, access, watchers, metrics) {
    options.http.error_body = [](int status, std::string_view what) {
      return ErrorBody(Refusal(status, "http", std::string(what)));
    };
    server = std::make_unique<HttpServer>(
        options.http, [this](const HttpRequest& request, const std::shared_ptr<HttpReply>& reply) {
          Handle(request, reply);
        });
    started = server.get();
    if (options.keep_days > 0) {
      keeper = std::jthread([this](const std::stop_token& stop) { ForgetOld(stop); });
    }
  }

  void ForgetOld(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    const int64_t keep_ms = static_cast<int64_t>(options.keep_days) * 24 * 3600 * 1000;
    while (!stop.stop_requested()) {
      try {
        const int deleted = talks.store().DeleteOlderThan(talks.now_ms() - keep_ms);
        if (deleted > 0) Log("deleted " + std::to_string(deleted) + " sessions past their time");
      } catch (const Error& error) {
        Log(std::string("deleting old sessions failed: ") + error.what());
      }
      wake.wait_for(lock, stop, std::chrono::hours(1), [] { return false; });
    }
  }

  void Log(const std::string& line) const {
    if (options.log) options.log(line);
  }

  void Handle(const HttpRequest& request, const std::shared_ptr<HttpReply>& plain) {
    const auto begun = std::chrono::steady_clock::now();
    const std::string route = RouteOf(request.path);
    HttpHeaders headers = access.CorsHeaders(request);
    headers.emplace_back("X-Content-Type-Options", "nosniff");
    const auto reply = std::make_shared<NotedReply>(
        plain, std::move(headers), [this, begun, route, method = request.method](int status) {
          metrics.CountRequest(route, status);
          const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
              std::chrono::steady_clock::now() - begun);
          Log(method + " " + route + " " + std::to_string(status) + " " +
              std::to_string(ms.count()) + " ms");
        });
    try {
      Route(request, reply);
    } catch (...) {
      SendRefusal(*reply, AsRefusal(std::current_exception()));
    }
  }

  void Route(const HttpRequest& request, const std::shared_ptr<HttpReply>& reply) {
    access.CheckSite(request);
    if (request.method == "OPTIONS") {
      reply->Send(204, "", "");
      return;
    }
    if (page.Handle(request, *reply) || Open(request, *reply)) return;
    const std::optional<Caller> caller = access.Identify(request);
    if (!caller) {
      throw Refusal(
          401, "key_needed",
          "a key is needed; send it as Authorization: Bearer, or ask who runs this server");
    }
    if (request.path == "/metrics" && request.method == "GET") {
      if (!caller->sees_metrics()) {
        throw Refusal(403, "not_with_this_role", "metrics need a researcher's key");
      }
      reply->Send(200, "text/plain; version=0.0.4; charset=utf-8",
                  metrics.Text(Stats(), talks.open(), CacheNow()));
      return;
    }
    if (own.Handle(request, reply, *caller) || openai.Handle(request, reply, *caller)) return;
    throw Refusal(404, "not_found", "there is nothing at this address; see /api/openapi.json");
  }

  // What needs no key. False: not here.
  bool Open(const HttpRequest& request, HttpReply& reply) {
    if (request.method != "GET") return false;
    if (request.path == "/api/health") {
      reply.Send(200, kJson, DumpJson({{"status", "ok"}, {"version", kVersion}}));
    } else if (request.path == "/api/ready") {
      std::string store = "ok";
      try {
        talks.store().Check();
      } catch (const Error& error) {
        store = error.what();
      }
      reply.Send(store == "ok" ? 200 : 503, kJson,
                 DumpJson({{"ready", store == "ok"}, {"model", "ok"}, {"store", store}}));
    } else if (request.path == "/api/openapi.json") {
      reply.Send(200, kJson, std::string(ServeFiles()[0].text));
    } else if (request.path == "/api/me") {
      const std::optional<Caller> known = access.Identify(request);
      const Caller caller = known.value_or(Caller{"", CallerRole::kClient});
      reply.Send(200, kJson,
                 DumpJson({{"name", caller.name},
                           {"role", RoleWord(caller.role)},
                           {"keys_needed", !known},
                           {"may",
                            {{"see_traces", caller.sees_traces()},
                             {"see_all_sessions", caller.sees_all()},
                             {"compare", caller.compares()}}}}));
    } else {
      return false;
    }
    return true;
  }

  // A request may come before the server's constructor has returned.
  HttpStats Stats() const {
    const HttpServer* running = started;
    return running == nullptr ? HttpStats() : running->stats();
  }

  CacheUse CacheNow() const {
    CacheUse all;
    for (const std::shared_ptr<Model>& model : talks.models()) {
      const CacheUse one = model->cache_use();
      all.budget_bytes += one.budget_bytes;
      all.reserved_bytes += one.reserved_bytes;
      all.used_bytes += one.used_bytes;
      all.parked_bytes += one.parked_bytes;
      all.open_questions += one.open_questions;
    }
    return all;
  }

  ServiceOptions options;
  Page page;
  Metrics metrics;
  Watchers watchers;
  Talks talks;
  Access access;
  OpenAiApi openai;
  OwnApi own;
  std::unique_ptr<HttpServer> server;
  std::atomic<const HttpServer*> started = nullptr;
  std::jthread keeper;
};

Service::Service(ServiceOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Service::~Service() { Stop(std::chrono::milliseconds(0)); }

std::string Service::url() const { return impl_->server->url(); }
int Service::port() const { return impl_->server->port(); }

void Service::Stop(std::chrono::milliseconds grace) {
  impl_->server->BeginStop();
  impl_->watchers.EndAll();  // who only looks on is not waited for
  impl_->server->Stop(grace);
}

}  // namespace emostage
