#ifndef EMOSTAGE_KNOWLEDGE_WORD_WEIGHTS_H_
#define EMOSTAGE_KNOWLEDGE_WORD_WEIGHTS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "emostage/dialogue.h"
#include "knowledge/toml_reader.h"

namespace emostage {

// A linear reading of a turn, learned from labelled ones: data/safety/weights.LANGUAGE.toml,
// written by tools/train_risk_words.py. Each feature (word_features.h) has a weight for each track;
// what they sum to, against "no danger", whose weights are nothing, becomes a probability
// (softmax).
class WordWeights {
 public:
  struct Reading {
    double danger = 0;       // the probability of any danger
    std::string_view track;  // the likeliest, if there is danger; lives as long as the program
    std::string words;       // what weighed most, for an explanation; empty: nothing for danger
  };

  explicit WordWeights(const TomlDocument& file);

  [[nodiscard]] const DataFileInfo& file() const { return file_; }
  // From this probability on the protocol takes over, whatever patterns say.
  [[nodiscard]] double take_over() const { return take_over_; }
  // Below this one, what patterns alone took for kModerate is a mere hint.
  [[nodiscard]] double calm() const { return calm_; }
  [[nodiscard]] size_t size() const { return texts_.size(); }

  // `units`: of the client's turn, as patterns read them. `found`: features of what these found.
  [[nodiscard]] Reading Read(const std::vector<std::string>& units,
                             const std::vector<std::string>& found) const;

 private:
  static constexpr uint32_t kNowhere = 0xffffffff;

  void ReadLines(const TomlTable& root);
  void Index();
  [[nodiscard]] uint32_t Find(std::string_view feature) const;
  // Adds to `sums` the weights of `features`, sorted and each once, `scale` times.
  void Add(const std::vector<uint32_t>& features, double scale, std::vector<double>& sums) const;
  [[nodiscard]] std::string Heaviest(const std::vector<uint32_t>& features) const;

  DataFileInfo file_;
  Language language_ = Language::kEnglish;
  double take_over_ = 1;
  double calm_ = 0;
  std::vector<double> bias_;        // of danger, then by track
  std::vector<double> step_;        // what a weight of 1 is worth, likewise
  std::vector<int8_t> weights_;     // of each feature, likewise
  std::vector<std::string> texts_;  // the features
  std::vector<uint64_t> hashes_;    // of the features; open addressing, see slots_
  std::vector<uint32_t> slots_;     // a power of two of them: the feature, or kNowhere
};

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_WORD_WEIGHTS_H_
