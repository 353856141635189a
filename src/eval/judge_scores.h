#ifndef EMOSTAGE_EVAL_JUDGE_SCORES_H_
#define EMOSTAGE_EVAL_JUDGE_SCORES_H_

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "emostage/dialogue.h"

namespace emostage {

// What is judged: a reply in its talk, or a whole session. `id` and `method` together name it.
struct JudgeItem {
  std::string id;
  Language language = Language::kEnglish;  // of the talk; rubrics are shown in it
  Dialogue history;                        // ends with the client
  // To the client's last words. A whole session has it as the listener's last words, or none.
  std::string reply;
  std::string method;  // never shown to a judge
};
[[nodiscard]] OrderedJson JudgeItemToJson(const JudgeItem& item);
[[nodiscard]] JudgeItem JudgeItemFromJson(const Json& json);  // throws Error(kInput)

// What a judge says of one item in one dimension.
struct JudgeScore {
  std::string judge;
  std::string item;
  std::string method;
  std::string rubric;
  int rubric_version = 0;
  std::string dimension;
  int lowest = 0;                    // what the first of `distribution` stands for
  std::vector<double> distribution;  // of every score of the scale; sums to 1
  double expectation = 0;            // the scores weighted by their probabilities
  double entropy = 0;                // of the distribution, in nats
  // False: the model tells no likelihoods, and all probability is on the score it named.
  bool exact = true;
  size_t left_out = 0;  // turns of the talk that the model's context had no room for

  [[nodiscard]] int highest() const { return lowest + static_cast<int>(distribution.size()) - 1; }
  [[nodiscard]] int best() const;  // the likeliest score; the lowest of equals
  // Takes a distribution and works out what follows from it.
  void Set(std::vector<double> probabilities);
};
[[nodiscard]] OrderedJson JudgeScoreToJson(const JudgeScore& score);
[[nodiscard]] JudgeScore JudgeScoreFromJson(const Json& json);  // throws Error(kInput)

// Two replies to the same words of the client's.
struct JudgePair {
  std::string id;
  Language language = Language::kEnglish;
  Dialogue history;  // ends with the client
  std::string reply_a;
  std::string reply_b;
  std::string method_a;
  std::string method_b;
};

// Which of two replies a judge prefers in one dimension, asked in both orders.
struct PairScore {
  std::string judge;
  std::string item;
  std::string method_a;
  std::string method_b;
  std::string rubric;
  int rubric_version = 0;
  std::string dimension;
  double a_first = 0.5;   // the probability that A is better, A being shown first
  double a_second = 0.5;  // the same, B being shown first
  bool exact = true;
  size_t left_out = 0;

  [[nodiscard]] double probability() const { return (a_first + a_second) / 2; }
};
[[nodiscard]] OrderedJson PairScoreToJson(const PairScore& score);
[[nodiscard]] PairScore PairScoreFromJson(const Json& json);  // throws Error(kInput)

// How far the order decides.
struct PositionBias {
  size_t n = 0;
  double gap = 0;      // mean distance between the two orders' answers: 0 none, 1 order alone
  double first = 0.5;  // mean probability of the reply shown first: above 0.5 it is favoured
};
[[nodiscard]] PositionBias MeasurePositionBias(std::span<const PairScore> scores);

// What must be said of a judge whose scores tell nothing, a line for each judge, rubric and
// dimension of at least ten items: near-uniform on 90 % of them (entropy above 0.98 of the most
// there can be), or one and the same likeliest score for all. Judges that could only name a score,
// and talks that were shortened, are said too.
[[nodiscard]] std::vector<std::string> JudgeWarnings(std::span<const JudgeScore> scores);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_JUDGE_SCORES_H_
