// Writes a model file of a known shape whose weights are random: what it says means nothing, but
// it is as large and as slow as the model whose shape it has. For benchmarks without a download,
// and for tests. Equal arguments give equal files.

#include <ggml.h>
#include <gguf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <numbers>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr std::string_view kUsage =
    "usage: make_model VOCAB OUT SHAPE [q4_0|q8_0|f16] [--arch NAME] [--no-template]\n"
    "  VOCAB   a GGUF file to take the tokenizer from, e.g. ggml-vocab-qwen2.gguf of llama.cpp\n"
    "  SHAPE   tiny, smollm2-135m, qwen2.5-0.5b, qwen2.5-1.5b or qwen3-0.6b\n"
    "  --arch NAME     call the architecture NAME, whether or not anybody knows it\n"
    "  --no-template   leave the chat template out\n";

// ChatML, with no opinion about who may speak when.
constexpr const char* kChatTemplate =
    "{%- for message in messages -%}\n"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}\n"
    "{%- endfor -%}\n"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}\n";

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The measures of a decoder as its publisher's configuration gives them. Output and input
// embeddings are one matrix in all of them.
struct Shape {
  const char* name;
  const char* architecture;
  int layers;
  int width;
  int feed_forward;
  int heads;
  int key_heads;
  int head_width;
  int context;
  float rope_base;
  float norm_epsilon;
  bool attention_bias;  // on queries, keys and values
  bool head_norms;      // of queries and keys
};

constexpr Shape kShapes[] = {
    {"tiny", "llama", 2, 64, 128, 4, 2, 16, 8192, 1e4F, 1e-5F, false, false},
    {"smollm2-135m", "llama", 30, 576, 1536, 9, 3, 64, 8192, 1e5F, 1e-5F, false, false},
    {"qwen2.5-0.5b", "qwen2", 24, 896, 4864, 14, 2, 64, 32768, 1e6F, 1e-6F, true, false},
    {"qwen2.5-1.5b", "qwen2", 28, 1536, 8960, 12, 2, 128, 32768, 1e6F, 1e-6F, true, false},
    {"qwen3-0.6b", "qwen3", 28, 1024, 3072, 16, 8, 128, 40960, 1e6F, 1e-6F, false, true},
};

struct Options {
  std::string vocabulary;
  std::string out;
  const Shape* shape = nullptr;
  ggml_type type = GGML_TYPE_Q4_0;
  std::string architecture;
  bool chat_template = true;
};

const Shape* FindShape(std::string_view name) {
  for (const Shape& shape : kShapes) {
    if (name == shape.name) return &shape;
  }
  throw UsageError("no shape is called '" + std::string(name) + "'");
}

ggml_type ParseType(std::string_view name) {
  if (name == "q4_0") return GGML_TYPE_Q4_0;
  if (name == "q8_0") return GGML_TYPE_Q8_0;
  if (name == "f16") return GGML_TYPE_F16;
  throw UsageError("no type is called '" + std::string(name) + "'");
}

Options ParseArguments(const std::vector<std::string>& arguments) {
  Options options;
  std::vector<std::string> plain;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--no-template") {
      options.chat_template = false;
    } else if (arguments[i] == "--arch") {
      ++i;
      if (i == arguments.size() || arguments[i].empty()) throw UsageError("--arch needs a name");
      options.architecture = arguments[i];
    } else if (arguments[i].starts_with("--")) {
      throw UsageError("no option is called '" + arguments[i] + "'");
    } else {
      plain.push_back(arguments[i]);
    }
  }
  if (plain.size() < 3 || plain.size() > 4) throw UsageError("VOCAB, OUT and SHAPE are needed");
  options.vocabulary = plain[0];
  options.out = plain[1];
  options.shape = FindShape(plain[2]);
  if (plain.size() == 4) options.type = ParseType(plain[3]);
  if (options.architecture.empty()) options.architecture = options.shape->architecture;
  return options;
}

struct FreeGguf {
  void operator()(gguf_context* gguf) const { gguf_free(gguf); }
};
using Gguf = std::unique_ptr<gguf_context, FreeGguf>;

struct FreeGgml {
  void operator()(ggml_context* ggml) const { ggml_free(ggml); }
};
using Ggml = std::unique_ptr<ggml_context, FreeGgml>;

// A file that appears under its name only once it is whole.
class OutputFile {
 public:
  explicit OutputFile(std::string path)
      : path_(std::move(path)),
        temporary_(path_ + "." + std::to_string(getpid()) + ".part"),
        file_(std::fopen(temporary_.c_str(), "wb")) {
    if (file_ == nullptr) Fail();
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile() {
    if (file_ != nullptr) std::fclose(file_);
    if (!temporary_.empty()) std::remove(temporary_.c_str());
  }

  void Write(const void* data, size_t size) {
    if (std::fwrite(data, 1, size, file_) != size) Fail();
  }
  void Commit() {
    if (std::fclose(std::exchange(file_, nullptr)) != 0) Fail();
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0) Fail();
    temporary_.clear();
  }

