#include "method/pragmatic_decoder.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "emostage/error.h"

namespace emostage {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kCandidates = 200;

double MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// What a world gives each token; one that it does not list can be no likelier than its last.
class World {
 public:
  explicit World(const std::vector<NextToken>& listed) : floor_(listed.back().log_probability) {
    for (const NextToken& token : listed) by_id_.emplace(token.id, token.log_probability);
  }
  [[nodiscard]] double LogProbability(int32_t id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? floor_ : found->second;
  }

 private:
  std::unordered_map<int32_t, double> by_id_;
  double floor_;
};

// L0 as natural logarithms that are normalised.
std::vector<double> Listen(const std::vector<World>& worlds, const std::vector<double>& prior,
                           int32_t heard, double beta) {
  std::vector<double> belief;
  for (size_t c = 0; c < worlds.size(); ++c) {
    belief.push_back(beta * worlds[c].LogProbability(heard) + prior[c]);
  }
  const double top = *std::ranges::max_element(belief);
  double sum = 0;
  for (const double b : belief) sum += std::exp(b - top);
  for (double& b : belief) b -= top + std::log(sum);
  return belief;
}

// As for any reply: it may not end before it has to, nor begin like JSON.
bool MayBe(const NextToken& token, const Sampling& sampling, const std::string& text, int tokens) {
  if (token.end) return tokens >= sampling.min_tokens;
  if (!sampling.prose || !Trim(text).empty()) return true;
  const std::string_view piece = Trim(token.piece);
  return !piece.starts_with('{') && !piece.starts_with('[');
}

// Where the first stop string begins.
std::optional<size_t> StopAt(const std::string& text, const std::vector<std::string>& stops) {
  size_t first = std::string::npos;
  for (const std::string& stop : stops) {
    if (!stop.empty()) first = std::min(first, text.find(stop));
  }
  return first == std::string::npos ? std::nullopt : std::optional(first);
}

bool EndsSentence(std::string_view text) {
  constexpr std::string_view kEnds[] = {".", "!", "?", "…", "。", "！", "？"};
  return std::ranges::any_of(kEnds, [text](std::string_view end) { return text.ends_with(end); });
}

// What always takes the best token soon goes round in circles, and then for ever.
class Repetition {
 public:
  // Where the sentence that just ended began, if it was said before.
  std::optional<size_t> FoundAt(std::string_view text) {
    if (!EndsSentence(text)) return std::nullopt;
    const size_t begin = std::exchange(begin_, text.size());
    if (CountScripts(text.substr(begin)).Total() == 0) return std::nullopt;  // the dots of "..."
    return said_.insert(std::string(Trim(text.substr(begin)))).second ? std::nullopt
                                                                      : std::optional(begin);
  }

 private:
  size_t begin_ = 0;  // of the sentence under way
  std::set<std::string> said_;
};

}  // namespace

PragmaticText DecodePragmatically(Context& context, std::vector<Ask> worlds,
                                  const PragmaticWeights& weights) {
  if (worlds.empty()) throw Error(ErrorCode::kInternal, "there is no world to speak of");
  const Sampling sampling = worlds.front().sampling;
  const Clock::time_point begun = Clock::now();
  PragmaticText said;
  std::vector<double> prior(worlds.size(), -std::log(static_cast<double>(worlds.size())));
  said.finish = FinishReason::kLength;
  Repetition repetition;
  int taken = 0;
  for (; taken < sampling.max_tokens; ++taken) {
    std::vector<Future<NextTokens>> asked;
    for (const Ask& world : worlds) asked.push_back(context.next(world, kCandidates));
    std::vector<World> heard;
    std::vector<NextToken> candidates;
    for (Future<NextTokens>& one : asked) {
      NextTokens next = one.get();
      heard.emplace_back(next.likeliest);
      if (candidates.empty()) candidates = std::move(next.likeliest);
      // From then on each step reads its last token; more only where the cache had to give way.
      const int again = next.usage.read_tokens() - 1;
      said.usage.prompt_tokens += taken == 0 ? next.usage.prompt_tokens : std::max(0, again);
      said.usage.reused_tokens += taken == 0 ? next.usage.reused_tokens : 0;
    }
    if (taken == 0) said.usage.first_ms = MillisecondsSince(begun);

    const NextToken* best = nullptr;
    const NextToken* likeliest = nullptr;
    double most = 0;
    for (const NextToken& token : candidates) {
      if (!MayBe(token, sampling, said.text, taken)) continue;
      const std::vector<double> belief = Listen(heard, prior, token.id, weights.beta);
      const double score = token.log_probability + weights.alpha * belief.front();
      if (likeliest == nullptr) likeliest = &token;
      if (best != nullptr && score <= most) continue;
      best = &token;
      most = score;
    }
    if (best == nullptr) break;  // nothing that may be said
    if (best != likeliest) ++said.turned;
    prior = Listen(heard, prior, best->id, weights.beta);
    if (best->end) {
      said.finish = FinishReason::kEnd;
      break;
    }
    said.text += best->piece;
    for (Ask& world : worlds) world.answer_tokens.push_back(best->id);
    if (taken + 1 < sampling.min_tokens) continue;
    std::optional<size_t> stop = repetition.FoundAt(said.text);
    if (!stop) stop = StopAt(said.text, sampling.stop);
    if (stop) {
      said.text.resize(*stop);
      said.finish = FinishReason::kStop;
      ++taken;
      break;
    }
  }
  said.text = RepairUtf8(std::string_view(said.text).substr(0, CompleteUtf8Length(said.text)));
  for (const double p : prior) said.listener.push_back(std::exp(p));
  said.usage.output_tokens = taken;
  said.usage.ms = MillisecondsSince(begun);
  return said;
}

}  // namespace emostage
