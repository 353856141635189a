#include "model/openai/exact_question.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "emostage/error.h"
#include "model/openai/chat_stream.h"
#include "model/openai/label_choice.h"

namespace emostage::openai {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kBias = 100;       // above every other token, whatever the model thinks
constexpr double kDecoyBias = 50;   // above those; the shares of the rest still fit a float
constexpr double kUnlikely = -100;  // in place of the logarithm of nothing
// Any words, to have some plain tokens of the vocabulary.
constexpr std::string_view kDecoys = "a . the of and";

std::vector<int> ReadTokens(const Json& answer, std::set<int>& parts) {
  std::vector<int> tokens;
  for (const Json& entry : answer.at("tokens")) {
    tokens.push_back(entry.at("id").get<int>());
    const Json& piece = entry.at("piece");
    if (!piece.is_string()) parts.insert(tokens.back());  // bytes that are no characters
  }
  return tokens;
}

[[noreturn]] void Odd() {
  throw Error(ErrorCode::kModel, "the model server tells no likelihoods in the way it should",
              "run 'emostage models check'");
}

// The prompt and the tokens of some texts, then a likelihood each for what is asked of them. Keeps
// itself alive until it ends.
class ExactWork : public std::enable_shared_from_this<ExactWork> {
 public:
  ExactWork(Asking asking, const Ask& ask, std::vector<std::string> texts)
      : asking_(std::move(asking)), texts_(std::move(texts)), tokens_(texts_.size()) {
    body_ = ChatBody(*asking_.traits, ask, ask.answer_prefix, ask.sampling);
  }
  virtual ~ExactWork() = default;

  void Begin() {
    waiting_ = texts_.size() + 2;
    Call("/apply-template", body_, [](ExactWork& work, const Json& answer) {
      work.prompt_ = answer.at("prompt").get<std::string>();
      work.Arrived();
    });
    Tokenize(std::string(kDecoys), decoys_);
    for (std::size_t i = 0; i < texts_.size(); ++i) Tokenize(texts_[i], tokens_[i]);
  }

 protected:
  using Then = std::function<void(ExactWork& work, const Json& answer)>;

  virtual void Plan() = 0;    // prompt and tokens have come: ask
  virtual void Finish() = 0;  // every likelihood has come
  virtual void Fail(std::exception_ptr error) = 0;

  [[nodiscard]] const std::vector<std::vector<int>>& tokens() const { return tokens_; }
  [[nodiscard]] Usage usage() const {
    Usage usage = usage_;
    usage.ms = std::chrono::duration<double, std::milli>(Clock::now() - begun_).count();
    usage.first_ms = usage.ms;
    return usage;
  }

  // The shares of some tokens after the prompt and `path`.
  void AskShares(const std::vector<int>& path, const std::vector<int>& among,
                 std::function<void(std::vector<double>)> then) {
    AskRatios(path, among, [then = std::move(then)](const std::vector<double>& shares, double) {
      then(shares);
    });
  }

  // The logarithm of how likely one token is there.
  void AskLikelihood(const std::vector<int>& path, int token, std::function<void(double)> then) {
    if (!parts_.contains(token)) return AskForced(path, token, std::move(then));
    // How likely the decoy is, and how the two compare.
    const auto decoy = std::make_shared<std::optional<double>>();
    const auto ratio = std::make_shared<std::optional<double>>();
    const auto both = [decoy, ratio, then = std::move(then)] {
      if (*decoy && *ratio) then(std::max(kUnlikely, **decoy + **ratio));
    };
    AskForced(path, Decoy({token}), [decoy, both](double likelihood) {
      *decoy = likelihood;
      both();
    });
    AskRatios(path, {token}, [ratio, both](const std::vector<double>& shares, double of_decoy) {
      *ratio = shares[0] > 0 ? std::log(shares[0] / of_decoy) + kDecoyBias : kUnlikely;
      both();
    });
  }

 private:
  void Count() { ++waiting_; }

