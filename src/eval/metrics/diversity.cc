#include "eval/metrics/diversity.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/text.h"
#include "emostage/error.h"
#include "eval/metrics/ngram_tree.h"

namespace emostage {
namespace {

// Different runs of n units, and all of them.
class DistinctRuns {
 public:
  explicit DistinctRuns(std::size_t n) : n_(n) {
    if (n == 0) throw Error(ErrorCode::kInternal, "runs of no units");
  }

  void Add(std::string_view reply, TextUnits units) {
    const std::vector<std::uint32_t> numbers = vocabulary_.Numbers(cutter_.Units(reply, units));
    for (std::size_t i = 0; i + n_ <= numbers.size(); ++i) {
      NgramTree::Node node = NgramTree::kRoot;
      for (std::size_t k = 0; k + 1 < n_; ++k) node = tree_.Grow(node, numbers[i + k]);
      const std::size_t before = tree_.size();
      tree_.Grow(node, numbers[i + n_ - 1]);
      different_ += tree_.size() - before;
      ++all_;
    }
  }

  [[nodiscard]] std::optional<double> Share() const {
    if (all_ == 0) return std::nullopt;
    return static_cast<double>(different_) / static_cast<double>(all_);
  }

 private:
  std::size_t n_;
  TextCutter cutter_;
  Vocabulary vocabulary_;
  NgramTree tree_;
  std::size_t different_ = 0;
  std::size_t all_ = 0;
};

}  // namespace

std::optional<double> Distinct(std::span<const std::string> replies, std::size_t n,
                               TextUnits units) {
  DistinctRuns runs(n);
  for (const std::string& reply : replies) runs.Add(reply, units);
  return runs.Share();
}

std::optional<double> Repetition(std::string_view reply, TextUnits units) {
  DistinctRuns runs(3);
  runs.Add(reply, units);
  const std::optional<double> distinct = runs.Share();
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
