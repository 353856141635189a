#include "model/openai/openai_model.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <mutex>
#include <utility>

#include "base/text.h"
#include "emostage/error.h"
#include "model/openai/chat_stream.h"
#include "model/openai/endpoint.h"
#include "model/openai/probe.h"
#include "model/openai/questions.h"

namespace emostage {
namespace {

using openai::Asking;
using openai::Done;

constexpr std::size_t kMaxLabels = 256;

std::string BaseName(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// Everything a context needs; contexts keep it alive. What runs on the loop's thread does not: the
// loop ends first, and with it all that runs there.
struct Shared {
  explicit Shared(const OpenAiOptions& wanted) : options(wanted) {}
  ~Shared() { loop.reset(); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  OpenAiOptions options;
  std::unique_ptr<openai::ServerPool> pool;
  openai::Transport transport;
  openai::Traits traits;
  std::vector<openai::AddressState> addresses;
  ModelInfo info;
  std::unique_ptr<openai::HttpLoop> loop;
};

// Questions asked and not yet started.
struct Outbox {
  std::mutex mutex;
  std::vector<std::function<void()>> questions;

  void Flush(Shared& shared) {
    std::vector<std::function<void()>> all;
    {
      const std::lock_guard lock(mutex);
      all.swap(questions);
    }
    for (auto& question : all) shared.loop->Post(std::move(question));
  }
};

template <typename T>
Done<T> Into(const std::shared_ptr<std::promise<T>>& promise) {
  return [promise](std::exception_ptr error, T answer) {
    if (error) {
      promise->set_exception(std::move(error));
    } else {
      promise->set_value(std::move(answer));
    }
  };
}

void CheckSampling(const Sampling& sampling) {
  if (sampling.max_tokens < 1 || sampling.top_k < 1 || sampling.top_p <= 0 || sampling.top_p > 1 ||
      !(sampling.temperature >= 0)) {
    throw Error(ErrorCode::kInput, "sampling settings are out of range");
  }
}

void CheckLabels(const std::vector<std::string>& labels) {
  if (labels.size() < 2 || labels.size() > kMaxLabels) {
    throw Error(ErrorCode::kInput, "choose needs 2 to 256 labels");
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (Trim(labels[i]).empty()) throw Error(ErrorCode::kInput, "a label is empty");
    for (std::size_t j = 0; j < i; ++j) {
      if (labels[i] != labels[j]) continue;
      throw Error(ErrorCode::kInput, "label '" + labels[i] + "' stands twice");
    }
  }
}

class OpenAiContext : public Context {
 public:
  explicit OpenAiContext(std::shared_ptr<Shared> shared)
      : shared_(std::move(shared)),
        place_(std::make_shared<openai::Place>()),
        outbox_(std::make_shared<Outbox>()) {
    place_->home = shared_->pool->Home();
  }

  ~OpenAiContext() override {
    dropped_.request_stop();
    outbox_->Flush(*shared_);  // so that no promise is forgotten
  }

  Future<Completion> complete(Ask ask, OnToken on_token) override {
    CheckSampling(ask.sampling);
    CheckDialogue(ask);
    const Asking asking = NewAsking(ask);
    if (!ask.schema.empty()) {
      return Post<Completion>([asking, ask = std::move(ask)](Done<Completion> done) {
        openai::AskSchema(asking, ask, std::move(done));
      });
    }
    return Post<Completion>(
        [asking, ask = std::move(ask), on_token = std::move(on_token)](Done<Completion> done) {
          openai::AskText(asking, ask, on_token, std::move(done));
        });
  }

  Future<Choice> choose(Ask ask, std::vector<std::string> labels, Scoring scoring) override {
    CheckLabels(labels);
    CheckDialogue(ask);
    const Asking asking = NewAsking(ask);
    return Post<Choice>(
        [asking, ask = std::move(ask), labels = std::move(labels), scoring](Done<Choice> done) {
          openai::AskChoice(asking, ask, labels, scoring, std::move(done));
        });
  }

  Future<Score> score(Ask ask, std::string continuation) override {
    if (continuation.empty()) throw Error(ErrorCode::kInput, "there is nothing to score");
    CheckDialogue(ask);
    const Asking asking = NewAsking(ask);
    return Post<Score>(
        [asking, ask = std::move(ask), continuation = std::move(continuation)](Done<Score> done) {
          openai::AskScore(asking, ask, continuation, std::move(done));
        });
  }

  // A step a token over the network, and no server's protocol that we know of names tokens in chat.
  Future<NextTokens> next(Ask /*ask*/, int /*most*/) override {
    throw Error(ErrorCode::kModel, "this model server does not tell its next tokens one by one",
                "use a model on this machine");
  }

  Future<std::vector<Completion>> sample(Ask ask, int n) override {
    CheckSampling(ask.sampling);
    CheckDialogue(ask);
    if (n < 1 || n > 32) throw Error(ErrorCode::kInput, "sample draws 1 to 32 drafts");
    if (!ask.schema.empty()) throw Error(ErrorCode::kInput, "sample draws free text only");
    const Asking asking = NewAsking(ask);
    return Post<std::vector<Completion>>(
        [asking, ask = std::move(ask), n](Done<std::vector<Completion>> done) {
          Draw(asking, ask, n, std::move(done));
        });
  }

  void ReadAhead(const std::string& system, std::vector<Message> messages) override {
    const openai::Traits& traits = shared_->traits;
    // Not of servers that may count every request, nor of those that begin the answer anew.
    const bool worthwhile = traits.kind == openai::ServerKind::kLlamaServer ||
                            traits.kind == openai::ServerKind::kVllm ||
                            traits.kind == openai::ServerKind::kSglang;
    if (!shared_->options.read_ahead || !worthwhile || !traits.prefill) return;
    if (messages.empty() || messages.back().speaker != Speaker::kCounsellor) return;
    Ask ask;
    ask.system = system;
    ask.messages.assign(messages.begin(), messages.end() - 1);
    const std::string reply = openai::AsPlainText(messages.back().text);
    auto done = std::make_shared<std::promise<int>>();
    reading_ahead_.push_back(done->get_future());
    Sampling sampling;
    sampling.max_tokens = 1;
    try {
      OrderedJson body = openai::ChatBody(traits, ask, reply, sampling);
      if (traits.kind == openai::ServerKind::kLlamaServer) body["n_predict"] = 0;
      const Asking asking = NewAsking(ask);
      openai::CallRequest request = asking.Request("/v1/chat/completions", body);
      // What goes wrong here shows when the next question is asked.
      openai::BeginJsonCall(shared_->transport, std::move(request),
                            [done](const std::exception_ptr& error, const Json& answer) {
                              Usage usage;
                              if (!error) openai::ReadUsage(answer, usage);
                              done->set_value(std::max(0, usage.read_tokens()));
                            });
    } catch (const Error&) {
      reading_ahead_.pop_back();
    }
  }

  int WaitReadAhead() override {
    int total = 0;
    for (std::future<int>& reading : std::exchange(reading_ahead_, {})) total += reading.get();
    return total;
  }

 private:
  [[nodiscard]] Asking NewAsking(const Ask& ask) const {
    Asking asking;
    asking.transport = &shared_->transport;
    asking.traits = &shared_->traits;
    asking.place = place_;
    asking.stop = ask.stop;
    asking.dropped = dropped_.get_token();
    asking.deadline = ask.deadline;
    return asking;
  }

  // What is plainly wrong is told at once, as the engine in this process does.
  static void CheckDialogue(const Ask& ask) {
    if (!ask.answer_tokens.empty()) {
      throw Error(ErrorCode::kInput, "a model server's answer cannot begin with tokens",
                  "use a model on this machine");
    }
    (void)openai::ChatMessages(ask, "");
  }

  // Queues a question; the future starts all that are queued.
  template <typename T, typename Question>
  Future<T> Post(Question question) {
    auto promise = std::make_shared<std::promise<T>>();
    std::future<T> future = promise->get_future();
    {
      const std::lock_guard lock(outbox_->mutex);
      outbox_->questions.push_back([question = std::move(question), promise = std::move(promise)] {
        question(Into(promise));
      });
    }
    const std::weak_ptr<Shared> weak = shared_;
    return {std::move(future), [weak, outbox = outbox_] {
              if (const std::shared_ptr<Shared> shared = weak.lock()) outbox->Flush(*shared);
            }};
  }

  // Each draft tells what all of them cost.
  static void ShareUsage(std::vector<Completion>& drafts) {
    Usage whole = drafts.front().usage;
    for (std::size_t i = 1; i < drafts.size(); ++i) {
      const Usage& own = drafts[i].usage;
      whole.prompt_tokens += own.read_tokens();
      whole.output_tokens += own.output_tokens;
      whole.ms = std::max(whole.ms, own.ms);
      whole.first_ms = std::min(whole.first_ms, own.first_ms);
    }
    for (Completion& draft : drafts) draft.usage = whole;
  }

  static void Draw(const Asking& asking, const Ask& ask, int n,
                   Done<std::vector<Completion>> done) {
    struct Drafts {
      std::vector<Completion> all;
      std::size_t waiting = 0;
      bool failed = false;
    };
    const auto drafts = std::make_shared<Drafts>();
    drafts->all.resize(static_cast<std::size_t>(n));
    drafts->waiting = drafts->all.size();
    for (std::size_t i = 0; i < drafts->all.size(); ++i) {
      Ask one = ask;
      one.sampling.seed += i;
      openai::AskText(asking, one, {},
                      [drafts, i, done](std::exception_ptr error, Completion draft) {
                        if (drafts->failed) return;
                        if (error) {
                          drafts->failed = true;
                          return done(std::move(error), {});
                        }
                        drafts->all[i] = std::move(draft);
                        if (--drafts->waiting > 0) return;
                        ShareUsage(drafts->all);
                        done(nullptr, std::move(drafts->all));
                      });
    }
  }

  std::shared_ptr<Shared> shared_;
  std::shared_ptr<openai::Place> place_;
  std::shared_ptr<Outbox> outbox_;
  std::stop_source dropped_;
  std::vector<std::future<int>> reading_ahead_;
};

std::vector<float> ReadVector(const Json& answer) {
  std::vector<float> vector;
  try {
    vector = answer.at("data").at(0).at("embedding").get<std::vector<float>>();
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorCode::kModel, "the model server answers in an unknown way",
                "run 'emostage models check'");
  }
  double norm = 0;
  for (const float value : vector) norm += static_cast<double>(value) * static_cast<double>(value);
  norm = std::sqrt(norm);
  if (norm > 0) {
    for (float& value : vector) value = static_cast<float>(value / norm);
  }
  return vector;
}

class OpenAiModel : public Model {
 public:
  explicit OpenAiModel(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

  const ModelInfo& info() const override { return shared_->info; }
  std::unique_ptr<Context> Open() override { return std::make_unique<OpenAiContext>(shared_); }
  int CountTokens(std::string_view text) const override {
    return openai::GuessTokens(text, shared_->traits.rates);
  }

  std::vector<float> embed(std::string_view text) override {
    if (Trim(text).empty()) throw Error(ErrorCode::kInput, "there is no text to embed");
    if (!shared_->traits.embeddings) {
      throw Error(ErrorCode::kModel, "this model server does not embed text",
                  "use a server that offers /v1/embeddings");
    }
    OrderedJson body = {{"input", text}};
    if (!shared_->traits.model.empty()) body["model"] = shared_->traits.model;
    openai::CallRequest request;
    request.path = "/v1/embeddings";
    request.body = DumpJson(body);
    request.place = std::make_shared<openai::Place>();
    request.place->home = shared_->pool->Home();
    const auto promise = std::make_shared<std::promise<Json>>();
    openai::BeginJsonCall(shared_->transport, std::move(request), Into(promise));
    return ReadVector(promise->get_future().get());
  }

  [[nodiscard]] Shared& shared() { return *shared_; }

 private:
  std::shared_ptr<Shared> shared_;
};

std::string HowLikely(const openai::Traits& traits) {
  if (traits.any_log_probs) return "of any token, exact";
  if (traits.top_log_probs > 1) {
    return "of the " + std::to_string(traits.top_log_probs) + " likeliest tokens";
  }
  return "no: a label is picked by a bound answer, without probabilities";
}

std::string HowScored(const openai::Traits& traits) {
  if (traits.any_log_probs) return "yes, a short request for each token";
  return traits.scores() ? "yes, by log-probabilities of the prompt" : "no";
}

}  // namespace

std::shared_ptr<Model> ConnectOpenAi(const OpenAiOptions& options) {
  if (options.urls.empty()) throw Error(ErrorCode::kUsage, "a model server's address is missing");
  auto shared = std::make_shared<Shared>(options);
  std::vector<openai::Endpoint> endpoints;
  for (const std::string& url : options.urls) endpoints.push_back(openai::ParseEndpoint(url));
  shared->pool = std::make_unique<openai::ServerPool>(std::move(endpoints), options.cool_down);
  shared->loop = std::make_unique<openai::HttpLoop>();
  openai::Transport& transport = shared->transport;
  transport.pool = shared->pool.get();
  transport.loop = shared->loop.get();
  transport.key = options.api_key;
  transport.ca_file = options.ca_file;
  transport.timeouts = {options.connect_timeout, options.first_byte_timeout, options.idle_timeout};
  transport.retries = options.retries;
  transport.backoff = options.backoff;
  openai::Traits& traits = shared->traits;
  shared->addresses = openai::ProbeAddresses(transport, options, traits);
  openai::ProbeAbilities(transport, options, traits);
  transport.keep_connections = traits.kind != openai::ServerKind::kLlamaServer;

  ModelInfo& info = shared->info;
  info.name = BaseName(traits.model.empty() ? "remote model" : traits.model);
  info.architecture = openai::NameOf(traits.kind);
  info.context_tokens = traits.context;
  info.capabilities.log_probabilities = traits.chooses();
  info.capabilities.next_tokens = false;
  info.capabilities.embeddings = traits.embeddings;
  info.capabilities.schema = traits.schema;
  return std::make_shared<OpenAiModel>(std::move(shared));
}

OpenAiReport ReportOpenAi(Model& model) {
  auto* own = dynamic_cast<OpenAiModel*>(&model);
  if (own == nullptr) throw Error(ErrorCode::kInternal, "not a model behind a server");
  const Shared& shared = own->shared();
  const openai::Traits& traits = shared.traits;
  OpenAiReport report;
  for (std::size_t i = 0; i < shared.addresses.size(); ++i) {
    const openai::AddressState& state = shared.addresses[i];
    const openai::Endpoint& endpoint = shared.pool->endpoint(i);
    report.addresses.push_back(
        {endpoint.shown, state.healthy, state.problem, state.round_trip_ms, endpoint.encrypted});
  }
  report.server = openai::NameOf(traits.kind);
  report.model = traits.model;
  report.context_tokens = traits.context;
  report.context_known = traits.context_known;
  report.abilities = {
      {"log-probabilities", HowLikely(traits)},
      {"score", HowScored(traits)},
      {"schema", traits.schema ? "yes" : "no: it is described to the model and then checked"},
      {"prefill", traits.prefill ? "yes" : "no: an answer's beginning is left to the model"},
      {"embeddings", traits.embeddings ? "yes" : "no"},
  };
  return report;
}

}  // namespace emostage