  void Tokenize(const std::string& text, std::vector<int>& into) {
    Call("/tokenize",
         {{"content", text},
          {"add_special", false},
          {"parse_special", false},
          {"with_pieces", true}},
         [&into](ExactWork& work, const Json& answer) {
           into = ReadTokens(answer, work.parts_);
           if (into.empty()) Odd();
           work.Arrived();
         });
  }

  // A plain token that is none of these.
  [[nodiscard]] int Decoy(const std::vector<int>& among) const {
    for (const int token : decoys_) {
      if (!parts_.contains(token) && std::ranges::find(among, token) == among.end()) return token;
    }
    Odd();
  }

  // The shares of some tokens, and the decoy's where one is needed.
  void AskRatios(const std::vector<int>& path, const std::vector<int>& among,
                 std::function<void(const std::vector<double>&, double)> then) {
    std::vector<int> all = among;
    const bool with_decoy =
        std::ranges::any_of(among, [this](int token) { return parts_.contains(token); });
    if (with_decoy) all.push_back(Decoy(among));
    OrderedJson body = NewBody(path, all);
    if (with_decoy) body["logit_bias"].back()[1] = kBias + kDecoyBias;
    body["post_sampling_probs"] = true;
    body["n_probs"] = all.size();
    Count();
    Call("/completion", body,
         [all, with_decoy, then = std::move(then)](ExactWork& work, const Json& answer) {
           std::vector<double> shares(all.size(), 0.0);
           for (const Json& entry : answer.at("completion_probabilities").at(0).at("top_probs")) {
             const auto found = std::ranges::find(all, entry.at("id").get<int>());
             if (found == all.end()) Odd();
             shares[static_cast<std::size_t>(found - all.begin())] = entry.at("prob").get<double>();
           }
           double of_decoy = 0;
           if (with_decoy) {
             of_decoy = shares.back();
             shares.pop_back();
           }
           work.AddUsage(answer);
           then(shares, of_decoy);
           work.Arrived();
         });
  }

  void AskForced(const std::vector<int>& path, int token, std::function<void(double)> then) {
    OrderedJson body = NewBody(path, {token});
    body["n_probs"] = 1;
    Count();
    Call("/completion", body, [token, then = std::move(then)](ExactWork& work, const Json& answer) {
      const Json& entry = answer.at("completion_probabilities").at(0);
      if (entry.at("id").get<int>() != token) Odd();
      const Json& value = entry.at("logprob");
      work.AddUsage(answer);
      then(value.is_number() ? std::max(kUnlikely, value.get<double>()) : kUnlikely);
      work.Arrived();
    });
  }

  void Arrived() {
    if (--waiting_ > 0) return;
    if (!planned_) {
      planned_ = true;
      waiting_ = 1;
      Plan();
      if (--waiting_ > 0) return;
    }
    ended_ = true;
    Finish();
  }

  void AddUsage(const Json& answer) {
    Usage one;
    ReadUsage(answer, one);  // only timings.cache_n is there
    const int tokens = answer.value("tokens_evaluated", 0);
    const int read = std::max(0, tokens - one.reused_tokens);
    if (usage_.prompt_tokens == 0) {
      usage_.prompt_tokens = tokens;
      usage_.reused_tokens = one.reused_tokens;
    } else {
      usage_.prompt_tokens += read;
    }
  }

  [[nodiscard]] OrderedJson NewBody(const std::vector<int>& path,
                                    const std::vector<int>& among) const {
    OrderedJson body;
    body["prompt"] = prompt_;
    if (!path.empty()) {
      body["prompt"] = OrderedJson::array({prompt_});
      for (const int token : path) body["prompt"].push_back(token);
    }
    body["n_predict"] = 1;
    body["temperature"] = 1.0;
    body["samplers"] = {"top_k", "temperature"};
    body["top_k"] = among.size();
    body["logit_bias"] = OrderedJson::array();
    for (const int token : among) {
      body["logit_bias"].push_back(OrderedJson::array({token, kBias}));
    }
    body["seed"] = 0;
    return body;
  }

