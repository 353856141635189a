#ifndef EMOSTAGE_METHOD_MOOD_MEMORY_H_
#define EMOSTAGE_METHOD_MOOD_MEMORY_H_

#include <string_view>
#include <vector>

#include "method/method.h"
#include "method/recollection.h"

namespace emostage {

// Our reading of Emotional RAG (2024): what this client told in earlier talks is recalled by its
// meaning and by the mood it was told in, and the reply is told of it.
class MoodMemory : public Method {
 public:
  explicit MoodMemory(MoodRanking ranking = MoodRanking::kSum) : ranking_(ranking) {}

  [[nodiscard]] std::string_view name() const override { return "mood-memory"; }
  [[nodiscard]] std::string_view summary() const override {
    return "recalls what the client told in earlier talks, by meaning and by mood "
           "(our reading of Emotional RAG, 2024)";
  }
  [[nodiscard]] std::string_view source() const override {
    return "Emotional RAG (2024), our reading";
  }
  // At most: the mood of what was told before is asked once.
  [[nodiscard]] int calls() const override { return 22; }
  [[nodiscard]] Needs needs() const override { return {.store = true, .embeddings = true}; }
  [[nodiscard]] std::vector<std::string_view> steps() const override {
    return {"mood", "mood of a memory", "recall", "reply"};
  }
  [[nodiscard]] std::string_view prompts() const override { return "mood-memory"; }
  [[nodiscard]] Answer Respond(Stage& stage) const override;

 private:
  MoodRanking ranking_;
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_MOOD_MEMORY_H_
