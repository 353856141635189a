#include "eval/judge_scores.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "emostage/error.h"

namespace emostage {
namespace {

constexpr size_t kFewestItems = 10;
constexpr double kNearUniform = 0.98;  // of the entropy of a uniform distribution
constexpr double kMostItems = 0.9;

template <typename T, typename Read>
T FromJson(const char* what, Read read) {
  try {
    return read();
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorCode::kInput, std::string("this is no ") + what);
  }
}

// A probability as a journal may hold it.
double Probability(const Json& json) {
  const double p = json.get<double>();
  if (!(p >= 0 && p <= 1)) throw Error(ErrorCode::kInput, "a probability is from 0 to 1");
  return p;
}

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

// Of one judge, rubric and dimension.
struct Tally {
  size_t n = 0;
  size_t near_uniform = 0;
  std::set<int> best;
  double least = 1e9;  // expectation
  double most = -1e9;
};

}  // namespace

OrderedJson JudgeItemToJson(const JudgeItem& item) {
  OrderedJson turns = OrderedJson::array();
  for (const Turn& turn : item.history.turns) {
    turns.push_back({{"role", RoleName(turn.role)}, {"text", turn.text}});
  }
  return {{"id", item.id},
          {"language", LanguageCode(item.language)},
          {"talk", std::move(turns)},
          {"reply", item.reply},
          {"method", item.method}};
}

JudgeItem JudgeItemFromJson(const Json& json) {
  return FromJson<JudgeItem>("item to judge", [&] {
    JudgeItem item;
    item.id = json.at("id").get<std::string>();
    const auto language = LanguageFromCode(json.at("language").get<std::string>());
    if (!language) throw Error(ErrorCode::kInput, "a language is en, zh or ja");
    item.language = *language;
    item.history = ParseDialogue(DumpJson(json.at("talk")));
    item.reply = json.at("reply").get<std::string>();
    item.method = json.value("method", "");
    return item;
  });
}

int JudgeScore::best() const {
  return lowest + static_cast<int>(std::ranges::max_element(distribution) - distribution.begin());
}

void JudgeScore::Set(std::vector<double> probabilities) {
  distribution = std::move(probabilities);
  expectation = 0;
  entropy = 0;
  for (size_t i = 0; i < distribution.size(); ++i) {
    const double p = distribution[i];
    expectation += p * (lowest + static_cast<int>(i));
    if (p > 0) entropy -= p * std::log(p);
  }
}

OrderedJson JudgeScoreToJson(const JudgeScore& score) {
  OrderedJson json = {{"judge", score.judge},
                      {"item", score.item},
                      {"method", score.method},
                      {"rubric", score.rubric},
                      {"rubric_version", score.rubric_version},
                      {"dimension", score.dimension},
                      {"lowest", score.lowest},
                      {"distribution", score.distribution},
                      {"expectation", score.expectation},
                      {"entropy", score.entropy},
                      {"exact", score.exact}};
  if (score.left_out > 0) json["left_out"] = score.left_out;
  return json;
}

JudgeScore JudgeScoreFromJson(const Json& json) {
  return FromJson<JudgeScore>("score of a judge", [&] {
    JudgeScore score;
    score.judge = json.at("judge").get<std::string>();
    score.item = json.at("item").get<std::string>();
    score.method = json.at("method").get<std::string>();
    score.rubric = json.at("rubric").get<std::string>();
    score.rubric_version = json.at("rubric_version").get<int>();
    score.dimension = json.at("dimension").get<std::string>();
    score.lowest = json.at("lowest").get<int>();
    std::vector<double> distribution;
    for (const Json& p : json.at("distribution")) distribution.push_back(Probability(p));
    if (distribution.size() < 2) throw Error(ErrorCode::kInput, "a scale has two scores or more");
    score.Set(std::move(distribution));
    score.exact = json.at("exact").get<bool>();
    score.left_out = json.value("left_out", size_t{0});
    return score;
  });
}

