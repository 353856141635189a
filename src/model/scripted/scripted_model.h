#ifndef EMOSTAGE_MODEL_SCRIPTED_SCRIPTED_MODEL_H_
#define EMOSTAGE_MODEL_SCRIPTED_SCRIPTED_MODEL_H_

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "emostage/model.h"

namespace emostage {

// The model seam's twin for tests of a program's logic: answers what the test says, and keeps what
// it was asked. Thread-safe.
class ScriptedModel : public Model, public std::enable_shared_from_this<ScriptedModel> {
 public:
  // Each returns the answer to one question; may throw.
  struct Script {
    std::function<std::string(const Ask& ask)> text;
    std::function<std::vector<double>(const Ask& ask, const std::vector<std::string>& labels)>
        probabilities;  // unnormalised; default: all equal
    // Of each of the continuation's tokens; default: -1.
    std::function<double(const Ask& ask, const std::string& continuation)> log_likelihood;
    // Default: how often letters occur.
    std::function<std::vector<float>(std::string_view text)> embedding;
    FinishReason finish = FinishReason::kEnd;  // of every text
    // Likeliest first. Default: the words of `text`, one after another, hardly anything but that;
    // a word's id is its place.
    std::function<std::vector<NextToken>(const Ask& ask)> next;
  };

  [[nodiscard]] static std::shared_ptr<ScriptedModel> Create(Script script);

  // Everything asked so far, in order, of all contexts.
  [[nodiscard]] std::vector<Ask> asked() const;
  ModelInfo& mutable_info() { return info_; }

  const ModelInfo& info() const override { return info_; }
  std::unique_ptr<Context> Open() override;
  // Counts words, and every character beyond ASCII as one.
  int CountTokens(std::string_view text) const override;
  std::vector<float> embed(std::string_view text) override;

 private:
  friend class ScriptedContext;
  explicit ScriptedModel(Script script);
  void Note(const Ask& ask);

  Script script_;
  ModelInfo info_;
  mutable std::mutex mutex_;
  std::vector<Ask> asked_;
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_SCRIPTED_SCRIPTED_MODEL_H_
