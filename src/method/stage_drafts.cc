// What a stage offers to methods that weigh several drafts against each other.

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "emostage/error.h"
#include "method/stage.h"
#include "safety/reply_guard.h"

namespace emostage {
namespace {

constexpr double kDraftsTemperature = 0.7;  // colder drafts are all the same and decide nothing

std::string ToJson(const Score& score, const std::string& continuation) {
  return DumpJson({{"text", Trim(continuation)},
                   {"tokens", score.token_log_likelihoods.size()},
                   {"log_likelihood", score.total}});
}

}  // namespace

Asked<std::vector<Completion>> Stage::Drafts(std::string_view step, const std::string& cue, int n,
                                             int most_tokens) {
  CallBeforeReply();
  Ask ask = NewReplyAsk(cue, {});
  if (n > 1) ask.sampling.temperature = std::max(ask.sampling.temperature, kDraftsTemperature);
  if (most_tokens > 0 && settings_.fixed.reply == 0) {
    ask.sampling.max_tokens = std::min(ask.sampling.max_tokens, most_tokens);
  }
  const size_t index = NewStep(step);
  return {settings_.context->sample(std::move(ask), n),
          [this, index](std::vector<Completion>& drafts) { Sift(index, drafts); }};
}

void Stage::Sift(size_t step, std::vector<Completion>& drafts) {
  Usage usage;
  OrderedJson listed = OrderedJson::array();
  std::vector<Completion> fit;
  for (Completion& draft : drafts) {
    // A draft is never read before it is whole, so half of one is worth nothing.
    if (draft.finish == FinishReason::kCancelled) {
      throw Error(ErrorCode::kCancelled, "stopped before the answer");
    }
    usage = draft.usage;  // of all of them together
    const std::string as_written = draft.text;
    if (settings_.fixed.reply == 0) {
      draft.text = CleanReply(as_written, draft.finish == FinishReason::kLength);
    }
    OrderedJson line = {{"text", draft.text}};
    if (as_written != draft.text) line["as_written"] = as_written;
    std::string rule;
    if (settings_.safety != nullptr) {
      rule = BrokenRule(*settings_.safety, settings_.language, draft.text);
    }
    if (!rule.empty()) {
      draft_held_back_ = rule;
      line["held_back"] = rule;
    } else if (!draft.text.empty()) {
      fit.push_back(std::move(draft));
    }
    listed.push_back(std::move(line));
  }
  drafts = std::move(fit);
  Enter(step, usage, DumpJson({{"drafts", listed}}));
}

Asked<Score> Stage::LikelihoodAfter(std::vector<Exchange> before, std::string_view step,
                                    const std::string& cue, const std::string& prefix,
                                    const std::string& continuation) {
  RequireLikelihoods();
  Ask ask = QuestionAsk(cue, prefix, std::move(before));
  const size_t index = NewStep(step);
  return {settings_.context->score(std::move(ask), continuation),
          [this, index, continuation](const Score& score) {
            Enter(index, score.usage, ToJson(score, continuation));
          }};
}

Asked<Score> Stage::LikelihoodOn(const Side& side, std::string_view step, const std::string& cue,
                                 const std::string& prefix, const std::string& continuation) {
  RequireLikelihoods();
  Ask ask = QuestionAsk(cue, prefix);
  ask.messages = side.messages;
  const size_t index = NewStep(step);
  return {side.context->score(std::move(ask), continuation),
          [this, index, cue, context = side.context](const Score& score) {
            Enter(index, score.usage,
                  DumpJson({{"given", cue},
                            {"tokens", score.token_log_likelihoods.size()},
                            {"log_likelihood", score.total}}));
          }};
}

std::string Stage::WritePragmatically(std::string_view step, const std::vector<std::string>& cues,
                                      const PragmaticWeights& weights) {
  RequireNextTokens();
  CallBeforeReply();
  std::vector<Ask> worlds;
  for (const std::string& cue : cues) worlds.push_back(NewReplyAsk(cue, {}));
  const size_t index = NewStep(step);
  const PragmaticText said = DecodePragmatically(*settings_.context, std::move(worlds), weights);
  answer_.cut_off = said.finish == FinishReason::kLength;
  const std::string text =
      settings_.fixed.reply > 0 ? said.text : CleanReply(said.text, answer_.cut_off);
  OrderedJson output = {{"text", text}};
  if (said.text != text) output["as_written"] = said.text;
  output["alpha"] = weights.alpha;
  output["beta"] = weights.beta;
  output["listener"] = said.listener;
  output["turned"] = said.turned;
  Enter(index, said.usage, DumpJson(output));
  return text;
}

void Stage::Require(bool offered, std::string_view what) const {
  if (offered) return;
  throw Error(ErrorCode::kUsage,
              "'" + answer_.method + "' needs " + std::string(what) + ", which " +
                  settings_.model->info().name + " does not offer",
              "use another model or method");
}

void Stage::RequireLikelihoods() const {
  Require(settings_.model->info().capabilities.log_probabilities, "log-probabilities");
}

void Stage::RequireNextTokens() const {
  RequireLikelihoods();
  Require(settings_.model->info().capabilities.next_tokens,
          "the log-probabilities of each next token");
}

void Stage::RequireEmbeddings() const {
  const ModelInfo& model = settings_.model->info();
  if (model.capabilities.embeddings) return;
  throw Error(ErrorCode::kUsage,
              "'" + answer_.method + "' needs embeddings, which " + model.name + " does not offer",
              "use another model or method");
}

std::vector<float> Stage::Embed(std::string_view text) const {
  if (settings_.stop.stop_requested()) {
    throw Error(ErrorCode::kCancelled, "stopped before the answer");
  }
  if (std::chrono::steady_clock::now() > settings_.deadline) {
    throw Error(ErrorCode::kBusy, "the answer was not there in the time allowed",
                "try again later, or allow more time");
  }
  return settings_.model->embed(text);
}

std::vector<PastTurn> Stage::Past() const {
  if (settings_.past == nullptr || !*settings_.past) return {};
  return (*settings_.past)();
}

void Stage::Conclude(std::string_view step, const std::string& output) {
  Enter(NewStep(step), {}, output);
}

}  // namespace emostage
