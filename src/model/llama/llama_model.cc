#include "model/llama/llama_model.h"

#include <llama.h>
#include <sched.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>
#include <thread>
#include <utility>

#include "emostage/error.h"
#include "model/llama/chat_template.h"
#include "model/llama/choose_decoder.h"
#include "model/llama/engine.h"
#include "model/llama/prompt_builder.h"
#include "model/llama/quiet.h"
#include "model/llama/schema_decoder.h"
#include "model/llama/text_decoder.h"
#include "model/schema.h"

namespace emostage {
namespace {

constexpr int kDefaultContext = 8192;
constexpr size_t kMaxLabels = 256;
constexpr int kMostNext = 1024;
constexpr uint64_t kDefaultCache = uint64_t{1} << 30;
constexpr int kFew = 2;  // talks at the same time, for whose branches the usual sequences do
constexpr int kMostAtWork = 16;  // talks in the cache at the same time; see Engine::Admit
constexpr int kCellsEach = 2048;

// The common pattern "<|im_start|>role\n…<|im_end|>\n", for models that carry no template.
constexpr std::string_view kChatMl =
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + "
    "'\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

// What can be told of a file before llama.cpp is asked, in words that say what to do.
void CheckFile(const std::string& path) {
  constexpr const char* kHelp = "give a GGUF file, or a name that 'emostage models list' shows";
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) {
    throw Error(ErrorCode::kModel,
                "model file '" + path + "' cannot be read: " + std::strerror(errno), kHelp);
  }
  if (S_ISDIR(info.st_mode)) {
    throw Error(ErrorCode::kModel, "model '" + path + "' is a folder", kHelp);
  }
  if (info.st_size == 0)
    throw Error(ErrorCode::kModel, "model file '" + path + "' is empty", kHelp);
  std::ifstream file(path, std::ios::binary);
  char magic[4] = {};
  if (!file.read(magic, sizeof(magic)) || std::string_view(magic, 4) != "GGUF") {
    throw Error(ErrorCode::kModel, "model file '" + path + "' is not a GGUF file", kHelp);
  }
}

std::string FileName(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::string TokenText(const llama_vocab* vocab, llama_token token) {
  return token == LLAMA_TOKEN_NULL ? "" : llama_vocab_get_text(vocab, token);
}

// What a token takes in the cache, keys and values of 16 bits; about, where layers differ.
uint64_t BytesPerCell(const llama_model* model, const std::string& architecture) {
  const auto length = [&](const char* what) {
    char text[32] = {};
    const std::string key = architecture + ".attention." + what + "_length";
    if (llama_model_meta_val_str(model, key.c_str(), text, sizeof(text)) > 0) {
      return std::max(0, std::atoi(text));
    }
    return llama_model_n_embd(model) / std::max(1, llama_model_n_head(model));
  };
  return uint64_t{2} * static_cast<uint64_t>(llama_model_n_layer(model)) *
         static_cast<uint64_t>(llama_model_n_head_kv(model)) *
         static_cast<uint64_t>(length("key") + length("value"));
}

// Everything a context needs; contexts keep it alive.
struct Shared {
  ~Shared() {
    engine.reset();
    if (embedder != nullptr) llama_free(embedder);
    llama_model_free(model);
  }

  llama_model* model = nullptr;
  ModelInfo info;
  std::unique_ptr<TokenVocabulary> vocabulary;
  std::unique_ptr<ChatTemplate> chat_template;
  std::unique_ptr<PromptBuilder> prompts;
  std::unique_ptr<Engine> engine;
  std::mutex embed_mutex;
  llama_context* embedder = nullptr;  // made when first needed
  int threads = 1;
};

// Keeps the logits after a question.
class LogitsDecoder : public Decoder {
 public:
  [[nodiscard]] std::future<std::vector<float>> future() { return promise_.get_future(); }
  void OnLogits(size_t, size_t, std::span<const float> logits) override {
    logits_.assign(logits.begin(), logits.end());
  }
  [[nodiscard]] std::vector<Read> Next() override { return {}; }
  void Finish(const Usage&, bool) override { promise_.set_value(std::move(logits_)); }
  void Fail(std::exception_ptr error) override { promise_.set_exception(error); }

 private:
  std::vector<float> logits_;
  std::promise<std::vector<float>> promise_;
};

class LlamaContext : public Context {
 public:
  explicit LlamaContext(std::shared_ptr<Shared> shared)
      : shared_(std::move(shared)),
        place_(shared_->engine->NewPlace()),
        outbox_(std::make_shared<Outbox>()) {}

  ~LlamaContext() override {
    Flush(*shared_, *outbox_);  // so that no promise is forgotten
    shared_->engine->Drop(place_);
  }

  Future<Completion> complete(Ask ask, OnToken on_token) override {
    CheckSampling(ask.sampling);
    if (!ask.schema.empty()) {
      auto decoder = std::make_unique<SchemaDecoder>(
          shared_->vocabulary.get(), CompileSchema(ask.schema), ask.sampling, Remembering());
      std::future<Completion> future = decoder->future();
      Question question = Prepare(ask, decoder->opening());
      return {std::move(future), Post(std::move(question), std::move(decoder))};
    }
    Question question = Prepare(ask);
    auto decoder =
        std::make_unique<TextDecoder>(shared_->vocabulary.get(), Fitted(ask.sampling, question, 1),
                                      1, std::move(on_token), Remembering());
    std::future<Completion> future = decoder->first();
    return {std::move(future), Post(std::move(question), std::move(decoder))};
  }

  Future<Choice> choose(Ask ask, std::vector<std::string> labels, Scoring scoring) override {
    if (labels.size() < 2 || labels.size() > kMaxLabels) {
      throw Error(ErrorCode::kInput, "choose needs 2 to 256 labels");
    }
    std::vector<std::vector<Token>> tokens;
    for (const std::string& label : labels) {
      tokens.push_back(shared_->vocabulary->Tokenize(label, false));
      if (tokens.back().empty()) throw Error(ErrorCode::kInput, "a label is empty");
      for (size_t i = 0; i + 1 < tokens.size(); ++i) {
        if (tokens[i] == tokens.back()) {
          throw Error(ErrorCode::kInput, "label '" + label + "' stands twice");
        }
      }
    }
    if (scoring == Scoring::kFirstDifference) {
      auto decoder = std::make_unique<ChooseDecoder>(tokens);
      std::future<Choice> future = decoder->future();
      return {std::move(future), Post(Prepare(ask), std::move(decoder))};
    }
    auto decoder = std::make_unique<ScoreDecoder>(tokens);
    std::future<Choice> future = decoder->choice();
    return {std::move(future), Post(Prepare(ask), std::move(decoder))};
  }

  Future<Score> score(Ask ask, std::string continuation) override {
    std::vector<Token> tokens = shared_->vocabulary->Tokenize(continuation, false);
    if (tokens.empty()) throw Error(ErrorCode::kInput, "there is nothing to score");
    std::vector<std::string> pieces;
    for (const Token token : tokens) pieces.push_back(shared_->vocabulary->Piece(token));
    auto decoder =
        std::make_unique<ScoreDecoder>(std::vector<std::vector<Token>>{tokens}, std::move(pieces));
    std::future<Score> future = decoder->score();
    return {std::move(future), Post(Prepare(ask), std::move(decoder))};
  }

  Future<NextTokens> next(Ask ask, int most) override {
    if (most < 1 || most > kMostNext) {
      throw Error(ErrorCode::kInput, "next tells the 1 to 1024 likeliest tokens");
    }
    auto decoder =
        std::make_unique<NextDecoder>(shared_->vocabulary.get(), static_cast<size_t>(most));
    std::future<NextTokens> future = decoder->future();
    return {std::move(future), Post(Prepare(ask), std::move(decoder))};
  }

  Future<std::vector<Completion>> sample(Ask ask, int n) override {
    CheckSampling(ask.sampling);
    if (n < 1 || n > 32) throw Error(ErrorCode::kInput, "sample draws 1 to 32 drafts");
    if (!ask.schema.empty()) throw Error(ErrorCode::kInput, "sample draws free text only");
    Question question = Prepare(ask);
    auto decoder = std::make_unique<TextDecoder>(
        shared_->vocabulary.get(), Fitted(ask.sampling, question, n), n, OnToken{}, Remembering());
    std::future<std::vector<Completion>> future = decoder->future();
    return {std::move(future), Post(std::move(question), std::move(decoder))};
  }

  void ReadAhead(const std::string& system, std::vector<Message> messages) override {
    Question question;
    question.place = place_;
    {
      const std::lock_guard lock(outbox_->mutex);
      question.prompt = shared_->prompts->ForDialogue(system, messages, outbox_->memory);
    }
    if (static_cast<int>(question.prompt.tokens.size()) >= shared_->info.context_tokens) return;
    auto done = std::make_shared<std::promise<int>>();
    reading_ahead_.push_back(done->get_future());
    // Reading ahead only ever saves time: what goes wrong shows when the next question is asked.
    question.read_done = [done](int read, const std::exception_ptr&) { done->set_value(read); };
    std::vector<Question> questions;
    questions.push_back(std::move(question));
    shared_->engine->Submit(std::move(questions));
  }

  int WaitReadAhead() override {
    int total = 0;
    for (std::future<int>& reading : std::exchange(reading_ahead_, {})) total += reading.get();
    return total;
  }

  [[nodiscard]] std::vector<float> Logits(const Ask& ask) {
    auto decoder = std::make_unique<LogitsDecoder>();
    std::future<std::vector<float>> future = decoder->future();
    Post(Prepare(ask), std::move(decoder))();
    return future.get();
  }

 private:
  // Questions asked and not yet started, and the tokens of the dialogue's texts. Shared with the
  // futures, which may outlive the context.
  struct Outbox {
    std::mutex mutex;
    std::vector<Question> questions;
    TokenMemory memory;
  };

  static void Flush(Shared& shared, Outbox& outbox) {
    std::vector<Question> questions;
    {
      const std::lock_guard lock(outbox.mutex);
      questions = std::exchange(outbox.questions, {});
    }
    if (!questions.empty()) shared.engine->Submit(std::move(questions));
  }

  static void CheckSampling(const Sampling& sampling) {
    if (sampling.max_tokens < 1 || sampling.top_k < 1 || sampling.top_p <= 0 ||
        sampling.top_p > 1 || !(sampling.temperature >= 0)) {
      throw Error(ErrorCode::kInput, "sampling settings are out of range");
    }
  }

  [[nodiscard]] std::function<void(const std::string&, const std::vector<Token>&)> Remembering() {
    return [outbox = outbox_, vocabulary = shared_->vocabulary.get()](
               const std::string& text, const std::vector<Token>& tokens) {
      const std::lock_guard lock(outbox->mutex);
      outbox->memory.Remember(*vocabulary, text, tokens);
    };
  }

  // A question without its decoder. `opening` is dictated to the answer.
  Question Prepare(const Ask& ask, const std::vector<Token>& opening = {}) {
    Question question;
    question.place = place_;
    question.stop = ask.stop;
    question.deadline = ask.deadline;
    {
      const std::lock_guard lock(outbox_->mutex);
      question.prompt = shared_->prompts->ForQuestion(ask, outbox_->memory);
    }
    question.prompt.tokens.insert(question.prompt.tokens.end(), opening.begin(), opening.end());
    question.opening_tokens = static_cast<int>(opening.size());
    if (Room(question) < std::min(ask.sampling.max_tokens, shared_->info.context_tokens / 4)) {
      throw Error(ErrorCode::kInput,
                  "the dialogue takes " + std::to_string(question.prompt.tokens.size()) +
                      " tokens, more than the model's context of " +
                      std::to_string(shared_->info.context_tokens) + " can hold",
                  "use a larger --context or a model with a longer context");
    }
    return question;
  }

  // The tokens that an answer may still take.
  [[nodiscard]] int Room(const Question& question) const {
    return shared_->info.context_tokens - static_cast<int>(question.prompt.tokens.size());
  }

  // An answer that would outgrow the context ends where the context does.
  [[nodiscard]] Sampling Fitted(Sampling sampling, const Question& question, int drafts) const {
    sampling.max_tokens = std::min(sampling.max_tokens, std::max(1, Room(question) / drafts));
    return sampling;
  }

  // Queues a question; the returned function starts all that are queued.
  std::function<void()> Post(Question question, std::unique_ptr<Decoder> decoder) {
    question.decoder = std::move(decoder);
    const std::lock_guard lock(outbox_->mutex);
    outbox_->questions.push_back(std::move(question));
    return [shared = shared_, outbox = outbox_] { Flush(*shared, *outbox); };
  }

  std::shared_ptr<Shared> shared_;
  std::shared_ptr<Place> place_;
  std::shared_ptr<Outbox> outbox_;
  std::vector<std::future<int>> reading_ahead_;
};

class LlamaModel : public Model {
 public:
  explicit LlamaModel(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

  const ModelInfo& info() const override { return shared_->info; }
  std::unique_ptr<Context> Open() override { return std::make_unique<LlamaContext>(shared_); }
  int CountTokens(std::string_view text) const override {
    return static_cast<int>(shared_->vocabulary->Tokenize(text, false).size());
  }

  [[nodiscard]] CacheUse cache_use() const override { return shared_->engine->cache_use(); }
  [[nodiscard]] CacheSurvey Survey() { return shared_->engine->Survey(); }

  std::vector<float> embed(std::string_view text) override {
    const std::lock_guard lock(shared_->embed_mutex);
    std::vector<Token> tokens = shared_->vocabulary->Tokenize(text, false);
    if (tokens.empty()) throw Error(ErrorCode::kInput, "there is no text to embed");
    constexpr size_t kLongest = 512;
    if (tokens.size() > kLongest) tokens.resize(kLongest);
    if (shared_->embedder == nullptr) {
      llama_context_params params = llama_context_default_params();
      params.n_ctx = params.n_batch = params.n_ubatch = kLongest;
      params.n_threads = params.n_threads_batch = shared_->threads;
      params.embeddings = true;
      params.pooling_type = LLAMA_POOLING_TYPE_MEAN;
      params.no_perf = true;
      shared_->embedder = llama_init_from_model(shared_->model, params);
      if (shared_->embedder == nullptr) {
        throw Error(ErrorCode::kModel, "this model cannot embed text");
      }
    }
    llama_memory_clear(llama_get_memory(shared_->embedder), true);
    const auto count = static_cast<int32_t>(tokens.size());
    if (llama_decode(shared_->embedder, llama_batch_get_one(tokens.data(), count)) != 0) {
      throw Error(ErrorCode::kModel, "this model could not embed the text");
    }
    const float* values = llama_get_embeddings_seq(shared_->embedder, 0);
    if (values == nullptr) throw Error(ErrorCode::kModel, "this model cannot embed text");
    std::vector<float> vector(values, values + llama_model_n_embd_out(shared_->model));
    double norm = 0;
    for (float value : vector) norm += static_cast<double>(value) * static_cast<double>(value);
    norm = std::sqrt(norm);
    if (norm > 0) {
      for (float& value : vector) value = static_cast<float>(value / norm);
    }
    return vector;
  }

 private:
  std::shared_ptr<Shared> shared_;
};

std::unique_ptr<ChatTemplate> TemplateFor(const llama_model* model, const std::string& path,
                                          const std::string& wanted) {
  const char* own = llama_model_chat_template(model, nullptr);
  std::string source = wanted == "chatml" ? std::string(kChatMl) : wanted;
  if (source.empty() && own != nullptr) source = own;
  if (source.empty()) {
    throw Error(ErrorCode::kModel, "model file '" + path + "' carries no chat template",
                "if it is a chat model, add --chat-template chatml or a template file");
  }
  const llama_vocab* vocab = llama_model_get_vocab(model);
  return std::make_unique<ChatTemplate>(source, TokenText(vocab, llama_vocab_bos(vocab)),
                                        TokenText(vocab, llama_vocab_eos(vocab)));
}

}  // namespace

int UsableProcessors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1U, std::thread::hardware_concurrency());
}

