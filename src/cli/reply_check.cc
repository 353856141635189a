#include "cli/reply_check.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

namespace emostage {
namespace {

// Two log-likelihoods of one token after the same words; the rest is rounding.
constexpr double kSame = 1e-3;

class PlainContext : public Context {
 public:
  PlainContext(std::unique_ptr<Context> of, std::function<void(const Ask&)> on_reply)
      : of_(std::move(of)), on_reply_(std::move(on_reply)) {}

  Future<Completion> complete(Ask ask, OnToken on_token) override {
    ask.sampling.repetition_penalty = 1;
    if (ask.schema.empty()) on_reply_(ask);
    return of_->complete(std::move(ask), std::move(on_token));
  }
  Future<Choice> choose(Ask ask, std::vector<std::string> labels, Scoring scoring) override {
    return of_->choose(std::move(ask), std::move(labels), scoring);
  }
  Future<Score> score(Ask ask, std::string continuation) override {
    return of_->score(std::move(ask), std::move(continuation));
  }
  Future<NextTokens> next(Ask ask, int most) override { return of_->next(std::move(ask), most); }
  Future<std::vector<Completion>> sample(Ask ask, int n) override {
    return of_->sample(std::move(ask), n);
  }
  void ReadAhead(const std::string& system, std::vector<Message> messages) override {
    of_->ReadAhead(system, std::move(messages));
  }
  int WaitReadAhead() override { return of_->WaitReadAhead(); }

 private:
  std::unique_ptr<Context> of_;
  std::function<void(const Ask&)> on_reply_;
};

class PlainModel : public Model {
 public:
  explicit PlainModel(std::shared_ptr<Model> of) : of_(std::move(of)) {}

  const ModelInfo& info() const override { return of_->info(); }
  std::unique_ptr<Context> Open() override {
    return std::make_unique<PlainContext>(of_->Open(), [this](const Ask& ask) {
      const std::scoped_lock lock(mutex_);
      last_ = ask;
    });
  }
  int CountTokens(std::string_view text) const override { return of_->CountTokens(text); }
  CacheUse cache_use() const override { return of_->cache_use(); }
  std::vector<float> embed(std::string_view text) override { return of_->embed(text); }

  // The last question for free text: the reply's.
  [[nodiscard]] std::optional<Ask> last() const {
    const std::scoped_lock lock(mutex_);
    return last_;
  }

 private:
  const std::shared_ptr<Model> of_;
  mutable std::mutex mutex_;
  std::optional<Ask> last_;
};

// How much likelier `model` finds the first word of `own` that `other` does not have.
std::optional<double> Gap(Model& model, const Ask& ask, const std::string& own,
                          const std::string& other) {
  if (own.empty() || other.empty()) return std::nullopt;
  const std::unique_ptr<Context> context = model.Open();
  const Score first = context->score(ask, own).get();
  const Score second = context->score(ask, other).get();
  const auto [a, b] =
      std::ranges::mismatch(first.token_log_likelihoods, second.token_log_likelihoods,
                            [](double x, double y) { return std::abs(x - y) < kSame; });
  if (a == first.token_log_likelihoods.end() || b == second.token_log_likelihoods.end()) {
    return std::nullopt;
  }
  return *a - *b;
}

std::vector<TalkReplies> Play(const std::shared_ptr<Model>& model, const Talks& talks,
                              const ReplyCheck& check, const std::stop_token& stop) {
  std::vector<std::unique_ptr<Player>> players;
  for (std::size_t i = 0; i < talks.size(); ++i) {
    players.push_back(SessionPlayer(model, check.session));
  }
  PlayOptions play = check.play;
  play.title = "check";
  const PlayFigures figures = PlayAll(players, talks, play, stop);
  std::vector<TalkReplies> replies(talks.size());
  for (std::size_t i = 0; i < figures.turns.size(); ++i) {
    replies[i % talks.size()].push_back(figures.turns[i].text);
  }
  return replies;
}

int SameUntilTheyPart(const TalkReplies& a, const TalkReplies& b) {
  return static_cast<int>(std::ranges::mismatch(a, b).in1 - a.begin());
}

}  // namespace

std::shared_ptr<Model> WithoutPenalty(std::shared_ptr<Model> model) {
  return std::make_shared<PlainModel>(std::move(model));
}

ReplyComparison CompareReplies(const Talks& talks, const std::vector<TalkReplies>& replied,
                               int sessions, const ReplyCheck& check, const std::stop_token& stop) {
  ReplyComparison comparison;
  comparison.sessions = std::min(sessions, static_cast<int>(talks.size()));
  const auto counted = static_cast<std::size_t>(comparison.sessions);
  Talks some;
  std::vector<TalkReplies> alone;
  const auto chosen = [&](std::size_t checked) { return checked * talks.size() / counted; };
  for (std::size_t checked = 0; checked < counted; ++checked) {
    const std::size_t i = chosen(checked);
    const auto model = std::make_shared<PlainModel>(check.load(1, false));
    // Turn by turn, to have the question at hand where the replies part.
    const std::unique_ptr<Player> player = SessionPlayer(model, check.session);
    some.push_back(talks[i]);
    alone.emplace_back();
    comparison.replies += static_cast<int>(replied[i].size());
    bool together = true;
    for (std::size_t turn = 0; turn < talks[i].size(); ++turn) {
      const std::string own = player->Play(talks[i][turn], stop).text;
      alone.back().push_back(own);
      if (!together) continue;
      const std::string& other = replied[i][turn];
      together = own == other;
      if (together) {
        ++comparison.same;
      } else if (const auto gap = Gap(*model, model->last().value(), own, other)) {
        comparison.gaps.push_back(*gap);
      }
    }
  }
  const std::vector<TalkReplies> roomy =
      Play(WithoutPenalty(check.load(comparison.sessions, true)), some, check, stop);
  for (std::size_t i = 0; i < some.size(); ++i) {
    comparison.with_room += SameUntilTheyPart(roomy[i], alone[i]);
    comparison.as_with_room += SameUntilTheyPart(replied[chosen(i)], roomy[i]);
  }
  std::ranges::sort(comparison.gaps);
  return comparison;
}

}  // namespace emostage
