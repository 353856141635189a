#include "model/openai/probe.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "base/text.h"
#include "emostage/error.h"
#include "model/openai/schema_answer.h"

namespace emostage::openai {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kGuessedContext = 8192;
// Ollama cuts what is longer than its own default off without a word.
constexpr int kOllamaContext = 4096;
constexpr int kAskedLogProbs = 20;

std::future<Json> Send(const Transport& transport, std::size_t address, const std::string& path,
                       const OrderedJson& body) {
  CallRequest request;
  request.path = path;
  if (!body.is_null()) request.body = DumpJson(body);
  request.only = address;
  const auto promise = std::make_shared<std::promise<Json>>();
  BeginJsonCall(transport, std::move(request), [promise](std::exception_ptr error, Json answer) {
    if (error) {
      promise->set_exception(std::move(error));
    } else {
      promise->set_value(std::move(answer));
    }
  });
  return promise->get_future();
}

// The answer, or nothing where there is none.
std::optional<Json> Try(std::future<Json> answer) {
  try {
    return answer.get();
  } catch (const Error&) {
    return std::nullopt;
  }
}

// The model in a server's list that `wanted` means.
const Json* FindModel(const Json& list, const std::string& wanted) {
  const auto is = [&wanted](const std::string& id) {
    const std::size_t slash = id.find_last_of('/');
    return id == wanted || id == wanted + ":latest" ||
           (slash != std::string::npos && id.substr(slash + 1) == wanted);
  };
  for (const Json& entry : list) {
    if (wanted.empty() || is(entry.value("id", ""))) return &entry;
    if (!entry.contains("aliases")) continue;
    for (const Json& alias : entry["aliases"]) {
      if (alias.is_string() && is(alias.get<std::string>())) return &entry;
    }
  }
  return nullptr;
}

ServerKind KindOf(const std::string& owner) {
  if (owner == "llamacpp") return ServerKind::kLlamaServer;
  if (owner == "vllm") return ServerKind::kVllm;
  if (owner == "sglang") return ServerKind::kSglang;
  return ServerKind::kUnknown;
}

void ReadModels(const Json& answer, const std::string& wanted, Transport& transport,
                const std::string& shown, Traits& traits) {
  const Json list = answer.is_object() ? answer.value("data", Json::array()) : Json::array();
  if (!list.is_array()) return;
  for (const Json& entry : list) traits.models.push_back(entry.value("id", ""));
  transport.models = traits.models;
  transport.model = wanted;
  if (traits.models.empty()) {
    traits.model = wanted;
    return;
  }
  const Json* entry = FindModel(list, wanted);
  if (entry == nullptr) throw StatusError({404, {}, {}}, "", {shown, wanted, traits.models});
  traits.model = entry->value("id", "");
  transport.model = traits.model;
  traits.kind = KindOf(entry->value("owned_by", ""));
  int context = 0;
  if (entry->contains("max_model_len") && (*entry)["max_model_len"].is_number_integer()) {
    context = (*entry)["max_model_len"].get<int>();
  } else if (entry->contains("meta") && (*entry)["meta"].is_object()) {
    context = (*entry)["meta"].value("n_ctx", 0);
  }
  traits.context_known = context > 0;
  traits.context = context > 0 ? context : kGuessedContext;
}

class Prober {
 public:
  Prober(const Transport& transport, std::size_t address, Traits& traits)
      : transport_(transport), address_(address), traits_(traits) {}

