#ifndef EMOSTAGE_METHOD_METHODS_TESTING_H_
#define EMOSTAGE_METHOD_METHODS_TESTING_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "emostage/error.h"
#include "knowledge/knowledge.h"
#include "method/leanings.h"
#include "method/registry.h"
#include "method/stage.h"
#include "model/scripted/scripted_model.h"

// What the tests of the methods have in common: a scripted client, and a model that answers every
// question of a turn well unless told otherwise.
namespace emostage::testing {

[[nodiscard]] inline const Knowledge& Shipped() {
  static const Knowledge knowledge = Knowledge::Load(EMOSTAGE_SOURCE_DIR "/data");
  return knowledge;
}

// Tells a question by the line that it begins, such as "thinks"; "phase leaning" where nothing was
// said yet; "reply" and "turn" where it asks for those.
[[nodiscard]] inline std::string NameOf(const Ask& ask, Language language) {
  const PromptFile& prompts = Shipped().prompts("emostage", language);
  if (ask.instruction == Shipped().prompts("one-call", language).Cue("turn")) return "turn";
  if (ask.sampling.prose) return "reply";
  if (ask.instruction.starts_with(Shipped().transition().cue.in(language))) return "provoked";
  if (ask.instruction != prompts.Cue("notes")) {
    for (const PromptFile& file : Shipped().prompt_files()) {
      if (file.language != language) continue;
      for (const auto& [name, prefix] : file.prefixes) {
        if (!prefix.empty() && prefix == ask.answer_prefix) return name;
      }
    }
    return "reply";
  }
  for (const auto& [name, prefix] : prompts.prefixes) {
    if (prefix != ask.answer_prefix) continue;
    const bool unread = ask.messages.size() == 1 && ask.messages[0].text == prompts.Word("opening");
    return name == "phase" && unread ? "phase leaning" : name;
  }
  return "a question of no name";
}

[[nodiscard]] inline std::vector<std::string> NamesOf(const std::vector<Ask>& asked,
                                                      Language language) {
  std::vector<std::string> names;
  for (const Ask& ask : asked) names.push_back(NameOf(ask, language));
  return names;
}

// A distribution over `labels` labels that says what `shares` says, by index, and nothing else.
[[nodiscard]] inline std::vector<double> Shares(
    size_t labels, const std::vector<std::pair<size_t, double>>& shares) {
  std::vector<double> probabilities(labels, 0.0);
  for (const auto& [index, share] : shares) probabilities.at(index) = share;
  return probabilities;
}

[[nodiscard]] inline const Step& StepOf(const Answer& answer, const std::string& name) {
  const auto step = std::ranges::find(answer.steps, name, &Step::name);
  if (step == answer.steps.end()) throw std::runtime_error("no step " + name);
  return *step;
}

[[nodiscard]] inline Dialogue Talk(int client_turns, int words = 3) {
  Dialogue dialogue;
  for (int i = 0; i < client_turns; ++i) {
    if (i > 0) dialogue.turns.push_back({Role::kCounsellor, "answer " + std::to_string(i), ""});
    std::string text = "client " + std::to_string(i);
    for (int w = 0; w < words; ++w) text += " word";
    dialogue.turns.push_back({Role::kClient, std::move(text), ""});
  }
  return dialogue;
}

[[nodiscard]] inline std::vector<std::string> StepNames(const Answer& answer) {
  std::vector<std::string> names;
  for (const Step& step : answer.steps) names.push_back(step.name);
  return names;
}

// The steps before the reply of an EmoStage turn whose perspective is written, `phases` among them.
[[nodiscard]] inline std::vector<std::string> WithNotes(const std::vector<std::string>& phases) {
  std::vector<std::string> steps = {"thinks", "feels", "strength", "needs"};
  steps.insert(steps.end(), phases.begin(), phases.end());
  steps.insert(steps.end(), {"situation", "reply"});
  return steps;
}

// The whole note of "one-call".
[[nodiscard]] inline std::string TurnJson(Language language, const PhaseScheme& scheme,
                                          size_t phase, const std::string& reply) {
  const Knowledge& k = Shipped();
  return DumpJson(
      {{"situation", "lost a job"},
       {"thinks", "I am no use"},
       {"feels",
        OrderedJson::array({{{"emotion", k.emotions()[0].name.in(language)}, {"intensity", 4}},
                            {{"emotion", k.emotions()[2].name.in(language)}, {"intensity", 1}}})},
       {"needs", OrderedJson::array({k.needs()[1].name.in(language)})},
       {"phase", scheme.phases[phase].name.in(language)},
       {"reply", reply}});
}

// A scripted model that tells when it is asked and when its answers are waited for, and can give
// picks.
class WatchedModel : public Model {
 public:
  using Namer = std::function<std::string(const Ask&)>;

