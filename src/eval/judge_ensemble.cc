#include "eval/judge_ensemble.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "emostage/error.h"
#include "eval/judge_check.h"

namespace emostage {
namespace {

using Place = std::tuple<std::string, std::string, std::string, std::string>;

double WeightOf(const JudgeScore& score, std::span<const JudgeWeight> weights) {
  bool any = false;
  for (const JudgeWeight& one : weights) {
    if (one.rubric != score.rubric || one.dimension != score.dimension) continue;
    if (one.judge == score.judge) return one.weight;
    any = true;
  }
  return any ? 0 : 1;
}

JudgeScore Combine(const std::vector<const JudgeScore*>& parts,
                   std::span<const JudgeWeight> weights) {
  JudgeScore together = *parts.front();
  together.judge = kEnsemble;
  std::vector<double> shares;
  double sum = 0;
  for (const JudgeScore* part : parts) {
    if (part->lowest != together.lowest ||
        part->distribution.size() != together.distribution.size() ||
        part->rubric_version != together.rubric_version) {
      throw Error(ErrorCode::kInput,
                  "judges used different versions of the rubric '" + together.rubric + "'",
                  "let all of them judge by the same data");
    }
    together.exact = together.exact && part->exact;
    together.left_out = std::max(together.left_out, part->left_out);
    shares.push_back(WeightOf(*part, weights));
    sum += shares.back();
  }
  if (!(sum > 0)) {
    std::ranges::fill(shares, 1.0);
    sum = static_cast<double>(shares.size());
  }
  std::vector<double> mean(together.distribution.size(), 0.0);
  for (size_t i = 0; i < parts.size(); ++i) {
    for (size_t k = 0; k < mean.size(); ++k) {
      mean[k] += shares[i] / sum * parts[i]->distribution[k];
    }
  }
  together.Set(std::move(mean));
  return together;
}

}  // namespace

std::vector<JudgeScore> CombineJudges(std::span<const JudgeScore> scores,
                                      std::span<const JudgeWeight> weights) {
  std::map<Place, size_t> places;
  std::vector<std::vector<const JudgeScore*>> groups;
  std::set<std::pair<size_t, std::string>> seen;
  for (const JudgeScore& score : scores) {
    const auto [at, added] = places.emplace(
        Place{score.item, score.method, score.rubric, score.dimension}, groups.size());
    if (added) groups.emplace_back();
    if (seen.insert({at->second, score.judge}).second) groups[at->second].push_back(&score);
  }
  std::vector<JudgeScore> together;
  for (const auto& group : groups) together.push_back(Combine(group, weights));
  return together;
}

std::vector<JudgeWeight> FitJudgeWeights(std::span<const JudgeScore> scores,
                                         std::span<const HumanScore> people) {
  AgreementOptions options;
  options.draws = 0;  // no intervals are needed here
  std::vector<JudgeWeight> weights;
  for (const Agreement& agreement : CheckAgreement(scores, people, options)) {
    weights.push_back({agreement.judge, agreement.rubric, agreement.dimension,
                       std::max(0.0, agreement.spearman.value.value_or(0.0))});
  }
  return weights;
}

OrderedJson JudgeWeightsToJson(std::span<const JudgeWeight> weights) {
  OrderedJson json = OrderedJson::array();
  for (const JudgeWeight& one : weights) {
    json.push_back({{"judge", one.judge},
                    {"rubric", one.rubric},
                    {"dimension", one.dimension},
                    {"weight", one.weight}});
  }
  return json;
}

std::vector<JudgeWeight> JudgeWeightsFromJson(const Json& json) {
  try {
    std::vector<JudgeWeight> weights;
    for (const Json& one : json) {
      weights.push_back({one.at("judge").get<std::string>(), one.at("rubric").get<std::string>(),
                         one.at("dimension").get<std::string>(), one.at("weight").get<double>()});
      const double weight = weights.back().weight;
      if (!(weight >= 0) || !std::isfinite(weight)) {
        throw Error(ErrorCode::kInput, "a judge's weight is a number from 0 on");
      }
    }
    return weights;
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorCode::kInput, "these are no weights of judges",
                "write [{\"judge\", \"rubric\", \"dimension\", \"weight\"}]");
  }
}

}  // namespace emostage
