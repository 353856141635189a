#include "model/scripted/scripted_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "emostage/error.h"

namespace emostage {
namespace {

template <typename T>
Future<T> Ready(T value) {
  std::promise<T> promise;
  promise.set_value(std::move(value));
  return {promise.get_future(), nullptr};
}

template <typename T, typename Fn>
Future<T> Answer(Fn answer) {
  try {
    return Ready<T>(answer());
  } catch (...) {
    std::promise<T> promise;
    promise.set_exception(std::current_exception());
    return {promise.get_future(), nullptr};
  }
}

// A text cut before every word and every character beyond ASCII, as CountTokens counts them.
std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  std::string blanks;
  bool in_word = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool goes_on = byte < 0x80 ? in_word : byte < 0xC0 && !words.empty();
    if (byte <= ' ') {
      blanks += c;
      in_word = false;
    } else if (goes_on) {
      words.back() += c;
    } else {
      words.push_back(std::exchange(blanks, "") + c);
      in_word = byte < 0x80;
    }
  }
  if (!words.empty()) words.back() += blanks;
  return words;
}

}  // namespace

class ScriptedContext : public Context {
 public:
  explicit ScriptedContext(std::shared_ptr<ScriptedModel> model) : model_(std::move(model)) {}

  Future<Completion> complete(Ask ask, OnToken on_token) override {
    model_->Note(ask);
    return Answer<Completion>([&] { return Complete(ask, on_token); });
  }

  Future<Choice> choose(Ask ask, std::vector<std::string> labels, Scoring) override {
    model_->Note(ask);
    return Answer<Choice>([&] {
      if (labels.size() < 2) throw Error(ErrorCode::kInput, "choose needs 2 to 256 labels");
      Choice choice;
      choice.probabilities = model_->script_.probabilities
                                 ? model_->script_.probabilities(ask, labels)
                                 : std::vector<double>(labels.size(), 1.0);
      double sum = 0;
      for (double p : choice.probabilities) sum += p;
      for (double& p : choice.probabilities) p /= sum;
      choice.best = static_cast<size_t>(
          std::max_element(choice.probabilities.begin(), choice.probabilities.end()) -
          choice.probabilities.begin());
      choice.usage = UsageOf(ask, "");
      return choice;
    });
  }

  Future<Score> score(Ask ask, std::string continuation) override {
    model_->Note(ask);
    return Answer<Score>([&] {
      const double each =
          model_->script_.log_likelihood ? model_->script_.log_likelihood(ask, continuation) : -1.0;
      Score score;
      score.token_log_likelihoods.assign(static_cast<size_t>(model_->CountTokens(continuation)),
                                         each);
      score.total = each * static_cast<double>(score.token_log_likelihoods.size());
      score.pieces = Words(continuation);
      score.usage = UsageOf(ask, "");
      return score;
    });
  }

  Future<NextTokens> next(Ask ask, int most) override {
    model_->Note(ask);
    return Answer<NextTokens>([&] {
      if (most < 1) throw Error(ErrorCode::kInput, "next tells the 1 to 1024 likeliest tokens");
      if (ask.stop.stop_requested()) {
        throw Error(ErrorCode::kCancelled, "stopped before the answer");
      }
      NextTokens next;
      next.likeliest = model_->script_.next ? model_->script_.next(ask) : NextWord(ask);
      if (next.likeliest.size() > static_cast<size_t>(most)) {
        next.likeliest.resize(static_cast<size_t>(most));
      }
      next.usage = UsageOf(ask, "");
      return next;
    });
  }

  Future<std::vector<Completion>> sample(Ask ask, int n) override {
    model_->Note(ask);
    return Answer<std::vector<Completion>>([&] {
      std::vector<Completion> drafts;
      for (int i = 0; i < n; ++i) {
        Ask one = ask;
        one.sampling.seed += static_cast<uint64_t>(i);
        drafts.push_back(Complete(one, {}));
      }
      Usage usage = drafts.front().usage;
      for (size_t i = 1; i < drafts.size(); ++i) {
        usage.output_tokens += drafts[i].usage.output_tokens;
      }
      for (Completion& draft : drafts) draft.usage = usage;
      return drafts;
    });
  }

  void ReadAhead(const std::string&, std::vector<Message>) override {}
  int WaitReadAhead() override { return 0; }

 private:
  Usage UsageOf(const Ask& ask, const std::string& answer) const {
    Usage usage;
    usage.prompt_tokens = model_->CountTokens(ask.system) + model_->CountTokens(ask.instruction);
    for (const Message& message : ask.messages) {
      usage.prompt_tokens += model_->CountTokens(message.text);
    }
    usage.output_tokens = model_->CountTokens(answer);
    return usage;
  }

  std::vector<NextToken> NextWord(const Ask& ask) const {
    constexpr double kNearlyAll = 0.9;
    if (!model_->script_.text) throw Error(ErrorCode::kModel, "the script has no text for this");
    const std::vector<std::string> words = Words(model_->script_.text(ask));
    const size_t at = ask.answer_tokens.size();
    NextToken word = {.id = static_cast<int32_t>(at), .log_probability = std::log(kNearlyAll)};
    NextToken end = {.id = -1, .log_probability = std::log(1 - kNearlyAll), .end = true};
    if (at >= words.size()) {
      end.log_probability = word.log_probability;
      return {end};
    }
    word.piece = words[at];
    return {word, end};
  }

  Completion Complete(const Ask& ask, const OnToken& on_token) const {
    if (!model_->script_.text) throw Error(ErrorCode::kModel, "the script has no text for this");
    Completion completion;
    completion.text = model_->script_.text(ask);
    completion.finish = model_->script_.finish;
    if (ask.stop.stop_requested()) completion.finish = FinishReason::kCancelled;
    if (on_token) on_token(completion.text);
    completion.usage = UsageOf(ask, completion.text);
    return completion;
  }

  std::shared_ptr<ScriptedModel> model_;
};

ScriptedModel::ScriptedModel(Script script) : script_(std::move(script)) {
  info_.name = "scripted";
  info_.architecture = "scripted";
  info_.context_tokens = 4096;
}

std::shared_ptr<ScriptedModel> ScriptedModel::Create(Script script) {
  return std::shared_ptr<ScriptedModel>(new ScriptedModel(std::move(script)));
}

std::vector<Ask> ScriptedModel::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void ScriptedModel::Note(const Ask& ask) {
  const std::lock_guard lock(mutex_);
  asked_.push_back(ask);
}

std::unique_ptr<Context> ScriptedModel::Open() {
  return std::make_unique<ScriptedContext>(shared_from_this());
}

int ScriptedModel::CountTokens(std::string_view text) const {
  int count = 0;
  bool in_word = false;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0xC0) {
      ++count;
      in_word = false;
    } else if (byte < 0x80) {
      const bool blank = byte <= ' ';
      if (!blank && !in_word) ++count;
      in_word = !blank;
    }
  }
  return count;
}

std::vector<float> ScriptedModel::embed(std::string_view text) {
  if (script_.embedding) return script_.embedding(text);
  std::vector<float> vector(16, 0.0F);
  for (char c : text) vector[static_cast<unsigned char>(c) % vector.size()] += 1.0F;
  float norm = 0;
  for (float value : vector) norm += value * value;
  for (float& value : vector) value /= std::sqrt(std::max(norm, 1.0F));
  return vector;
}

}  // namespace emostage