OrderedJson PairScoreToJson(const PairScore& score) {
  OrderedJson json = {{"judge", score.judge},         {"item", score.item},
                      {"method_a", score.method_a},   {"method_b", score.method_b},
                      {"rubric", score.rubric},       {"rubric_version", score.rubric_version},
                      {"dimension", score.dimension}, {"a_first", score.a_first},
                      {"a_second", score.a_second},   {"probability", score.probability()},
                      {"exact", score.exact}};
  if (score.left_out > 0) json["left_out"] = score.left_out;
  return json;
}

PairScore PairScoreFromJson(const Json& json) {
  return FromJson<PairScore>("comparison by a judge", [&] {
    PairScore score;
    score.judge = json.at("judge").get<std::string>();
    score.item = json.at("item").get<std::string>();
    score.method_a = json.at("method_a").get<std::string>();
    score.method_b = json.at("method_b").get<std::string>();
    score.rubric = json.at("rubric").get<std::string>();
    score.rubric_version = json.at("rubric_version").get<int>();
    score.dimension = json.at("dimension").get<std::string>();
    score.a_first = Probability(json.at("a_first"));
    score.a_second = Probability(json.at("a_second"));
    score.exact = json.at("exact").get<bool>();
    score.left_out = json.value("left_out", size_t{0});
    return score;
  });
}

PositionBias MeasurePositionBias(std::span<const PairScore> scores) {
  PositionBias bias;
  bias.n = scores.size();
  if (scores.empty()) return bias;
  bias.first = 0;
  for (const PairScore& score : scores) {
    bias.gap += std::abs(score.a_first - score.a_second);
    bias.first += (score.a_first + 1 - score.a_second) / 2;
  }
  bias.gap /= static_cast<double>(bias.n);
  bias.first /= static_cast<double>(bias.n);
  return bias;
}

std::vector<std::string> JudgeWarnings(std::span<const JudgeScore> scores) {
  std::map<std::tuple<std::string, std::string, std::string>, Tally> tallies;
  std::set<std::string> not_exact;
  std::set<std::pair<std::string, std::string>> shortened;
  for (const JudgeScore& score : scores) {
    Tally& tally = tallies[{score.judge, score.rubric, score.dimension}];
    ++tally.n;
    const double most = std::log(static_cast<double>(score.distribution.size()));
    if (score.entropy > kNearUniform * most) ++tally.near_uniform;
    tally.best.insert(score.best());
    tally.least = std::min(tally.least, score.expectation);
    tally.most = std::max(tally.most, score.expectation);
    if (!score.exact) not_exact.insert(score.judge);
    if (score.left_out > 0) shortened.insert({score.item, score.method});
  }
  std::vector<std::string> warnings;
  for (const auto& [key, tally] : tallies) {
    if (tally.n < kFewestItems) continue;
    const auto& [judge, rubric, dimension] = key;
    const std::string place = "judge '" + judge + "', " + rubric + "/" + dimension + ": ";
    const std::string of = " of " + std::to_string(tally.n) + " items";
    if (static_cast<double>(tally.near_uniform) >= kMostItems * static_cast<double>(tally.n)) {
      warnings.push_back(place + "finds all scores about equally likely on " +
                         std::to_string(tally.near_uniform) + of + "; its figures tell nothing");
    } else if (tally.best.size() == 1) {
      warnings.push_back(place + "gives the score " + std::to_string(*tally.best.begin()) +
                         " to all" + of + " (expectations " + Number(tally.least) + " to " +
                         Number(tally.most) + "); its figures may tell nothing");
    }
  }
  for (const std::string& judge : not_exact) {
    warnings.push_back("judge '" + judge +
                       "' tells no likelihoods: its scores are those that it named, without "
                       "probabilities");
  }
  if (!shortened.empty()) {
    warnings.push_back("the talks of " + std::to_string(shortened.size()) +
                       " items were shortened for the judge's context");
  }
  return warnings;
}

}  // namespace emostage