  void Run() {
    if (traits_.kind == ServerKind::kUnknown) LookForOllama();
    if (traits_.kind == ServerKind::kOllama) {
      // Thinking would take a model's every token from its answer.
      traits_.effort = true;
      traits_.effort = Try(Post(Question("Say yes.", 1))).has_value();
    }
    // Sent together, read one after another.
    std::future<Json> prefill = AskPrefill();
    std::future<Json> likely = AskLikely(kAskedLogProbs);
    std::future<Json> bound = AskBound();
    std::future<Json> vector = Embed();
    std::optional<std::future<Json>> prompt;
    if (traits_.kind == ServerKind::kVllm) prompt = AskPrompt();
    ReadPrefill(std::move(prefill));
    traits_.top_log_probs = CountLikely(Try(std::move(likely)));
    // The common protocol allows 20; some servers fewer.
    if (traits_.top_log_probs == 0) traits_.top_log_probs = CountLikely(Try(AskLikely(5)));
    ReadBound(Try(std::move(bound)));
    const std::optional<Json> embedded = Try(std::move(vector));
    traits_.embeddings = embedded && embedded->is_object() && embedded->contains("data");
    if (prompt) {
      const std::optional<Json> answer = Try(std::move(*prompt));
      traits_.prompt_log_probs = answer && answer->is_object() &&
                                 answer->contains("prompt_logprobs") &&
                                 (*answer)["prompt_logprobs"].is_array();
    }
    traits_.any_log_probs = traits_.kind == ServerKind::kLlamaServer;
    MeasureTokens();
  }

 private:
  [[nodiscard]] std::future<Json> Post(const OrderedJson& body) const {
    return Send(transport_, address_, "/v1/chat/completions", body);
  }

  [[nodiscard]] OrderedJson Question(const std::string& text, int tokens,
                                     std::string_view begun = "") const {
    Ask ask;
    ask.messages = {{Speaker::kClient, text}};
    Sampling sampling;
    sampling.max_tokens = tokens;
    return ChatBody(traits_, ask, begun, sampling);
  }

  [[nodiscard]] static std::string Content(const Json& answer) {
    try {
      const Json& content = answer.at("choices").at(0).at("message").at("content");
      return content.is_string() ? content.get<std::string>() : "";
    } catch (const nlohmann::json::exception&) {
      return "";
    }
  }

  void LookForOllama() {
    const std::optional<Json> version =
        Try(Send(transport_, address_, "/api/version", OrderedJson()));
    if (!version || !version->is_object() || !version->contains("version")) return;
    traits_.kind = ServerKind::kOllama;
    if (!traits_.context_known) traits_.context = kOllamaContext;
  }

  static constexpr std::string_view kBegun = "A B C D E F";
  [[nodiscard]] std::future<Json> AskPrefill() const {
    return Post(
        Question("Say the alphabet in capital letters with a blank between two.", 4, kBegun));
  }
  void ReadPrefill(std::future<Json> future) {
    const std::optional<Json> answer = Try(std::move(future));
    if (!answer) return;
    std::string content = Content(*answer);
    if (content.starts_with(kBegun)) content.erase(0, kBegun.size());  // some repeat it
    // Of these we know that they do where they do not refuse; of others the answer must show it.
    traits_.prefill = traits_.kind == ServerKind::kLlamaServer ||
                      traits_.kind == ServerKind::kVllm || traits_.kind == ServerKind::kSglang ||
                      Trim(content).starts_with("G");
  }

  [[nodiscard]] std::future<Json> AskLikely(int count) const {
    OrderedJson body = Question("Say yes.", 1);
    body["logprobs"] = true;
    body["top_logprobs"] = count;
    return Post(body);
  }
  static int CountLikely(const std::optional<Json>& answer) {
    if (!answer) return 0;
    try {
      const Json& content = answer->at("choices").at(0).at("logprobs").at("content");
      return static_cast<int>(content.at(0).at("top_logprobs").size());
    } catch (const nlohmann::json::exception&) {
      return 0;
    }
  }

  static constexpr std::string_view kSchema =
      R"({"type":"object","properties":{"word":{"enum":["blue","green"]}},"required":["word"]})";
  [[nodiscard]] std::future<Json> AskBound() const {
    // Nothing in the question speaks of JSON, so that only the binding can lead to it.
    OrderedJson body = Question("Say hello.", 24);
    BindToSchema(body, ServerSchema(kSchema));
    return Post(body);
  }
  void ReadBound(const std::optional<Json>& answer) {
    if (!answer) return;
    try {
      (void)FitToSchema(Content(*answer), kSchema);
      traits_.schema = true;
    } catch (const Error&) {
      traits_.schema = false;
    }
  }

