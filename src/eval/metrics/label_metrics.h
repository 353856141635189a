#ifndef EMOSTAGE_EVAL_METRICS_LABEL_METRICS_H_
#define EMOSTAGE_EVAL_METRICS_LABEL_METRICS_H_

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

// Figures of chosen labels beside true ones (phases, strategies, emotions). Labels are numbers from
// 0; the caller knows their names. Pure functions, safe from any thread. Where there is nothing to
// measure on, there is no figure (nullopt), never a NaN. A label that does not exist, or lists of
// different length, are a fault of the caller: Error(kInternal).
namespace emostage {

// How often each label was chosen where each was true.
class Confusion {
 public:
  explicit Confusion(std::size_t labels);
  Confusion(std::span<const std::size_t> truth, std::span<const std::size_t> chosen,
            std::size_t labels);

  void Add(std::size_t truth, std::size_t chosen, std::size_t times = 1);
  [[nodiscard]] std::size_t At(std::size_t truth, std::size_t chosen) const;
  [[nodiscard]] std::size_t labels() const { return labels_; }
  [[nodiscard]] std::size_t Total() const;
  [[nodiscard]] std::size_t TimesTrue(std::size_t label) const;
  [[nodiscard]] std::size_t TimesChosen(std::size_t label) const;

 private:
  std::size_t labels_;
  std::vector<std::size_t> cells_;  // a row for each truth
};

// Of one label, each 0 to 1. A precision of nothing chosen and a recall of nothing true are 0, as
// scikit-learn has it.
struct LabelScore {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  std::size_t times_true = 0;
  std::size_t times_chosen = 0;
};
struct LabelScores {
  double accuracy = 0;
  double macro_f1 = 0;     // mean over the labels that are true or chosen at least once
  double weighted_f1 = 0;  // mean over labels, each as often as it is true
  std::vector<LabelScore> labels;
};
[[nodiscard]] std::optional<LabelScores> ScoreLabels(const Confusion& confusion);

// Cohen's kappa: agreement beyond chance, at most 1. Quadratic: labels are steps of a scale, and a
// difference of two steps weighs four times one of one (unused labels are steps too). Nullopt where
// chance alone would always agree.
enum class KappaWeights { kNone, kQuadratic };
[[nodiscard]] std::optional<double> CohensKappa(const Confusion& confusion, KappaWeights weights);

// Which strategies a model leans to whatever is called for, after Kang et al. 2024 (ACL, "Can large
// language models be good emotional supporters?"): each turn on which strategy j was chosen though
// i was true is a contest that j won; Bradley and Terry's strengths, after 20 sweeps from 1 and
// scaled to the mean 1, are the preferences, and their standard deviation is the bias.
// Ours: to each contest 1e-6 wins are added, for without them there is no answer for a strategy
// that never wins or never loses; and strategies neither true nor chosen take no part.
struct StrategyPreference {
  std::vector<std::optional<double>> preferences;  // above 1: chosen too readily
  double bias = 0;  // 0 (none) to sqrt(n - 1) (always one), for n strategies that take part
};
// Nullopt where fewer than two strategies take part.
[[nodiscard]] std::optional<StrategyPreference> PreferenceBias(const Confusion& confusion);

// F1 where any number of labels is true at once (emotions). An item is the list of its labels, each
// at most once.
struct MultiLabelScores {
  double micro_f1 = 0;  // over all decisions together
  double macro_f1 = 0;  // mean over the labels that are true or chosen at least once
  std::vector<LabelScore> labels;
};
// Nullopt where no label is true or chosen anywhere.
[[nodiscard]] std::optional<MultiLabelScores> ScoreMultiLabels(
    std::span<const std::vector<std::size_t>> truth,
    std::span<const std::vector<std::size_t>> chosen, std::size_t labels);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_METRICS_LABEL_METRICS_H_