  WatchedModel(ScriptedModel::Script script, Namer namer)
      : inner_(ScriptedModel::Create(std::move(script))), namer_(std::move(namer)) {}

  std::vector<std::string> events;  // "ask NAME", "wait NAME"
  std::vector<Pick> picks;

  const ModelInfo& info() const override { return inner_->info(); }
  std::unique_ptr<Context> Open() override {
    return std::make_unique<WatchedContext>(this, inner_->Open());
  }
  int CountTokens(std::string_view text) const override { return inner_->CountTokens(text); }
  std::vector<float> embed(std::string_view text) override { return inner_->embed(text); }

 private:
  class WatchedContext : public Context {
   public:
    WatchedContext(WatchedModel* model, std::unique_ptr<Context> inner)
        : model_(model), inner_(std::move(inner)) {}
    Future<Completion> complete(Ask ask, OnToken on_token) override {
      const std::string name = Asked(ask);
      return Watched<Completion>(name, [&] {
        Completion completion = inner_->complete(std::move(ask), std::move(on_token)).get();
        completion.picks = model_->picks;
        return completion;
      });
    }
    Future<Choice> choose(Ask ask, std::vector<std::string> labels, Scoring scoring) override {
      const std::string name = Asked(ask);
      return Watched<Choice>(
          name, [&] { return inner_->choose(std::move(ask), std::move(labels), scoring).get(); });
    }
    Future<Score> score(Ask ask, std::string continuation) override {
      return inner_->score(std::move(ask), std::move(continuation));
    }
    Future<NextTokens> next(Ask ask, int most) override {
      return inner_->next(std::move(ask), most);
    }
    Future<std::vector<Completion>> sample(Ask ask, int n) override {
      return inner_->sample(std::move(ask), n);
    }
    void ReadAhead(const std::string&, std::vector<Message>) override {}
    int WaitReadAhead() override { return 0; }

   private:
    std::string Asked(const Ask& ask) {
      model_->events.push_back("ask " + model_->namer_(ask));
      return model_->namer_(ask);
    }
    template <typename T, typename Fn>
    Future<T> Watched(const std::string& name, Fn answer) {
      std::promise<T> promise;
      try {
        promise.set_value(answer());
      } catch (...) {  // thrown where it is waited for
        promise.set_exception(std::current_exception());
      }
      return {promise.get_future(),
              [model = model_, name] { model->events.push_back("wait " + name); }};
    }
    WatchedModel* model_;
    std::unique_ptr<Context> inner_;
  };

  std::shared_ptr<ScriptedModel> inner_;
  Namer namer_;
};

class MethodsTest : public ::testing::Test {
 protected:
  MethodsTest() {
    script_.text = [this](const Ask& ask) { return Written(ask); };
    script_.probabilities = [this](const Ask& ask, const std::vector<std::string>& labels) {
      return Chosen(ask, labels);
    };
    script_.log_likelihood = [this](const Ask&, const std::string&) {
      if (before_answer_) before_answer_("likelihood");
      return -1.0;
    };
  }