std::shared_ptr<Model> LoadLlamaModel(const std::string& path, const LlamaOptions& options) {
  CheckFile(path);
  const QuietLlama quiet;  // and remembers what llama.cpp complained of
  llama_model_params params = llama_model_default_params();
  params.n_gpu_layers = options.gpu_layers;
  struct Progress {
    const std::function<void(float)>* report;
  } progress{&options.progress};
  params.progress_callback = [](float done, void* data) {
    const auto& report = *static_cast<Progress*>(data)->report;
    if (report) report(done);
    return true;
  };
  params.progress_callback_user_data = &progress;

  auto shared = std::make_shared<Shared>();
  shared->model = llama_model_load_from_file(path.c_str(), params);
  if (shared->model == nullptr) {
    throw Error(ErrorCode::kModel, "model file '" + path + "' cannot be loaded: " + quiet.Reason(),
                "it may be damaged or too new; get it again, or try another");
  }
  if (!llama_model_has_decoder(shared->model) || llama_model_has_encoder(shared->model)) {
    throw Error(ErrorCode::kModel, "model file '" + path + "' is not a text-generating model",
                "give a chat model");
  }
  shared->vocabulary = std::make_unique<TokenVocabulary>(llama_model_get_vocab(shared->model));
  shared->chat_template = TemplateFor(shared->model, path, options.chat_template);
  shared->prompts =
      std::make_unique<PromptBuilder>(shared->chat_template.get(), shared->vocabulary.get());

  char text[128] = {};
  ModelInfo& info = shared->info;
  info.name = options.name.empty() ? FileName(path) : options.name;
  llama_model_meta_val_str(shared->model, "general.architecture", text, sizeof(text));
  info.architecture = text;
  const int trained = llama_model_n_ctx_train(shared->model);
  info.context_tokens =
      options.context_tokens > 0 ? options.context_tokens : std::min(trained, kDefaultContext);
  info.parameters = llama_model_n_params(shared->model);
  info.bytes = llama_model_size(shared->model);

  EngineOptions engine;
  engine.context_tokens = info.context_tokens;
  engine.bytes_per_cell = BytesPerCell(shared->model, info.architecture);
  const uint64_t budget = options.cache_bytes > 0 ? options.cache_bytes : kDefaultCache;
  // Half of the budget at most for talks at work: the others wait outside of the cache, where they
  // do not slow every pass down.
  const uint64_t affordable = budget / 2 / std::max<uint64_t>(1, engine.bytes_per_cell);
  const uint64_t wanted = static_cast<uint64_t>(std::clamp(options.sessions, 1, kMostAtWork)) *
                          static_cast<uint64_t>(kCellsEach);
  const auto told = static_cast<int>(std::min(wanted, affordable));
  engine.cells = std::max(info.context_tokens, options.cells > 0 ? options.cells : told);
  const uint64_t in_cache = static_cast<uint64_t>(engine.cells) * engine.bytes_per_cell;
  engine.parked_bytes = budget > in_cache ? budget - in_cache : 0;
  engine.sequences = options.sessions > kFew ? 2 * engine.sequences : engine.sequences;
  engine.flash_attention = llama_supports_gpu_offload();
  engine.threads = options.threads > 0 ? options.threads : UsableProcessors();
  engine.adapt_threads = options.threads == 0;
  engine.share = options.share;
  engine.root_folder = options.root_folder;
  engine.rest = options.rest;
  struct stat file{};
  stat(path.c_str(), &file);
  engine.model_id = info.architecture + "/" + std::to_string(info.parameters) + "/" +
                    std::to_string(file.st_size) + "/" + std::to_string(file.st_mtime) + "/" +
                    std::to_string(file.st_ino) + "/" + llama_version();
  info.id = engine.model_id;
  shared->threads = engine.threads;
  shared->engine = std::make_unique<Engine>(shared->model, std::move(engine));
  return std::make_shared<LlamaModel>(std::move(shared));
}

std::vector<float> QuestionLogits(Context& context, const Ask& ask) {
  auto* own = dynamic_cast<LlamaContext*>(&context);
  if (own == nullptr) throw Error(ErrorCode::kInternal, "not a context of llama.cpp");
  return own->Logits(ask);
}

CacheSurvey SurveyCache(Model& model) {
  auto* own = dynamic_cast<LlamaModel*>(&model);
  if (own == nullptr) throw Error(ErrorCode::kInternal, "not a model of llama.cpp");
  return own->Survey();
}

}  // namespace emostage
