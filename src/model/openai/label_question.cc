#include <chrono>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

#include "base/text.h"
#include "emostage/error.h"
#include "model/openai/chat_stream.h"
#include "model/openai/exact_question.h"
#include "model/openai/label_choice.h"
#include "model/openai/questions.h"

namespace emostage::openai {
namespace {

using Clock = std::chrono::steady_clock;

// Labels that share less than this are not worth another question to tell them apart.
constexpr double kSmallMass = 0.001;

[[noreturn]] void Odd() {
  throw Error(ErrorCode::kModel, "the model server answers in an unknown way",
              "run 'emostage models check'");
}

std::vector<std::string> Trimmed(const std::vector<std::string>& labels) {
  std::vector<std::string> out;
  out.reserve(labels.size());
  for (const std::string& label : labels) out.emplace_back(Trim(label));
  return out;
}

// One label by an answer that may be nothing else: all probability is on it.
void BoundChoice(const Asking& asking, const Ask& ask, const std::vector<std::string>& labels,
                 Done<Choice> done) {
  const std::vector<std::string> names = Trimmed(labels);
  Ask question = ask;
  question.answer_prefix.clear();
  question.sampling = {};
  question.sampling.max_tokens = 48;
  question.schema = DumpJson({{"type", "object"},
                              {"properties", {{"answer", {{"enum", names}}}}},
                              {"required", {"answer"}}});
  AskSchema(asking, question,
            [names, done = std::move(done)](std::exception_ptr error, const Completion& answer) {
              if (error) return done(std::move(error), {});
              std::vector<double> weights(names.size(), 0.0);
              const OrderedJson json = OrderedJson::parse(answer.text);
              for (std::size_t i = 0; i < names.size(); ++i) {
                if (json["answer"] == names[i]) weights[i] = 1;
              }
              Choice choice = Normalised(std::move(weights));
              choice.usage = answer.usage;
              done(nullptr, std::move(choice));
            });
}

std::vector<LikelyToken> ReadLikely(const Json& answer) {
  std::vector<LikelyToken> likely;
  const Json& content = answer.at("choices").at(0).at("logprobs").at("content");
  for (const Json& entry : content.at(0).at("top_logprobs")) {
    LikelyToken token;
    token.log_probability = entry.at("logprob").get<double>();
    // A part of a character cannot stand in a JSON string; its bytes can.
    if (entry.contains("bytes") && entry["bytes"].is_array()) {
      for (const Json& byte : entry["bytes"]) token.text += static_cast<char>(byte.get<int>());
    } else {
      token.text = entry.at("token").get<std::string>();
    }
    likely.push_back(std::move(token));
  }
  return likely;
}

// Labels by the likeliest tokens, with a further question for those that begin alike.
class TextChoice : public std::enable_shared_from_this<TextChoice> {
 public:
  TextChoice(Asking asking, Ask ask, const std::vector<std::string>& labels, Done<Choice> done)
      : asking_(std::move(asking)),
        ask_(std::move(ask)),
        given_(labels),
        done_(std::move(done)),
        weights_(labels.size(), 0.0) {
    prefix_ = ask_.answer_prefix;
    // A last message of blanks alone is nothing to go on from; and what is not gone on from begins
    // without a blank.
    goes_on_ = asking_.traits->prefill && !Trim(prefix_).empty();
    labels_ = goes_on_ ? labels : Trimmed(labels);
    if (!goes_on_ && !prefix_.empty()) ask_.instruction += "\n" + prefix_;
  }