  void Call(const std::string& path, const OrderedJson& body, Then then) {
    BeginJsonCall(
        *asking_.transport, asking_.Request(path, body),
        [self = shared_from_this(), then = std::move(then)](std::exception_ptr error,
                                                            const Json& answer) {
          if (self->ended_) return;
          try {
            if (error) std::rethrow_exception(error);
            then(*self, answer);
          } catch (const nlohmann::json::exception&) {
            self->FailOnce(Error(ErrorCode::kModel, "the model server answers in an unknown way",
                                 "run 'emostage models check'"));
          } catch (const Error& e) {
            self->FailOnce(e);
          }
        });
  }

  void FailOnce(const Error& error) {
    if (std::exchange(ended_, true)) return;
    Fail(std::make_exception_ptr(error));
  }

  Asking asking_;
  OrderedJson body_;
  std::vector<std::string> texts_;
  std::vector<std::vector<int>> tokens_;
  std::vector<int> decoys_;
  std::set<int> parts_;  // tokens that are only a part of a character
  std::string prompt_;
  std::size_t waiting_ = 0;
  bool planned_ = false;
  bool ended_ = false;
  Usage usage_;
  Clock::time_point begun_ = Clock::now();
};

class ChoiceWork : public ExactWork {
 public:
  ChoiceWork(Asking asking, const Ask& ask, std::vector<std::string> labels, Done<Choice> done)
      : ExactWork(std::move(asking), ask, std::move(labels)), done_(std::move(done)) {}

 protected:
  void Plan() override {
    choice_ = std::make_unique<TokenChoice>(tokens());
    for (std::size_t i = 0; i < choice_->forks().size(); ++i) {
      const TokenChoice::Fork& fork = choice_->forks()[i];
      if (!fork.may_end) {
        AskShares(fork.path, fork.next,
                  [this, i](const std::vector<double>& shares) { choice_->Answer(i, shares); });
        continue;
      }
      const auto shares = std::make_shared<std::vector<double>>(fork.next.size(), 0.0);
      for (std::size_t way = 0; way < fork.next.size(); ++way) {
        AskLikelihood(fork.path, fork.next[way], [this, i, way, shares](double likelihood) {
          (*shares)[way] = std::exp(likelihood);
          choice_->Answer(i, *shares);
        });
      }
    }
  }
  void Finish() override {
    Choice choice = Normalised(choice_->Probabilities());
    choice.usage = usage();
    done_(nullptr, std::move(choice));
  }
  void Fail(std::exception_ptr error) override { done_(std::move(error), {}); }

 private:
  Done<Choice> done_;
  std::unique_ptr<TokenChoice> choice_;
};

class ScoreWork : public ExactWork {
 public:
  ScoreWork(Asking asking, const Ask& ask, std::vector<std::string> texts,
            Done<std::vector<Score>> done)
      : ExactWork(std::move(asking), ask, std::move(texts)), done_(std::move(done)) {}

 protected:
  void Plan() override {
    scores_.resize(tokens().size());
    for (std::size_t i = 0; i < tokens().size(); ++i) {
      scores_[i].token_log_likelihoods.resize(tokens()[i].size());
      std::vector<int> path;
      for (std::size_t at = 0; at < tokens()[i].size(); ++at) {
        AskLikelihood(path, tokens()[i][at], [this, i, at](double likelihood) {
          scores_[i].token_log_likelihoods[at] = likelihood;
          scores_[i].total += likelihood;
        });
        path.push_back(tokens()[i][at]);
      }
    }
  }
  void Finish() override {
    for (Score& score : scores_) score.usage = usage();
    done_(nullptr, std::move(scores_));
  }
  void Fail(std::exception_ptr error) override { done_(std::move(error), {}); }

 private:
  Done<std::vector<Score>> done_;
  std::vector<Score> scores_;
};

}  // namespace

void ExactChoice(const Asking& asking, const Ask& ask, const std::vector<std::string>& labels,
                 Done<Choice> done) {
  std::make_shared<ChoiceWork>(asking, ask, labels, std::move(done))->Begin();
}

void ExactScores(const Asking& asking, const Ask& ask, const std::vector<std::string>& texts,
                 Done<std::vector<Score>> done) {
  std::make_shared<ScoreWork>(asking, ask, texts, std::move(done))->Begin();
}

}  // namespace emostage::openai
