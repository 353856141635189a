#ifndef EMOSTAGE_MODEL_LLAMA_ROOT_CACHE_H_
#define EMOSTAGE_MODEL_LLAMA_ROOT_CACHE_H_

#include <llama.h>

#include <string>
#include <vector>

#include "model/llama/vocabulary.h"

namespace emostage {

// System prompts that were read once, kept on disk so that the next process starts with them read.
// Only system prompts: fixed texts of the program's own data files, never a word of a client's.
//
// A file that is missing, damaged or of another model is passed over; nothing here ever fails the
// caller. The folder holds the newest few files, readable by the user alone.
class RootCache {
 public:
  // An empty folder switches it off.
  RootCache(std::string folder, std::string model_id);

  // Fills the sequence with the tokens' state; false when it is not here.
  bool Load(llama_context* context, llama_seq_id sequence, const std::vector<Token>& tokens) const;
  void Save(llama_context* context, llama_seq_id sequence, const std::vector<Token>& tokens) const;

 private:
  // What a file begins with: the model and the tokens. A checksum of the rest comes next.
  [[nodiscard]] std::string Header(const std::vector<Token>& tokens) const;
  [[nodiscard]] std::string PathFor(const std::vector<Token>& tokens) const;

  std::string folder_;
  std::string model_id_;
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_LLAMA_ROOT_CACHE_H_
