#include "knowledge/word_weights.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "knowledge/protocol_texts.h"
#include "knowledge/word_features.h"

namespace emostage {
namespace {

// A weight is one letter: from kLeast (-37) over 'U' (0) to kMost (37).
constexpr char kLeast = '0';
constexpr char kNothing = 'U';
constexpr char kMost = 'z';
constexpr size_t kMostFeatures = 40000;  // 200 microseconds a turn are not kept with any number
constexpr size_t kToldWords = 3;

// FNV-1a, 64 bits.
uint64_t HashOf(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

double Finite(const TomlTable& table, std::string_view key) {
  const double value = table.Number(key);
  if (!std::isfinite(value)) table.FailAt(key, std::string(key) + " is not a number");
  return value;
}

double Share(const TomlTable& table, std::string_view key) {
  const double value = Finite(table, key);
  if (value < 0 || value > 1) {
    table.FailAt(key, std::string(key) + " is a probability", "it must lie between 0 and 1");
  }
  return value;
}

// The columns of weights: danger, and the tracks in their order.
std::vector<std::string> Columns() {
  std::vector<std::string> columns{"danger"};
  for (const RiskTrack& track : RiskTracks()) columns.emplace_back(track.name);
  return columns;
}

std::vector<double> ByColumn(const TomlTable& root, std::string_view key) {
  const TomlTable table = root.Table(key).Named(std::string(key));
  const std::vector<std::string> columns = Columns();
  for (const std::string& name : table.Keys()) {
    if (std::ranges::find(columns, name) == columns.end()) {
      table.FailAt(name, "there is no track '" + name + "'");
    }
  }
  std::vector<double> values;
  for (const std::string& column : columns) values.push_back(Finite(table, column));
  return values;
}

void SortOnce(std::vector<uint32_t>& features) {
  std::ranges::sort(features);
  features.erase(std::ranges::unique(features).begin(), features.end());
}

double ScaleOf(const std::vector<uint32_t>& features) {
  return features.empty() ? 0 : 1 / std::sqrt(static_cast<double>(features.size()));
}

}  // namespace

WordWeights::WordWeights(const TomlDocument& file) : file_(file.InfoWithoutId()) {
  const TomlTable root = file.root();
  root.AllowOnly(
      {"version", "language", "source", "take_over", "calm", "columns", "weights", "bias", "step"});
  const std::string code = root.Text("language");
  const auto language = LanguageFromCode(code);
  if (!language || !file.stem().ends_with("." + code)) {
    root.FailAt("language", "language is '" + code + "'",
                "it must be the file name's: en, zh or ja");
  }
  language_ = *language;
  take_over_ = Share(root, "take_over");
  calm_ = Share(root, "calm");
  if (calm_ > take_over_) root.FailAt("calm", "calm is above take_over");
  const auto joined = [](const std::vector<std::string>& names) {
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    return all;
  };
  const std::string named = joined(root.Texts("columns"));
  if (named != joined(Columns())) {
    root.FailAt("columns", "the columns are " + named,
                "they must be, in this order, " + joined(Columns()));
  }
  bias_ = ByColumn(root, "bias");
  step_ = ByColumn(root, "step");
  ReadLines(root);
  Index();
}

void WordWeights::ReadLines(const TomlTable& root) {
  const size_t columns = bias_.size();
  const std::string text = root.Text("weights");
  int number = 0;
  for (const std::string_view line : SplitLines(text)) {
    ++number;
    if (line.size() < columns + 2 || line[columns] != ' ') {
      root.FailInText("weights", number, "the line is too short",
                      "write " + std::to_string(columns) + " letters, a blank, and the feature");
    }
    for (const char c : line.substr(0, columns)) {
      if (c < kLeast || c > kMost) {
        root.FailInText("weights", number, std::string("'") + c + "' is no weight",
                        "a weight is a letter from 0 to z");
      }
      weights_.push_back(static_cast<int8_t>(c - kNothing));
    }
    texts_.emplace_back(line.substr(columns + 1));
    if (texts_.size() > kMostFeatures) {
      root.FailInText("weights", number, "there are too many features",
                      "keep the " + std::to_string(kMostFeatures) + " that weigh most");
    }
  }
  std::vector<std::pair<std::string_view, int>> sorted;
  for (const std::string& one : texts_) sorted.emplace_back(one, static_cast<int>(sorted.size()));
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(
      sorted, [](const auto& one, const auto& other) { return one.first == other.first; });
  if (twice != sorted.end()) {
    root.FailInText("weights", std::next(twice)->second + 1,
                    "the feature '" + std::string(twice->first) + "' stands here twice");
  }
}

void WordWeights::Index() {
  size_t slots = 1;
  while (slots < 2 * texts_.size()) slots *= 2;
  slots_.assign(slots, kNowhere);
  for (uint32_t i = 0; i < texts_.size(); ++i) {
    hashes_.push_back(HashOf(texts_[i]));
    size_t slot = hashes_.back() & (slots - 1);
    while (slots_[slot] != kNowhere) slot = (slot + 1) & (slots - 1);
    slots_[slot] = i;
  }
}

uint32_t WordWeights::Find(std::string_view feature) const {
  const uint64_t hash = HashOf(feature);
  const size_t mask = slots_.size() - 1;
  for (size_t slot = hash & mask; slots_[slot] != kNowhere; slot = (slot + 1) & mask) {
    if (hashes_[slots_[slot]] == hash) return slots_[slot];
  }
  return kNowhere;
}

void WordWeights::Add(const std::vector<uint32_t>& features, double scale,
                      std::vector<double>& sums) const {
  const size_t columns = sums.size();
  std::vector<int> counts(columns);
  for (const uint32_t feature : features) {
    const int8_t* weights = &weights_[feature * columns];
    for (size_t k = 0; k < columns; ++k) counts[k] += weights[k];
  }
  for (size_t k = 0; k < columns; ++k) sums[k] += scale * step_[k] * counts[k];
}

std::string WordWeights::Heaviest(const std::vector<uint32_t>& features) const {
  const size_t columns = bias_.size();
  std::vector<std::pair<int, uint32_t>> heavy;
  for (const uint32_t feature : features) {
    if (!texts_[feature].starts_with("w:")) continue;  // parts of words explain nothing
    const int weight = weights_[feature * columns];
    if (weight > 0) heavy.emplace_back(-weight, feature);
  }
  std::ranges::sort(heavy);
  std::string words;
  for (size_t i = 0; i < heavy.size() && i < kToldWords; ++i) {
    words += (i == 0 ? "" : ", ") + texts_[heavy[i].second].substr(2);
  }
  return words;
}

WordWeights::Reading WordWeights::Read(const std::vector<std::string>& units,
                                       const std::vector<std::string>& found) const {
  std::vector<uint32_t>* into = nullptr;
  const FeatureSink collect = [this, &into](std::string_view feature) {
    const uint32_t place = Find(feature);
    if (place != kNowhere) into->push_back(place);
  };
  // What is the same for every window.
  std::vector<double> always = bias_;
  std::vector<uint32_t> features;
  into = &features;
  for (const std::string& one : found) collect(one);
  SortOnce(features);
  Add(features, 1, always);

  const std::vector<Units> sentences = SentencesOf(units);
  std::vector<std::vector<uint32_t>> by_sentence(sentences.size());
  for (size_t i = 0; i < sentences.size(); ++i) {
    into = &by_sentence[i];
    ForEachFeature(language_, sentences[i], collect);
  }
  Reading best;
  std::vector<uint32_t> told;
  for (const auto& [begin, end] : ReadingWindows(sentences.size())) {
    features.clear();
    for (size_t i = begin; i < end; ++i) {
      features.insert(features.end(), by_sentence[i].begin(), by_sentence[i].end());
    }
    SortOnce(features);
    std::vector<double> sums = always;
    Add(features, ScaleOf(features), sums);
    const double danger = 1 / (1 + std::exp(-sums[0]));
    if (danger <= best.danger) continue;
    best.danger = danger;
    const auto likeliest = std::max_element(sums.begin() + 1, sums.end());
    best.track = RiskTracks()[static_cast<size_t>(likeliest - sums.begin()) - 1].name;
    told = features;
  }
  if (best.danger >= take_over_) best.words = Heaviest(told);
  return best;
}

}  // namespace emostage
