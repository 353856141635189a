#include "serve/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace emostage {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

const prometheus::Histogram::BucketBoundaries kSeconds = {0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64};

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      BuildCounter()
          .Name("emostage_http_requests_total")
          .Help("Answered requests by route and status")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& turns = BuildCounter()
                                                       .Name("emostage_turns_total")
                                                       .Help("Client turns by method and outcome")
                                                       .Register(registry);
  prometheus::Family<prometheus::Counter>& tokens =
      BuildCounter()
          .Name("emostage_tokens_total")
          .Help("Tokens read by the model, found read already, and written")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& risks =
      BuildCounter()
          .Name("emostage_risk_turns_total")
          .Help("Turns by the level of risk the talk was at, and who answered")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& held_back =
      BuildCounter()
          .Name("emostage_replies_held_back_total")
          .Help("Drafts that broke a rule for replies, by rule")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& turn_seconds =
      BuildHistogram()
          .Name("emostage_turn_seconds")
          .Help("From a turn's arrival to the end of its reply")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& first_token_seconds =
      BuildHistogram()
          .Name("emostage_first_token_seconds")
          .Help("From a turn's arrival to the first words of its reply")
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& gauges =
      BuildGauge().Name("emostage_now").Help("How many there are now").Register(registry);
  prometheus::Family<prometheus::Gauge>& cache = BuildGauge()
                                                     .Name("emostage_cache_bytes")
                                                     .Help("Memory for what was read of all talks")
                                                     .Register(registry);
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::CountRequest(const std::string& route, int status) {
  impl_->requests.Add({{"route", route}, {"status", std::to_string(status)}}).Increment();
}

void Metrics::CountTurn(const std::string& method, const std::string& outcome) {
  impl_->turns.Add({{"method", method}, {"outcome", outcome}}).Increment();
}

void Metrics::Measure(const Answer& answer) {
  double read = 0;
  double reused = 0;
  double written = 0;
  for (const Step& step : answer.steps) {
    read += step.prompt_tokens - step.reused_tokens;
    reused += step.reused_tokens;
    written += step.output_tokens;
  }
  impl_->tokens.Add({{"kind", "read"}}).Increment(read);
  impl_->tokens.Add({{"kind", "reused"}}).Increment(reused);
  impl_->tokens.Add({{"kind", "written"}}).Increment(written);
  if (!answer.risk.level.empty()) {
    impl_->risks
        .Add({{"level", answer.risk.level},
              {"language", std::string(LanguageCode(answer.language))},
              {"answered_by", answer.risk.took_over ? "protocol" : "method"}})
        .Increment();
  }
  if (!answer.risk.held_back.empty()) {
    impl_->held_back.Add({{"rule", answer.risk.held_back}}).Increment();
  }
  impl_->turn_seconds.Add({{"method", answer.method}}, kSeconds).Observe(answer.total_ms / 1000);
  impl_->first_token_seconds.Add({{"method", answer.method}}, kSeconds)
      .Observe(answer.first_token_ms / 1000);
}

std::string Metrics::Text(const HttpStats& http, size_t open_sessions, const CacheUse& cache) {
  const auto set = [this](const char* what, size_t value) {
    impl_->gauges.Add({{"what", what}}).Set(static_cast<double>(value));
  };
  set("connections", http.connections);
  set("streams", http.streams);
  set("requests_running", http.running);
  set("requests_waiting", http.waiting);
  set("open_sessions", open_sessions);
  set("open_questions", static_cast<size_t>(cache.open_questions));
  const auto bytes = [this](const char* kind, uint64_t value) {
    impl_->cache.Add({{"kind", kind}}).Set(static_cast<double>(value));
  };
  bytes("budget", cache.budget_bytes);
  bytes("reserved", cache.reserved_bytes);
  bytes("used", cache.used_bytes);
  bytes("parked", cache.parked_bytes);
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace emostage
