#ifndef EMOSTAGE_MODEL_LLAMA_LLAMA_MODEL_H_
#define EMOSTAGE_MODEL_LLAMA_LLAMA_MODEL_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "emostage/model.h"
#include "model/llama/survey.h"

namespace emostage {

struct LlamaOptions {
  std::string name;        // what to call it; empty: the file's name
  int context_tokens = 0;  // the longest question; 0: 8,192, or what the model was made for
  int sessions = 1;        // how many talk at the same time, about: what the cache is laid out for
  // For all that was read of all talks, in the cache or parked beside it; 0: 1 GiB. Less than one
  // question of context_tokens takes is raised to that.
  uint64_t cache_bytes = 0;
  // A talk that rests so long while others are at work is put out of the cache, to be parked.
  std::chrono::milliseconds rest{500};
  int cells = 0;  // tokens in the cache, parked ones not counted; 0: told from the three above
  // 0: one a processor this process may use, or a single one while other programs hold them. A
  // number given is kept, and only then do equal seeds give equal answers on a busy machine too.
  int threads = 0;
  int gpu_layers = -1;        // -1: all that fit, where llama.cpp was built with a GPU back end
  std::string chat_template;  // empty: the model's own; "chatml"; else a template's text
  bool share = true;          // false: read every question whole; for comparison only
  std::string root_folder;    // where system prompts once read are kept; empty: nowhere
  std::function<void(float)> progress;  // of loading, 0 to 1
};

// How many processors this process may use.
[[nodiscard]] int UsableProcessors();

// A GGUF file in this process, by llama.cpp. Throws Error(kModel) in one line for a file that is
// missing, empty, truncated, not GGUF, of an unknown architecture or without a chat template.
[[nodiscard]] std::shared_ptr<Model> LoadLlamaModel(const std::string& path,
                                                    const LlamaOptions& options = {});

// The logits after a question, for tests that compare a forked context with a fresh one. `model`
// must come from LoadLlamaModel.
[[nodiscard]] std::vector<float> QuestionLogits(Context& context, const Ask& ask);

// What is held of each talk just now, for tests. `model` must come from LoadLlamaModel.
[[nodiscard]] CacheSurvey SurveyCache(Model& model);

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_LLAMA_LLAMA_MODEL_H_
