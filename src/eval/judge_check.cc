#include "eval/judge_check.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "emostage/error.h"
#include "eval/agreement_figures.h"

namespace emostage {
namespace {

constexpr double kWantedLoss = 0.5;  // points

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

// One item scored by both.
struct Both {
  double judge = 0;
  double people = 0;
};

// What both have scored in one dimension, by item id.
struct Column {
  const JudgeScore* like = nullptr;  // any of the judge's
  std::map<std::string, std::vector<Both>> items;
};

using Columns = std::map<std::tuple<std::string, std::string, std::string>, Column>;

Columns Gather(std::span<const JudgeScore> scores, std::span<const HumanScore> people) {
  using Place = std::tuple<std::string, std::string, std::string, std::string>;
  std::map<Place, std::pair<double, size_t>> sums;
  for (const HumanScore& one : people) {
    auto& [sum, n] = sums[{one.item, one.method, one.rubric, one.dimension}];
    sum += one.score;
    ++n;
  }
  Columns columns;
  std::set<std::pair<std::string, Place>> seen;
  for (const JudgeScore& score : scores) {
    const Place place{score.item, score.method, score.rubric, score.dimension};
    const auto found = sums.find(place);
    if (found == sums.end() || !seen.insert({score.judge, place}).second) continue;
    Column& column = columns[{score.judge, score.rubric, score.dimension}];
    column.like = &score;
    column.items[score.item].push_back(
        {score.expectation, found->second.first / static_cast<double>(found->second.second)});
  }
  return columns;
}

using Figure = std::function<std::optional<double>(const std::vector<Both>&)>;

std::pair<std::vector<double>, std::vector<double>> Split(const std::vector<Both>& both) {
  std::pair<std::vector<double>, std::vector<double>> split;
  for (const Both& one : both) {
    split.first.push_back(one.judge);
    split.second.push_back(one.people);
  }
  return split;
}

AgreementFigure Measure(const std::vector<std::vector<Both>>& clusters, const Figure& figure,
                        const AgreementOptions& options) {
  const auto of = [&](std::span<const size_t> drawn) {
    std::vector<Both> both;
    for (const size_t i : drawn) both.insert(both.end(), clusters[i].begin(), clusters[i].end());
    return figure(both);
  };
  std::vector<size_t> all(clusters.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  AgreementFigure result;
  result.value = of(all);
  if (result.value) {
    result.interval =
        agreement::BootstrapInterval(clusters.size(), of, options.seed, options.draws);
  }
  return result;
}

std::vector<std::string> Pieces(const std::string& text, Language language) {
  std::vector<std::string> pieces;
  for (size_t i = 0; i < text.size();) {
    const bool blank = text[i] == ' ' || text[i] == '\n' || text[i] == '\t';
    size_t end = i + 1;
    if (blank) {
      i = end;
      continue;
    }
    if (language == Language::kEnglish) {
      end = std::min(text.find_first_of(" \n\t", i), text.size());
    } else {
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
    }
    pieces.push_back(text.substr(i, end - i));
    i = end;
  }
  return pieces;
}

std::string Shuffled(const std::string& text, Language language, agreement::Draws& draws) {
  std::vector<std::string> pieces = Pieces(text, language);
  const std::vector<std::string> before = pieces;
  // Some orders are that of before; where all pieces are the same, every order is.
  for (int round = 0; round < 8 && pieces == before; ++round) draws.Shuffle(pieces);
  std::string shuffled;
  for (const std::string& piece : pieces) {
    if (!shuffled.empty() && language == Language::kEnglish) shuffled += ' ';
    shuffled += piece;
  }
  return shuffled;
}

// FNV-1a: the same on every machine.
uint64_t HashOf(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

}  // namespace

std::vector<Agreement> CheckAgreement(std::span<const JudgeScore> scores,
                                      std::span<const HumanScore> people,
                                      const AgreementOptions& options) {
  std::vector<Agreement> all;
  for (const auto& [key, column] : Gather(scores, people)) {
    Agreement one;
    std::tie(one.judge, one.rubric, one.dimension) = key;
    std::vector<std::vector<Both>> clusters;
    for (const auto& [item, both] : column.items) {
      clusters.push_back(both);
      one.n += both.size();
      for (const Both& each : both) one.mean_difference += each.judge - each.people;
    }
    one.mean_difference /= static_cast<double>(one.n);
    one.spearman = Measure(
        clusters,
        [](const std::vector<Both>& both) {
          const auto [judge, human] = Split(both);
          return agreement::Spearman(judge, human);
        },
        options);
    one.pearson = Measure(
        clusters,
        [](const std::vector<Both>& both) {
          const auto [judge, human] = Split(both);
          return agreement::Pearson(judge, human);
        },
        options);
    one.kappa = Measure(
        clusters,
        [](const std::vector<Both>& both) {
          std::vector<int> judge;
          std::vector<int> human;
          for (const Both& each : both) {
            judge.push_back(static_cast<int>(std::lround(each.judge)));
            human.push_back(static_cast<int>(std::lround(each.people)));
          }
          return agreement::QuadraticKappa(judge, human);
        },
        options);
    all.push_back(std::move(one));
  }
  return all;
}

std::string_view DegradationName(Degradation degradation) {
  constexpr std::string_view kNames[] = {"shuffled", "insulting", "off-topic"};
  return kNames[static_cast<size_t>(degradation)];
}

JudgeItem Degrade(const JudgeItem& item, Degradation degradation, RubricScope scope,
                  const JudgeTexts& texts, uint64_t seed) {
  agreement::Draws draws(seed ^ HashOf(item.id + "\n" + item.method));
  const std::vector<std::string>& written =
      degradation == Degradation::kInsulting ? texts.insulting : texts.off_topic;
  size_t next = draws.Below(written.size());
  const auto spoilt = [&](const std::string& text) {
    if (degradation == Degradation::kShuffled) return Shuffled(text, item.language, draws);
    return written[next++ % written.size()];
  };
  JudgeItem copy = item;
  copy.method += "/" + std::string(DegradationName(degradation));
  if (scope == RubricScope::kSession) {
    for (Turn& turn : copy.history.turns) {
      if (turn.role == Role::kCounsellor) turn.text = spoilt(turn.text);
    }
  }
  if (!Trim(copy.reply).empty()) copy.reply = spoilt(copy.reply);
  return copy;
}

std::vector<DegradationLoss> DegradationLosses(std::span<const JudgeScore> as_was,
                                               std::span<const JudgeScore> degraded) {
  using Place = std::tuple<std::string, std::string, std::string, std::string, std::string>;
  std::map<Place, const JudgeScore*> places;
  for (const JudgeScore& score : as_was) {
    places.emplace(Place{score.judge, score.item, score.method, score.rubric, score.dimension},
                   &score);
  }
  std::vector<DegradationLoss> losses;
  std::map<std::tuple<std::string, std::string, std::string, Degradation>, size_t> rows;
  for (const JudgeScore& score : degraded) {
    const size_t slash = score.method.rfind('/');
    if (slash == std::string::npos) continue;
    const std::string_view name = std::string_view(score.method).substr(slash + 1);
    const auto* degradation = std::ranges::find(kAllDegradations, name, DegradationName);
    const auto before = places.find(
        {score.judge, score.item, score.method.substr(0, slash), score.rubric, score.dimension});
    if (degradation == std::end(kAllDegradations) || before == places.end()) continue;
    const auto [at, added] = rows.emplace(
        std::tuple(score.judge, score.rubric, score.dimension, *degradation), losses.size());
    if (added) {
      losses.push_back({score.judge, score.rubric, score.dimension, *degradation, 0, 0, 0,
                        static_cast<double>(score.distribution.size() - 1)});
    }
    DegradationLoss& loss = losses[at->second];
    const double difference = before->second->expectation - score.expectation;
    ++loss.n;
    loss.loss += difference;
    if (difference > 0) loss.lost += 1;
  }
  for (DegradationLoss& loss : losses) {
    loss.loss /= static_cast<double>(loss.n);
    loss.lost /= static_cast<double>(loss.n);
  }
  return losses;
}

std::vector<DegradationLoss> CheckDirection(const Judge& judge, std::span<const JudgeItem> items,
                                            const Rubric& rubric, uint64_t seed,
                                            const std::stop_token& stop) {
  std::vector<JudgeScore> as_was;
  std::vector<JudgeScore> degraded;
  for (const JudgeItem& item : items) {
    const bool speaks =
        !Trim(item.reply).empty() ||
        (rubric.scope == RubricScope::kSession &&
         std::ranges::count(item.history.turns, Role::kCounsellor, &Turn::role) > 0);
    if (!speaks) {
      throw Error(ErrorCode::kInput, "in item '" + item.id + "' the listener says nothing");
    }
    for (JudgeScore& score : judge.Score(item, rubric, stop)) as_was.push_back(std::move(score));
    for (const Degradation degradation : kAllDegradations) {
      const JudgeItem copy = Degrade(item, degradation, rubric.scope,
                                     judge.knowledge().judge_texts(item.language), seed);
      for (JudgeScore& score : judge.Score(copy, rubric, stop)) {
        degraded.push_back(std::move(score));
      }
    }
  }
  return DegradationLosses(as_was, degraded);
}

std::vector<std::string> DirectionWarnings(std::span<const DegradationLoss> losses) {
  std::vector<std::string> warnings;
  std::map<std::tuple<std::string, std::string, Degradation>, double> most;
  for (const DegradationLoss& loss : losses) {
    // Of two scores, half a point is half of all there is.
    const double wanted = std::min(kWantedLoss, loss.scale / 4);
    const double share = loss.loss / wanted;
    const auto [at, added] =
        most.emplace(std::tuple(loss.judge, loss.rubric, loss.degradation), share);
    if (!added) at->second = std::max(at->second, share);
    if (loss.loss <= -0.005) {  // what would be shown as 0.00 is none
      warnings.push_back("judge '" + loss.judge + "', " + loss.rubric + "/" + loss.dimension +
                         ": finds " + std::string(DegradationName(loss.degradation)) +
                         " replies better by " + Number(-loss.loss) + " points (" +
                         std::to_string(loss.n) + " items)");
    }
  }
  for (const auto& [key, share] : most) {
    if (share >= 1) continue;
    const auto& [judge, rubric, degradation] = key;
    warnings.push_back("judge '" + judge + "', " + rubric + ": " +
                       std::string(DegradationName(degradation)) +
                       " replies lose less than half a point in every dimension; do not rely on "
                       "this judge");
  }
  return warnings;
}

}  // namespace emostage