  Answer Play(const std::string& method, const Dialogue& dialogue) {
    Model* model = watched_ ? static_cast<Model*>(watched_.get()) : Scripted().get();
    if (!context_) context_ = model->Open();
    const Method& played = FindMethod(method);
    StageSettings settings;
    settings.knowledge = &Shipped();
    settings.model = model;
    settings.context = context_.get();
    settings.memory = &memory_;
    settings.leanings = leanings_.get();
    settings.dialogue = &dialogue;
    settings.past = &ask_past_;
    settings.scheme = &Scheme();
    settings.language = language_;
    settings.sampling.max_tokens = 60;
    settings.stop = stop_.get_token();
    settings.fixed = fixed_;
    settings.safety = safety_;
    Stage stage(settings, played.name(), played.prompts());
    if (beside_) beside_(stage);
    return played.Respond(stage);
  }
  // What was asked during one turn.
  std::vector<Ask> AskedBy(const std::string& method, const Dialogue& dialogue) {
    const size_t before = Scripted()->asked().size();
    static_cast<void>(Play(method, dialogue));
    const std::vector<Ask> all = Scripted()->asked();
    return {all.begin() + static_cast<std::ptrdiff_t>(before), all.end()};
  }
  std::optional<Error> Failure(const std::string& method, const Dialogue& dialogue) {
    try {
      static_cast<void>(Play(method, dialogue));
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << method << " threw nothing";
    return std::nullopt;
  }
  std::shared_ptr<ScriptedModel>& Scripted() {
    if (!scripted_) scripted_ = ScriptedModel::Create(script_);
    return scripted_;
  }
  // From now on `watched_` answers, and what happens in a turn can be read there.
  void Watch() {
    watched_ = std::make_unique<WatchedModel>(
        script_, [this](const Ask& ask) { return NameOf(ask, language_); });
  }
  // Another session with the same model and the same leanings.
  void OpenSession() {
    context_.reset();
    memory_ = {};
    stop_ = std::stop_source();
  }
  // Another session, with another model, that shares nothing with those before.
  void Afresh() {
    OpenSession();
    scripted_.reset();
    watched_.reset();
    leanings_ = std::make_unique<Leanings>();
  }
  const PromptFile& Prompts() const { return Shipped().prompts("emostage", language_); }
  const PhaseScheme& Scheme() const { return Shipped().scheme(scheme_); }
  // What stands before the reply of the newest turn.
  std::string ReplyCue() { return Scripted()->asked().back().instruction; }
  // The newest question of that name.
  Ask Asked(const std::string& name) {
    const std::vector<Ask> asked = Scripted()->asked();
    for (auto ask = asked.rbegin(); ask != asked.rend(); ++ask) {
      if (NameOf(*ask, language_) == name) return *ask;
    }
    ADD_FAILURE() << "nobody asked: " << name;
    return {};
  }
  const std::string& OpeningWord() const { return Prompts().Word("opening"); }

  Language language_ = Language::kEnglish;
  std::string scheme_ = "five-phase";
  // What the model answers.
  std::string thinks_ = "I am no use";
  std::string situation_ = "lost a job";
  std::vector<std::pair<size_t, double>> feels_ = {{0, 0.6}, {2, 0.3}};
  std::vector<std::pair<size_t, double>> strength_ = {{3, 1.0}};
  std::vector<std::pair<size_t, double>> needs_ = {{1, 1.0}};
  std::vector<double> leaning_;  // to phases, before a word was said; empty: to none
  size_t phase_ = 2;
  std::vector<double> phase_shares_;  // empty: `phase_`, with hardly a doubt
  std::string turn_;                  // of "one-call"; empty: a good one
  std::string reply_ = "I hear you.";
  // Answers to questions of other methods, by name; else: a line with the client's word in it, and
  // the third label (of two, the second).
  std::map<std::string, std::string> lines_;
  std::map<std::string, std::vector<std::pair<size_t, double>>> shares_;
  // Called with the name of each question before it is answered; may throw.
  std::function<void(const std::string&)> before_answer_;

  std::function<void(Stage&)> beside_;  // what a session sets up before the method speaks

  // What the client said in earlier talks, and how often that was asked for.
  std::vector<PastTurn> past_ = {{"My exam went wrong.", 1000}, {"My sister called me.", 2000}};
  int past_asked_ = 0;
  AskPast ask_past_ = [this] {
    ++past_asked_;
    return past_;
  };

  FixedLengths fixed_;
  const SafetyKnowledge* safety_ = nullptr;  // reads drafts and replies; null: nobody does
  ScriptedModel::Script script_;
  Memory memory_;
  std::unique_ptr<Leanings> leanings_ = std::make_unique<Leanings>();
  std::stop_source stop_;
  std::shared_ptr<ScriptedModel> scripted_;
  std::unique_ptr<WatchedModel> watched_;
  std::unique_ptr<Context> context_;

 private:
  std::string Written(const Ask& ask) {
    const std::string name = NameOf(ask, language_);
    if (before_answer_) before_answer_(name);
    if (name == "thinks") return DumpJson(thinks_);
    if (name == "situation") return DumpJson(situation_);
    if (name == "turn") return turn_.empty() ? TurnJson(language_, Scheme(), 1, reply_) : turn_;
    if (name == "reply") return reply_;
    const auto line = lines_.find(name);
    if (line != lines_.end()) return line->second;
    const std::string text = "word of " + name;
    return DumpJson(name == "persona" ? OrderedJson::array({text}) : OrderedJson(text));
  }
  std::vector<double> Chosen(const Ask& ask, const std::vector<std::string>& labels) {
    const std::string name = NameOf(ask, language_);
    if (before_answer_) before_answer_(name);
    const bool unread = ask.messages.size() == 1 && ask.messages[0].text == OpeningWord();
    if (unread && leaning_.empty()) return std::vector<double>(labels.size(), 1.0);
    if (unread) return leaning_;
    const auto told = shares_.find(name);
    if (told != shares_.end()) return Shares(labels.size(), told->second);
    if (name == "feels") return Shares(labels.size(), feels_);
    if (name == "strength") return Shares(labels.size(), strength_);
    if (name == "needs") return Shares(labels.size(), needs_);
    if (!phase_shares_.empty()) return phase_shares_;
    std::vector<double> shares(labels.size(), 0.001);
    shares.at(std::min(phase_, labels.size() - 1)) = 1.0;
    return shares;
  }
};

}  // namespace emostage::testing

#endif  // EMOSTAGE_METHOD_METHODS_TESTING_H_
