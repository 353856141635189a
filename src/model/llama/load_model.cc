#include "emostage/emostage.h"
#include "model/llama/llama_model.h"

namespace emostage {

std::shared_ptr<Model> LoadModel(const std::string& path, int context_tokens) {
  LlamaOptions options;
  options.context_tokens = context_tokens;
  return LoadLlamaModel(path, options);
}

}  // namespace emostage