  void Begin() {
    std::vector<std::size_t> all(labels_.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    AskFor({"", std::move(all), 1.0}, true);
  }

 private:
  void AskFor(const TextShares::Group& group, bool first) {
    ++waiting_;
    Sampling sampling;
    sampling.max_tokens = 1;
    const std::string begun = goes_on_ ? prefix_ + group.said : "";
    OrderedJson body = ChatBody(*asking_.traits, ask_, begun, sampling);
    body["logprobs"] = true;
    body["top_logprobs"] = asking_.traits->top_log_probs;
    BeginJsonCall(
        *asking_.transport, asking_.Request("/v1/chat/completions", body),
        [self = shared_from_this(), group, first](std::exception_ptr error, const Json& answer) {
          self->Take(group, first, std::move(error), answer);
        });
  }

  void Take(const TextShares::Group& group, bool first, std::exception_ptr error,
            const Json& answer) {
    if (ended_) return;
    try {
      if (error) std::rethrow_exception(error);
      Usage usage;
      ReadUsage(answer, usage);
      usage_.prompt_tokens += first ? usage.prompt_tokens : usage.read_tokens();
      usage_.reused_tokens += first ? usage.reused_tokens : 0;
      const TextShares shares =
          ShareByText(labels_, group.labels, group.said.size(), ReadLikely(answer));
      if (first && !shares.any) {  // none of the labels comes to its mind
        ended_ = true;
        return BoundChoice(asking_, ask_, given_, done_);
      }
      Spread(group, shares);
    } catch (const nlohmann::json::exception&) {
      return Fail(
          std::make_exception_ptr(Error(ErrorCode::kModel, "the model server tells no likelihoods",
                                        "run 'emostage models check'")));
    } catch (const Error&) {
      return Fail(std::current_exception());
    }
    if (--waiting_ > 0) return;
    ended_ = true;
    Choice choice = Normalised(std::move(weights_));
    choice.usage = usage_;
    choice.usage.ms = choice.usage.first_ms =
        std::chrono::duration<double, std::milli>(Clock::now() - begun_).count();
    done_(nullptr, std::move(choice));
  }

  void Spread(const TextShares::Group& group, const TextShares& shares) {
    double sum = std::accumulate(shares.single.begin(), shares.single.end(), 0.0);
    for (const TextShares::Group& part : shares.groups) sum += part.mass;
    if (!(sum > 0)) sum = 1;
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      weights_[i] += group.mass * shares.single[i] / sum;
    }
    for (TextShares::Group part : shares.groups) {
      part.mass *= group.mass / sum;
      // What ends within a character cannot be sent to be gone on from.
      if (goes_on_ && part.mass > kSmallMass && part.said.size() > group.said.size() &&
          IsValidUtf8(part.said)) {
        AskFor(part, false);
      } else {
        for (const std::size_t label : part.labels) {
          weights_[label] += part.mass / static_cast<double>(part.labels.size());
        }
      }
    }
  }

  void Fail(std::exception_ptr error) {
    if (std::exchange(ended_, true)) return;
    done_(std::move(error), {});
  }

  Asking asking_;
  Ask ask_;
  std::vector<std::string> given_;
  Done<Choice> done_;
  std::string prefix_;
  bool goes_on_ = false;
  std::vector<std::string> labels_;
  std::vector<double> weights_;
  int waiting_ = 0;
  bool ended_ = false;
  Usage usage_;
  Clock::time_point begun_ = Clock::now();
};

[[nodiscard]] Error NoScore() {
  return Error(ErrorCode::kModel,
               "this model server does not tell how likely a given text is (no log-probabilities "
               "of prompts)",
               "use llama-server or vLLM, or a model on this machine");
}

// vLLM tells the likelihood of a prompt's tokens. How many of them are the text's is the difference
// to the same prompt without it.
class PromptScore : public std::enable_shared_from_this<PromptScore> {
 public:
  PromptScore(Asking asking, Ask ask, std::string text, Done<Score> done)
      : asking_(std::move(asking)),
        ask_(std::move(ask)),
        text_(std::move(text)),
        done_(std::move(done)) {}

  void Begin() {
    AskFor(ask_.answer_prefix, [](PromptScore& self, const Json& answer) {
      self.before_ = answer.at("usage").at("prompt_tokens").get<std::size_t>();
    });
    AskFor(ask_.answer_prefix + text_, [](PromptScore& self, const Json& answer) {
      ReadUsage(answer, self.score_.usage);
      self.all_ = answer.at("prompt_logprobs");
    });
  }