  [[nodiscard]] std::future<Json> Embed() const {
    OrderedJson body = {{"input", "word"}};
    if (!traits_.model.empty()) body["model"] = traits_.model;
    return Send(transport_, address_, "/v1/embeddings", body);
  }

  [[nodiscard]] std::future<Json> AskPrompt() const {
    OrderedJson body = Question("Say yes.", 1);
    body["prompt_logprobs"] = 0;
    return Post(body);
  }

  // How many tokens this vocabulary takes for texts of each kind; with a margin, for other texts
  // than these.
  void MeasureTokens() {
    constexpr double kMargin = 1.15;
    constexpr std::string_view kLatin =
        "I could not sleep again last night, because I keep thinking about what my mother said. "
        "Everyone else seems to manage; why am I the only one who can't?";
    constexpr std::string_view kCjk =
        "我昨天晚上又没睡着，一直在想妈妈说的话。最近工作压力很大，我觉得自己什么都做不好。"
        "昨日もよく眠れませんでした。母に言われたことをずっと考えてしまいます。";
    const int latin = Count(kLatin);
    const int cjk = Count(kCjk);
    if (latin <= 0 || cjk <= 0) return;
    traits_.rates.one_byte = kMargin * latin / static_cast<double>(kLatin.size());
    traits_.rates.three_bytes = kMargin * cjk / static_cast<double>(CountCodepoints(kCjk));
  }

  [[nodiscard]] int Count(std::string_view text) const {
    OrderedJson body;
    if (traits_.kind == ServerKind::kLlamaServer) {
      body = {{"content", text}};
    } else if (traits_.kind == ServerKind::kVllm) {
      body = {{"model", traits_.model}, {"prompt", text}, {"add_special_tokens", false}};
    } else {
      return 0;
    }
    const std::optional<Json> answer = Try(Send(transport_, address_, "/tokenize", body));
    if (!answer || !answer->is_object() || !answer->contains("tokens")) return 0;
    return static_cast<int>((*answer)["tokens"].size());
  }

  const Transport& transport_;
  std::size_t address_;
  Traits& traits_;
};

}  // namespace

std::vector<AddressState> ProbeAddresses(Transport& transport, const OpenAiOptions& options,
                                         Traits& traits) {
  ServerPool& pool = *transport.pool;
  transport.model = options.model;
  traits.model = options.model;
  std::vector<AddressState> states(pool.size());
  std::vector<std::future<Json>> answers;
  const Clock::time_point begun = Clock::now();
  for (std::size_t i = 0; i < pool.size(); ++i) {
    answers.push_back(Send(transport, i, "/v1/models", OrderedJson()));
  }
  std::exception_ptr first_problem;
  bool read = false;
  for (std::size_t i = 0; i < pool.size(); ++i) {
    try {
      const Json answer = answers[i].get();
      states[i].round_trip_ms =
          std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
      if (!read) {
        try {
          ReadModels(answer, options.model, transport, pool.endpoint(i).shown, traits);
        } catch (const nlohmann::json::exception&) {
          throw NonsenseError({200, {}, {}}, "", {pool.endpoint(i).shown, {}, {}});
        }
        read = true;
      }
      states[i].healthy = true;
    } catch (const Error& error) {
      states[i].problem = error.what();
      pool.MarkIll(i, Clock::now());
      if (!first_problem) first_problem = std::current_exception();
    }
  }
  if (std::ranges::none_of(states, &AddressState::healthy)) std::rethrow_exception(first_problem);
  if (options.context_tokens > 0) {
    traits.context = options.context_tokens;
    traits.context_known = true;
  }
  return states;
}

void ProbeAbilities(const Transport& transport, const OpenAiOptions& options, Traits& traits) {
  Prober(transport, transport.pool->Pick(0), traits).Run();
  if (options.context_tokens > 0) traits.context = options.context_tokens;
}

}  // namespace emostage::openai
