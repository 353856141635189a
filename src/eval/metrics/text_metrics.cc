#include "eval/metrics/text_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <vector>

#include "base/text.h"
#include "emostage/error.h"
#include "eval/metrics/ngram_tree.h"

namespace emostage {
namespace {

void RequirePairs(std::size_t replies, std::size_t references) {
  if (replies != references) {
    throw Error(ErrorCode::kInternal, std::to_string(replies) + " replies beside " +
                                          std::to_string(references) + " references");
  }
}

class BleuCounts {
 public:
  explicit BleuCounts(MetricTokens tokens) : tokens_(tokens) {}

  void Add(std::string_view reply, std::string_view reference) {
    const std::vector<std::uint32_t> said = vocabulary_.Numbers(cutter_.Tokens(reply, tokens_));
    matcher_.Add(said, vocabulary_.Numbers(cutter_.Tokens(reference, tokens_)), orders_);
  }

  [[nodiscard]] Bleu Score(bool effective_order) const {
    Bleu result;
    result.reply_tokens = orders_[0].first;
    result.reference_tokens = orders_[0].second;
    if (result.reply_tokens < result.reference_tokens) {
      const double ratio = static_cast<double>(result.reference_tokens) /
                           static_cast<double>(result.reply_tokens);  // ∞ where nothing is said
      result.brevity_penalty = std::exp(1 - ratio);
    }
    if (orders_[0].matches == 0) return result;  // then no longer run matches either
    double smoothing = 1;
    double log_sum = 0;
    for (std::size_t n = 0; n < orders_.size(); ++n) {
      if (orders_[n].first == 0) {
        if (effective_order) result.scores[n] = result.scores[n - 1];
        continue;
      }
      // Each order without a match counts as half the match of the one before it.
      const double matches =
          orders_[n].matches == 0 ? 1 / (smoothing *= 2) : static_cast<double>(orders_[n].matches);
      result.precisions[n] = 100 * matches / static_cast<double>(orders_[n].first);
      log_sum += std::log(result.precisions[n]);
      result.scores[n] = result.brevity_penalty * std::exp(log_sum / static_cast<double>(n + 1));
    }
    return result;
  }

 private:
  MetricTokens tokens_;
  TextCutter cutter_;
  TokenNumbers vocabulary_;
  NgramMatcher matcher_;
  std::array<NgramMatches, Bleu::kOrders> orders_{};
};

class ChrfCounts {
 public:
  void Add(std::string_view reply, std::string_view reference) {
    std::array<NgramMatches, kOrders> orders{};
    matcher_.Add(Characters(reply), Characters(reference), orders);
    for (std::size_t n = 0; n < kOrders; ++n) {
      // A reference too short for an order says nothing about the reply's runs of it.
      if (orders[n].second == 0) continue;
      orders_[n].first += orders[n].first;
      orders_[n].second += orders[n].second;
      orders_[n].matches += orders[n].matches;
    }
  }

  [[nodiscard]] double Score() const {
    double precision = 0;
    double recall = 0;
    std::size_t used = 0;
    for (const NgramMatches& order : orders_) {
      if (order.first == 0 || order.second == 0) continue;
      precision += static_cast<double>(order.matches) / static_cast<double>(order.first);
      recall += static_cast<double>(order.matches) / static_cast<double>(order.second);
      ++used;
    }
    if (precision + recall == 0) return 0;
    precision /= static_cast<double>(used);
    recall /= static_cast<double>(used);
    constexpr double kBetaSquared = 4;
    return 100 * (1 + kBetaSquared) * precision * recall / (kBetaSquared * precision + recall);
  }

 private:
  static constexpr std::size_t kOrders = 6;

  static std::vector<std::uint32_t> Characters(std::string_view text) {
    const std::u32string all = Codepoints(text);
    std::vector<std::uint32_t> result;
    result.reserve(all.size());
    std::copy_if(all.begin(), all.end(), std::back_inserter(result),
                 [](std::uint32_t c) { return !IsWhiteSpace(c); });
    return result;
  }