 private:
  void AskFor(const std::string& begun, std::function<void(PromptScore&, const Json&)> then) {
    Sampling sampling;
    sampling.max_tokens = 1;
    OrderedJson body = ChatBody(*asking_.traits, ask_, begun, sampling);
    body["prompt_logprobs"] = 0;
    BeginJsonCall(*asking_.transport, asking_.Request("/v1/chat/completions", body),
                  [self = shared_from_this(), then = std::move(then)](std::exception_ptr error,
                                                                      const Json& answer) {
                    if (self->ended_) return;
                    try {
                      if (error) std::rethrow_exception(error);
                      then(*self, answer);
                      if (++self->arrived_ == 2) self->Finish();
                    } catch (const Error&) {
                      self->Fail(std::current_exception());
                    } catch (const nlohmann::json::exception&) {
                      self->Fail(std::make_exception_ptr(NoScore()));
                    }
                  });
  }

  void Finish() {
    if (!all_.is_array() || all_.size() <= before_) Odd();
    for (std::size_t i = before_; i < all_.size(); ++i) {
      if (!all_[i].is_object() || all_[i].empty()) Odd();
      score_.token_log_likelihoods.push_back(all_[i].front().at("logprob").get<double>());
      score_.total += score_.token_log_likelihoods.back();
    }
    score_.usage.ms = score_.usage.first_ms =
        std::chrono::duration<double, std::milli>(Clock::now() - begun_).count();
    ended_ = true;
    done_(nullptr, std::move(score_));
  }

  void Fail(std::exception_ptr error) {
    if (!std::exchange(ended_, true)) done_(std::move(error), {});
  }

  Asking asking_;
  Ask ask_;
  std::string text_;
  Done<Score> done_;
  std::size_t before_ = 0;
  Json all_;
  int arrived_ = 0;
  bool ended_ = false;
  Score score_;
  Clock::time_point begun_ = Clock::now();
};

// Scoring::kMeanLogLikelihood.
void MeanChoice(const Asking& asking, const Ask& ask, const std::vector<std::string>& labels,
                Done<Choice> done) {
  struct Gathered {
    std::vector<double> weights;
    Usage usage;
    std::size_t waiting = 0;
    bool failed = false;
  };
  const auto gathered = std::make_shared<Gathered>();
  gathered->weights.resize(labels.size());
  gathered->waiting = labels.size();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    AskScore(asking, ask, labels[i], [gathered, i, done](std::exception_ptr error, const Score& s) {
      if (gathered->failed) return;
      if (error) {
        gathered->failed = true;
        return done(std::move(error), {});
      }
      gathered->weights[i] =
          std::exp(s.total / static_cast<double>(s.token_log_likelihoods.size()));
      gathered->usage = s.usage;
      if (--gathered->waiting > 0) return;
      Choice choice = Normalised(std::move(gathered->weights));
      choice.usage = gathered->usage;
      done(nullptr, std::move(choice));
    });
  }
}

}  // namespace

void AskChoice(const Asking& asking, const Ask& ask, const std::vector<std::string>& labels,
               Scoring scoring, Done<Choice> done) {
  const Traits& traits = *asking.traits;
  if (scoring == Scoring::kMeanLogLikelihood) {
    MeanChoice(asking, ask, labels, std::move(done));
  } else if (traits.any_log_probs) {
    ExactChoice(asking, ask, labels, std::move(done));
  } else if (traits.top_log_probs > 1) {
    std::make_shared<TextChoice>(asking, ask, labels, std::move(done))->Begin();
  } else {
    BoundChoice(asking, ask, labels, std::move(done));
  }
}

void AskScore(const Asking& asking, const Ask& ask, const std::string& continuation,
              Done<Score> done) {
  if (asking.traits->any_log_probs) {
    ExactScores(asking, ask, {continuation},
                [done = std::move(done)](std::exception_ptr error, std::vector<Score> scores) {
                  if (error) return done(std::move(error), {});
                  done(nullptr, std::move(scores.front()));
                });
  } else if (asking.traits->scores()) {
    std::make_shared<PromptScore>(asking, ask, continuation, std::move(done))->Begin();
  } else {
    done(std::make_exception_ptr(NoScore()), {});
  }
}

}  // namespace emostage::openai
