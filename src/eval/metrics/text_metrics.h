#ifndef EMOSTAGE_EVAL_METRICS_TEXT_METRICS_H_
#define EMOSTAGE_EVAL_METRICS_TEXT_METRICS_H_

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "eval/metrics/tokens.h"

// How near replies come to reference replies. Pure functions, safe from any thread. Nothing said
// scores 0, never a NaN.
namespace emostage {

// BLEU (Papineni et al. 2002) as sacreBLEU 2 has it: one reference a reply, case kept, orders
// without a match smoothed exponentially.
struct Bleu {
  static constexpr std::size_t kOrders = 4;
  // 0 to 100: BLEU-1, BLEU-2, BLEU-3 and BLEU-4, the figure that is meant where none is named.
  std::array<double, kOrders> scores{};
  std::array<double, kOrders> precisions{};  // 0 to 100, of each order, smoothed
  double brevity_penalty = 1;                // 0 to 1
  std::size_t reply_tokens = 0;
  std::size_t reference_tokens = 0;
};

// Of all replies together. BLEU-n of a corpus in which no reply has n tokens is 0, and so is that
// of no text at all. Throws Error(kInternal) where replies and references differ in number.
[[nodiscard]] Bleu CorpusBleu(std::span<const std::string> replies,
                              std::span<const std::string> references, MetricTokens tokens);

// Of one reply. Orders beyond its length are left out ("effective order").
[[nodiscard]] Bleu SentenceBleu(std::string_view reply, std::string_view reference,
                                MetricTokens tokens);

// chrF2 (Popović 2015) as sacreBLEU 2 has it: runs of up to six characters without white space,
// recall counting twice as much. 0 to 100. CorpusChrf throws as CorpusBleu does.
[[nodiscard]] double CorpusChrf(std::span<const std::string> replies,
                                std::span<const std::string> references);
[[nodiscard]] double SentenceChrf(std::string_view reply, std::string_view reference);

// ROUGE-L (Lin 2004) of one reply, 0 to 1: the longest common subsequence as a share of the reply's
// units (precision) and of the reference's (recall). A corpus's figure is the mean over replies.
// With kWords as the package rouge-score 0.1 without its stemmer: only a-z and 0-9 make words, so
// it is for English. With kCharacters over Units(): our convention for Chinese and Japanese.
struct RougeL {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
};
[[nodiscard]] RougeL SentenceRougeL(std::string_view reply, std::string_view reference,
                                    TextUnits units);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_METRICS_TEXT_METRICS_H_
