#include "method/recollection.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "method/cue_text.h"

namespace emostage {

double MeaningDistance(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return 2;
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double gap = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += gap * gap;
  }
  return std::sqrt(sum);
}

double MoodDistance(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return 1;
  double dot = 0;
  double a_squared = 0;
  double b_squared = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    dot += a[i] * b[i];
    a_squared += a[i] * a[i];
    b_squared += b[i] * b[i];
  }
  if (a_squared <= 0 || b_squared <= 0) return 1;
  // The same vector must not come out a rounding error away from itself.
  if (a == b) return 0;
  return std::clamp(1 - dot / std::sqrt(a_squared * b_squared), 0.0, 1.0);
}

std::vector<Recollected> NearestByMeaning(const std::vector<Memory::Told>& items,
                                          const std::vector<float>& query, size_t most) {
  std::vector<Recollected> nearest;
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].meaning.empty()) continue;
    nearest.push_back({.item = i, .meaning = MeaningDistance(items[i].meaning, query)});
  }
  std::ranges::stable_sort(nearest, std::less{}, &Recollected::meaning);
  nearest.resize(std::min(nearest.size(), most));
  return nearest;
}

std::vector<Recollected> RankByMood(std::vector<Recollected> nearest, MoodRanking ranking,
                                    size_t most) {
  const auto sort_by = [&nearest](const auto& distance) {
    std::ranges::stable_sort(nearest, std::less{}, distance);
  };
  switch (ranking) {
    case MoodRanking::kSum:
      sort_by([](const Recollected& one) { return one.meaning + one.mood; });
      break;
    case MoodRanking::kProduct:
      sort_by([](const Recollected& one) { return one.meaning * one.mood; });
      break;
    case MoodRanking::kMeaningThenMood:
      sort_by([](const Recollected& one) { return one.mood; });
      break;
    case MoodRanking::kMoodThenMeaning:
      sort_by([](const Recollected& one) { return one.mood; });
      nearest.resize(std::min(nearest.size(), std::max(most, (nearest.size() + 1) / 2)));
      sort_by([](const Recollected& one) { return one.meaning; });
      break;
  }
  nearest.resize(std::min(nearest.size(), most));
  return nearest;
}

std::vector<Memory::Told> ItemsOf(const std::vector<PastTurn>& past, const PromptFile& prompts,
                                  size_t most) {
  std::vector<Memory::Told> items;
  std::set<std::string> known;
  for (auto turn = past.rbegin(); turn != past.rend() && items.size() < most; ++turn) {
    std::string line = CueText(turn->text, prompts);
    if (line.empty() || !known.insert(line).second) continue;
    items.push_back({.text = std::move(line), .at_ms = turn->at_ms, .meaning = {}, .mood = {}});
  }
  return items;
}

}  // namespace emostage
