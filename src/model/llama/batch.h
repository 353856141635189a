#ifndef EMOSTAGE_MODEL_LLAMA_BATCH_H_
#define EMOSTAGE_MODEL_LLAMA_BATCH_H_

#include <llama.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/llama/vocabulary.h"

namespace emostage {

// A sequence in the cache and the tokens that stand in it, which the engine must know since the
// cache does not. `tokens` is always exactly what has been read.
struct Branch {
  llama_seq_id sequence = -1;
  std::vector<Token> tokens;
  bool ready = false;  // roots: read to the end
  uint64_t last_used = 0;
};

// How many tokens two sequences have in common at their start.
[[nodiscard]] inline size_t CommonPrefix(std::span<const Token> a, std::span<const Token> b) {
  return static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

// The tokens of one pass of the model, in the layout llama_decode wants.
class Batch {
 public:
  void Clear() {
    tokens_.clear();
    positions_.clear();
    sequences_.clear();
    counts_.clear();
    wanted_.clear();
    outputs_ = 0;
  }
  // `also`: a second sequence, as long as the first, that gets the token too; -1: none.
  void Add(Token token, llama_pos position, llama_seq_id sequence, llama_seq_id also, bool wanted) {
    tokens_.push_back(token);
    positions_.push_back(position);
    sequences_.push_back({sequence, also});
    counts_.push_back(also < 0 ? 1 : 2);
    wanted_.push_back(wanted ? 1 : 0);
    outputs_ += wanted ? 1 : 0;
  }
  [[nodiscard]] int size() const { return static_cast<int>(tokens_.size()); }
  [[nodiscard]] int outputs() const { return outputs_; }

  // Valid until the next call of Add or Clear.
  [[nodiscard]] llama_batch View() {
    pointers_.clear();
    for (std::array<llama_seq_id, 2>& of_one : sequences_) pointers_.push_back(of_one.data());
    llama_batch view{};
    view.n_tokens = size();
    view.token = tokens_.data();
    view.pos = positions_.data();
    view.n_seq_id = counts_.data();
    view.seq_id = pointers_.data();
    view.logits = wanted_.data();
    return view;
  }

 private:
  std::vector<Token> tokens_;
  std::vector<llama_pos> positions_;
  std::vector<std::array<llama_seq_id, 2>> sequences_;
  std::vector<int8_t> wanted_;
  std::vector<int32_t> counts_;
  std::vector<llama_seq_id*> pointers_;
  int outputs_ = 0;
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_LLAMA_BATCH_H_
