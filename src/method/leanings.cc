#include "method/leanings.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/json.h"
#include "emostage/error.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLargest = 1 << 20;
constexpr double kLeast = 0.01;  // as in the phase filter

// FNV-1a, 64 bit; it only names the file, which holds the whole key.
uint64_t Hash(const std::string& text) {
  uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

bool IsDistribution(const std::vector<double>& probabilities) {
  double sum = 0;
  for (const double p : probabilities) {
    if (!(p >= 0)) return false;
    sum += p;
  }
  return std::abs(sum - 1) < 1e-3;
}

}  // namespace

Leanings::Leanings(std::string folder) : folder_(std::move(folder)) {}

std::string Leanings::PathFor(const std::string& key) const {
  char name[40];
  std::snprintf(name, sizeof(name), "/%016llx.leaning.json",
                static_cast<unsigned long long>(Hash(key)));
  return folder_ + name;
}

std::vector<double> Leanings::Find(const std::string& key, size_t labels) {
  const std::lock_guard lock(mutex_);
  if (const auto found = kept_.find(key); found != kept_.end()) return found->second;
  std::error_code error;
  if (folder_.empty() || !fs::is_regular_file(PathFor(key), error)) return {};
  try {
    const OrderedJson json = OrderedJson::parse(ReadFile(PathFor(key), kLargest));
    if (json.at("key").get_ref<const std::string&>() != key) return {};
    auto probabilities = json.at("probabilities").get<std::vector<double>>();
    if (probabilities.size() != labels || !IsDistribution(probabilities)) return {};
    return kept_[key] = std::move(probabilities);
  } catch (const Error&) {
    return {};
  } catch (const nlohmann::json::exception&) {
    return {};
  }
}

void Leanings::Keep(const std::string& key, const std::vector<double>& probabilities) {
  const std::lock_guard lock(mutex_);
  kept_[key] = probabilities;
  if (folder_.empty()) return;
  std::error_code error;
  fs::create_directories(folder_, error);
  try {
    WriteFileAtomically(PathFor(key), DumpJson({{"key", key}, {"probabilities", probabilities}}));
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): see the header
  }
}

std::vector<double> WithoutLeaning(std::vector<double> probabilities, std::vector<double> leaning) {
  if (leaning.empty()) return probabilities;
  if (leaning.size() != probabilities.size()) {
    throw Error(ErrorCode::kInternal, "a leaning of the wrong size");
  }
  double sum = 0;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    probabilities[i] = std::max(probabilities[i], kLeast) / std::max(leaning[i], kLeast);
    sum += probabilities[i];
  }
  for (double& p : probabilities) p /= sum;
  return probabilities;
}

}  // namespace emostage