  NgramMatcher matcher_;
  std::array<NgramMatches, kOrders> orders_{};
};

// Length of the longest common subsequence, a machine word of `a` at a time (Crochemore et al.
// 2001): bit i of `open` is 0 where the subsequence grows at a[i].
std::size_t CommonSubsequence(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  const std::size_t words = (a.size() + 63) / 64;
  // Where each unit of `a` stands, a row of bits for each; the last row, of none, is for the units
  // of `b` that `a` does not hold.
  std::vector<std::uint32_t> units(a.begin(), a.end());
  std::sort(units.begin(), units.end());
  units.erase(std::unique(units.begin(), units.end()), units.end());
  const auto row_of = [&](std::uint32_t unit) {
    const auto found = std::lower_bound(units.begin(), units.end(), unit);
    const bool held = found != units.end() && *found == unit;
    return (held ? static_cast<std::size_t>(found - units.begin()) : units.size()) * words;
  };
  std::vector<std::uint64_t> places((units.size() + 1) * words);
  for (std::size_t i = 0; i < a.size(); ++i) {
    places[row_of(a[i]) + i / 64] |= std::uint64_t{1} << (i % 64);
  }
  std::vector<std::uint64_t> open(words, ~std::uint64_t{0});
  for (const std::uint32_t unit : b) {
    const std::size_t row = row_of(unit);
    std::uint64_t carry = 0;
    for (std::size_t w = 0; w < words; ++w) {
      const std::uint64_t before = open[w];
      const std::uint64_t hits = before & places[row + w];
      const std::uint64_t sum = before + hits;
      open[w] = (sum + carry) | (before & ~hits);
      carry = sum < before || sum + carry < sum ? 1 : 0;
    }
  }
  std::size_t length = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if ((open[i / 64] >> (i % 64) & 1) == 0) ++length;
  }
  return length;
}

}  // namespace

Bleu CorpusBleu(std::span<const std::string> replies, std::span<const std::string> references,
                MetricTokens tokens) {
  RequirePairs(replies.size(), references.size());
  BleuCounts counts(tokens);
  for (std::size_t i = 0; i < replies.size(); ++i) counts.Add(replies[i], references[i]);
  return counts.Score(/*effective_order=*/false);
}

Bleu SentenceBleu(std::string_view reply, std::string_view reference, MetricTokens tokens) {
  BleuCounts counts(tokens);
  counts.Add(reply, reference);
  return counts.Score(/*effective_order=*/true);
}

double CorpusChrf(std::span<const std::string> replies, std::span<const std::string> references) {
  RequirePairs(replies.size(), references.size());
  ChrfCounts counts;
  for (std::size_t i = 0; i < replies.size(); ++i) counts.Add(replies[i], references[i]);
  return counts.Score();
}

double SentenceChrf(std::string_view reply, std::string_view reference) {
  ChrfCounts counts;
  counts.Add(reply, reference);
  return counts.Score();
}

RougeL SentenceRougeL(std::string_view reply, std::string_view reference, TextUnits units) {
  TextCutter cutter;
  TokenNumbers vocabulary;
  const auto numbers = [&](std::string_view text) {
    return vocabulary.Numbers(units == TextUnits::kWords ? cutter.RougeWords(text)
                                                         : cutter.Units(text, units));
  };
  const std::vector<std::uint32_t> a = numbers(reply);
  const std::vector<std::uint32_t> b = numbers(reference);
  RougeL result;
  if (a.empty() || b.empty()) return result;
  const auto common = static_cast<double>(CommonSubsequence(a, b));
  result.precision = common / static_cast<double>(a.size());
  result.recall = common / static_cast<double>(b.size());
  if (common > 0) {
    result.f1 = 2 * result.precision * result.recall / (result.precision + result.recall);
  }
  return result;
}

}  // namespace emostage