 private:
  [[noreturn]] void Fail() const {
    throw std::runtime_error("cannot write " + path_ + ": " + std::strerror(errno));
  }

  std::string path_;
  std::string temporary_;
  std::FILE* file_;
};

// The keys of `path` that describe its tokenizer, and nothing else of it.
Gguf ReadTokenizer(const std::string& path) {
  const Gguf source(gguf_init_from_file(path.c_str(), {/*no_alloc=*/true, /*ctx=*/nullptr}));
  if (source == nullptr) throw std::runtime_error("cannot read a GGUF file at " + path);
  Gguf tokenizer(gguf_init_empty());
  gguf_set_kv(tokenizer.get(), source.get());
  for (int64_t i = gguf_get_n_kv(tokenizer.get()) - 1; i >= 0; --i) {
    const std::string key = gguf_get_key(tokenizer.get(), i);
    if (!key.starts_with("tokenizer.") || key.starts_with("tokenizer.chat_template")) {
      gguf_remove_key(tokenizer.get(), key.c_str());
    }
  }
  return tokenizer;
}

int CountTokens(const gguf_context* gguf, const std::string& path) {
  const int64_t key = gguf_find_key(gguf, "tokenizer.ggml.tokens");
  if (key < 0 || gguf_get_kv_type(gguf, key) != GGUF_TYPE_ARRAY) {
    throw std::runtime_error(path + " holds no vocabulary");
  }
  return static_cast<int>(gguf_get_arr_n(gguf, key));
}

void DescribeModel(gguf_context* gguf, const Options& options, int tokens) {
  const Shape& shape = *options.shape;
  const auto set_text = [&](const char* key, const std::string& value) {
    gguf_set_val_str(gguf, key, value.c_str());
  };
  const auto set_count = [&](const std::string& key, int value) {
    gguf_set_val_u32(gguf, (options.architecture + "." + key).c_str(),
                     static_cast<uint32_t>(value));
  };
  const auto set_real = [&](const std::string& key, float value) {
    gguf_set_val_f32(gguf, (options.architecture + "." + key).c_str(), value);
  };
  set_text("general.architecture", options.architecture);
  set_text("general.name", std::string("random weights in the shape of ") + shape.name);
  set_count("vocab_size", tokens);
  set_count("context_length", shape.context);
  set_count("block_count", shape.layers);
  set_count("embedding_length", shape.width);
  set_count("feed_forward_length", shape.feed_forward);
  set_count("attention.head_count", shape.heads);
  set_count("attention.head_count_kv", shape.key_heads);
  set_count("attention.key_length", shape.head_width);
  set_count("attention.value_length", shape.head_width);
  set_count("rope.dimension_count", shape.head_width);
  set_real("rope.freq_base", shape.rope_base);
  set_real("attention.layer_norm_rms_epsilon", shape.norm_epsilon);
  if (options.chat_template) set_text("tokenizer.chat_template", kChatTemplate);
}

enum class Fill { kRandom, kOnes, kZeros };

struct Tensor {
  ggml_tensor* shape;
  Fill fill;
};

// What llama-quantize makes of an embedding that also serves as the output.
ggml_type EmbeddingType(const Options& options) {
  if (options.type != GGML_TYPE_Q4_0) return options.type;
  return options.shape->width % ggml_blck_size(GGML_TYPE_Q6_K) == 0 ? GGML_TYPE_Q6_K
                                                                    : GGML_TYPE_Q8_0;
}

std::vector<Tensor> ListTensors(ggml_context* ggml, const Options& options, int tokens) {
  const Shape& shape = *options.shape;
  const int query_width = shape.heads * shape.head_width;
  const int key_width = shape.key_heads * shape.head_width;
  std::vector<Tensor> tensors;
  const auto matrix = [&](const std::string& name, int in, int out, ggml_type type) {
    ggml_tensor* tensor = ggml_new_tensor_2d(ggml, type, in, out);
    ggml_set_name(tensor, name.c_str());
    tensors.push_back({tensor, Fill::kRandom});
  };
  const auto vector = [&](const std::string& name, int size, Fill fill) {
    ggml_tensor* tensor = ggml_new_tensor_1d(ggml, GGML_TYPE_F32, size);
    ggml_set_name(tensor, name.c_str());
    tensors.push_back({tensor, fill});
  };
  matrix("token_embd.weight", shape.width, tokens, EmbeddingType(options));
  vector("output_norm.weight", shape.width, Fill::kOnes);
  for (int layer = 0; layer < shape.layers; ++layer) {
    const std::string block = "blk." + std::to_string(layer) + ".";
    vector(block + "attn_norm.weight", shape.width, Fill::kOnes);
    matrix(block + "attn_q.weight", shape.width, query_width, options.type);
    matrix(block + "attn_k.weight", shape.width, key_width, options.type);
    matrix(block + "attn_v.weight", shape.width, key_width, options.type);
    if (shape.attention_bias) {
      vector(block + "attn_q.bias", query_width, Fill::kZeros);
      vector(block + "attn_k.bias", key_width, Fill::kZeros);
      vector(block + "attn_v.bias", key_width, Fill::kZeros);
    }
    if (shape.head_norms) {
      vector(block + "attn_q_norm.weight", shape.head_width, Fill::kOnes);
      vector(block + "attn_k_norm.weight", shape.head_width, Fill::kOnes);
    }
    matrix(block + "attn_output.weight", query_width, shape.width, options.type);
    vector(block + "ffn_norm.weight", shape.width, Fill::kOnes);
    matrix(block + "ffn_gate.weight", shape.width, shape.feed_forward, options.type);
    matrix(block + "ffn_up.weight", shape.width, shape.feed_forward, options.type);
    matrix(block + "ffn_down.weight", shape.feed_forward, shape.width, options.type);
  }
  return tensors;
}

