#ifndef EMOSTAGE_KNOWLEDGE_RISK_QUESTION_H_
#define EMOSTAGE_KNOWLEDGE_RISK_QUESTION_H_

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "emostage/safety.h"
#include "knowledge/toml_reader.h"

namespace emostage {

// How a model is asked about the danger in a turn, data/safety/question.LANGUAGE.toml. The answer
// is one of five labels, compared by likelihood.
struct RiskQuestion {
  explicit RiskQuestion(const TomlDocument& file);

  DataFileInfo file;
  std::string cue;                  // on one line, beginning with '['
  std::string prefix;               // how the answer begins
  std::vector<std::string> labels;  // with their gap, from kNone to kImminent
};

// How surely a model must lean to a level before it counts, data/safety/thresholds.toml: natural
// logarithms of odds of "this level or a graver one" against the rest, over what the model leans to
// before a word was said. Tuned on the cases of data/safety/cases/tune.*.jsonl.
class RiskThresholds {
 public:
  explicit RiskThresholds(const TomlDocument& file);

  [[nodiscard]] const DataFileInfo& file() const { return file_; }
  // False: no answer of this model's would count, so that it need not be asked.
  [[nodiscard]] bool Counts(std::string_view model, Language language) const;
  // `probabilities` and `leaning`: of the five labels.
  [[nodiscard]] RiskLevel Level(std::string_view model, Language language,
                                const std::vector<double>& probabilities,
                                const std::vector<double>& leaning) const;

 private:
  struct Entry {
    std::string model;                           // "*": any that has no entry of its own
    std::array<std::array<double, 3>, 3> least;  // by language; moderate, high, imminent
  };
  [[nodiscard]] const Entry& For(std::string_view model) const;

  DataFileInfo file_;
  std::vector<Entry> entries_;
};

// The odds that RiskThresholds compares: of `level` or a graver one.
[[nodiscard]] double RiskOdds(RiskLevel level, const std::vector<double>& probabilities,
                              const std::vector<double>& leaning);

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_RISK_QUESTION_H_
