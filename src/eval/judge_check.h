#ifndef EMOSTAGE_EVAL_JUDGE_CHECK_H_
#define EMOSTAGE_EVAL_JUDGE_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "eval/human_scores.h"
#include "eval/judge.h"
#include "eval/judge_scores.h"
#include "eval/wilson.h"

// Whether a judge can be believed: does it agree with people, and where nobody has scored anything,
// does it at least find spoilt replies worse than those they were made from?
namespace emostage {

struct AgreementFigure {
  std::optional<double> value;       // none: too few items, or always the same score
  std::optional<Interval> interval;  // none: fewer than six talks, or not asked for
};

// A judge beside people in one dimension. Expectations are compared with the mean over raters.
struct Agreement {
  std::string judge;
  std::string rubric;
  std::string dimension;
  size_t n = 0;                // items that both have scored
  double mean_difference = 0;  // judge less people: above 0, the judge is the more lenient
  AgreementFigure spearman;
  AgreementFigure pearson;
  AgreementFigure kappa;  // quadratic, of both rounded to whole scores
};

struct AgreementOptions {
  size_t draws = 2000;  // for the intervals; 0: none
  uint64_t seed = 1;
};

// For every judge, rubric and dimension that people scored too, in order of names. Intervals draw
// item ids, so that several methods' replies to the same words stay together.
[[nodiscard]] std::vector<Agreement> CheckAgreement(std::span<const JudgeScore> scores,
                                                    std::span<const HumanScore> people,
                                                    const AgreementOptions& options = {});

// What may be done to a reply that no judge may like as much.
enum class Degradation {
  kShuffled,   // its words (in Chinese and Japanese its characters) in another order
  kInsulting,  // words of ours that hurt
  kOffTopic,   // words of ours about something else
};
inline constexpr Degradation kAllDegradations[] = {Degradation::kShuffled, Degradation::kInsulting,
                                                   Degradation::kOffTopic};
[[nodiscard]] std::string_view DegradationName(Degradation degradation);

// A copy whose reply is spoilt; for a rubric that judges sessions, so is everything that the
// listener says. The method becomes "METHOD/shuffled", …; the same seed and item give the same
// copy. A text of a single word (or character) cannot be shuffled and stays.
[[nodiscard]] JudgeItem Degrade(const JudgeItem& item, Degradation degradation, RubricScope scope,
                                const JudgeTexts& texts, uint64_t seed);

// What a judge takes off for a degradation in one dimension.
struct DegradationLoss {
  std::string judge;
  std::string rubric;
  std::string dimension;
  Degradation degradation = Degradation::kShuffled;
  size_t n = 0;      // items scored as they were and degraded
  double loss = 0;   // mean expectation as it was less that of the degraded copy
  double lost = 0;   // share of items whose degraded copy has the lower expectation
  double scale = 1;  // from the lowest score to the highest
};

// Pairs scores of items with those of their copies (by item, method, judge, rubric, dimension).
[[nodiscard]] std::vector<DegradationLoss> DegradationLosses(std::span<const JudgeScore> as_was,
                                                             std::span<const JudgeScore> degraded);

// Judges every item and its three degraded copies. Items without anything of the listener's are an
// Error(kInput).
[[nodiscard]] std::vector<DegradationLoss> CheckDirection(const Judge& judge,
                                                          std::span<const JudgeItem> items,
                                                          const Rubric& rubric, uint64_t seed,
                                                          const std::stop_token& stop = {});

// What of it speaks against a judge: a degradation for which no dimension of a rubric loses half a
// point (of a scale of two scores, a quarter), and dimensions that gain by one.
[[nodiscard]] std::vector<std::string> DirectionWarnings(std::span<const DegradationLoss> losses);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_JUDGE_CHECK_H_