// Rows of normally distributed weights. A row is a stretch of one pool, taken from a random place:
// drawing every weight afresh would take minutes for a large model. The distribution is computed
// here because the standard library's differs from one implementation to the next.
class RandomRows {
 public:
  RandomRows() : pool_(kPoolSize) {
    for (size_t i = 0; i < kPoolSize; i += 2) {
      const double radius = std::sqrt(-2.0 * std::log(Uniform()));
      const double angle = 2.0 * std::numbers::pi * Uniform();
      pool_[i] = static_cast<float>(radius * std::cos(angle));
      pool_[i + 1] = static_cast<float>(radius * std::sin(angle));
    }
  }

  // Weights of variance 1 / size, so that a layer's output is about as large as its input.
  const std::vector<float>& Next(size_t size) {
    row_.resize(size);
    const size_t start = random_() % (kPoolSize - size);
    const float scale = 1.0F / std::sqrt(static_cast<float>(size));
    std::transform(&pool_[start], &pool_[start] + size, row_.begin(),
                   [scale](float value) { return value * scale; });
    return row_;
  }

 private:
  static constexpr size_t kPoolSize = size_t{1} << 22;

  // In (0, 1].
  double Uniform() { return (static_cast<double>(random_()) + 1.0) / 4294967296.0; }

  std::mt19937 random_{42};
  std::vector<float> pool_;
  std::vector<float> row_;
};

std::vector<char> TensorBytes(const Tensor& tensor, RandomRows& rows) {
  std::vector<char> bytes(ggml_nbytes(tensor.shape));
  if (tensor.fill != Fill::kRandom) {
    const std::vector<float> values(bytes.size() / sizeof(float),
                                    tensor.fill == Fill::kOnes ? 1.0F : 0.0F);
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
  }
  const int64_t width = tensor.shape->ne[0];
  const size_t row_bytes = ggml_row_size(tensor.shape->type, width);
  for (int64_t row = 0; row < tensor.shape->ne[1]; ++row) {
    ggml_quantize_chunk(tensor.shape->type, rows.Next(static_cast<size_t>(width)).data(),
                        bytes.data() + static_cast<size_t>(row) * row_bytes, 0, 1, width, nullptr);
  }
  return bytes;
}

void MakeModel(const Options& options) {
  const Gguf gguf = ReadTokenizer(options.vocabulary);
  const int tokens = CountTokens(gguf.get(), options.vocabulary);
  DescribeModel(gguf.get(), options, tokens);

  constexpr size_t kMostTensors = 1024;
  const Ggml ggml(ggml_init({ggml_tensor_overhead() * kMostTensors, nullptr, /*no_alloc=*/true}));
  if (ggml == nullptr) throw std::runtime_error("out of memory");
  const std::vector<Tensor> tensors = ListTensors(ggml.get(), options, tokens);
  for (const Tensor& tensor : tensors) gguf_add_tensor(gguf.get(), tensor.shape);

  OutputFile file(options.out);
  std::vector<char> header(gguf_get_meta_size(gguf.get()));
  gguf_get_meta_data(gguf.get(), header.data());
  file.Write(header.data(), header.size());
  const size_t alignment = gguf_get_alignment(gguf.get());
  RandomRows rows;
  double parameters = 0;
  double written = 0;
  for (const Tensor& tensor : tensors) {
    std::vector<char> bytes = TensorBytes(tensor, rows);
    bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
    file.Write(bytes.data(), bytes.size());
    parameters += static_cast<double>(ggml_nelements(tensor.shape));
    written += static_cast<double>(bytes.size());
  }
  file.Commit();
  std::printf("%s: %.1f million parameters, %.1f MiB, %d tokens\n", options.out.c_str(),
              parameters / 1e6, written / (1 << 20), tokens);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    MakeModel(ParseArguments({argv + 1, argv + argc}));
    return 0;
  } catch (const UsageError& error) {
    std::fprintf(stderr, "make_model: %s\n%s", error.what(), std::string(kUsage).c_str());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make_model: %s\n", error.what());
    return 1;
  }
}
