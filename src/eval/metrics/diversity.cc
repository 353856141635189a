#include "eval/metrics/diversity.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/text.h"
#include "emostage/error.h"
#include "eval/metrics/ngram_tree.h"

namespace emostage {
namespace {

// Different runs of 1 … up_to units, and all of them.
class DistinctRuns {
 public:
  explicit DistinctRuns(std::size_t up_to) : counts_(up_to) {}

  void Add(std::string_view reply, TextUnits units) {
    const std::vector<std::uint32_t> numbers = vocabulary_.Numbers(cutter_.Units(reply, units));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      NgramTree::Node node = NgramTree::kRoot;
      for (std::size_t n = 0; n < counts_.size() && i + n < numbers.size(); ++n) {
        const std::size_t before = tree_.size();
        node = tree_.Grow(node, numbers[i + n]);
        counts_[n].different += tree_.size() - before;
        ++counts_[n].all;
      }
    }
  }

  [[nodiscard]] std::vector<std::optional<double>> Shares() const {
    std::vector<std::optional<double>> result(counts_.size());
    for (std::size_t n = 0; n < counts_.size(); ++n) {
      if (counts_[n].all == 0) continue;
      result[n] = static_cast<double>(counts_[n].different) / static_cast<double>(counts_[n].all);
    }
    return result;
  }

 private:
  struct Count {
    std::size_t different = 0;
    std::size_t all = 0;
  };
  TextCutter cutter_;
  TokenNumbers vocabulary_;
  NgramTree tree_;
  std::vector<Count> counts_;
};

}  // namespace

std::optional<double> Distinct(std::span<const std::string> replies, std::size_t n,
                               TextUnits units) {
  if (n == 0) throw Error(ErrorCode::kInternal, "runs of no units");
  return DistinctUpTo(replies, n, units).back();
}

std::vector<std::optional<double>> DistinctUpTo(std::span<const std::string> replies,
                                                std::size_t up_to, TextUnits units) {
  DistinctRuns runs(up_to);
  for (const std::string& reply : replies) runs.Add(reply, units);
  return runs.Shares();
}

std::optional<double> Repetition(std::string_view reply, TextUnits units) {
  DistinctRuns runs(3);
  runs.Add(reply, units);
  const std::optional<double> distinct = runs.Shares()[2];
  if (!distinct) return std::nullopt;
  return 1 - *distinct;
}

bool HoldsQuestion(std::string_view reply) {
  using std::string_view_literals::operator""sv;
  return reply.find('?') != std::string_view::npos ||
         reply.find("？"sv) != std::string_view::npos ||
         reply.find("か。"sv) != std::string_view::npos || Trim(reply).ends_with("か"sv);
}

std::optional<double> QuestionRate(std::span<const std::string> replies) {
  if (replies.empty()) return std::nullopt;
  return static_cast<double>(std::count_if(replies.begin(), replies.end(), HoldsQuestion)) /
         static_cast<double>(replies.size());
}

}  // namespace emostage
