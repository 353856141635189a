#include "emostage/session.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "emostage/error.h"
#include "knowledge/knowledge.h"
#include "method/leanings.h"
#include "method/registry.h"
#include "method/stage.h"
#include "method/transition.h"
#include "session/safety_turn.h"

namespace emostage {

std::shared_ptr<const Knowledge> LoadKnowledge(const std::string& folder) {
  if (folder.empty()) return std::make_shared<const Knowledge>(Knowledge::Load());
  return std::make_shared<const Knowledge>(Knowledge::Load(folder));
}

std::shared_ptr<Leanings> OpenLeanings(const std::string& folder) {
  return std::make_shared<Leanings>(folder);
}

// The protocol speaks instead of the method, which has begun already.
struct TakenOver {};

struct Session::Impl {
  std::shared_ptr<Model> model;
  SessionOptions options;
  std::unique_ptr<Context> context;
  const Method* method = nullptr;
  const PhaseScheme* scheme = nullptr;
  Dialogue dialogue;
  Memory memory;
  std::optional<ProtocolState> protocol = ProtocolState{};  // none: not known for this dialogue
  TalkTimes times;

  [[nodiscard]] StageSettings SettingsFor(Language language, const TurnWatch& watch,
                                          std::stop_token stop) {
    StageSettings settings;
    settings.knowledge = options.knowledge.get();
    settings.model = model.get();
    settings.context = context.get();
    settings.memory = &memory;
    settings.leanings = options.leanings.get();
    settings.dialogue = &dialogue;
    settings.past = &options.past;
    settings.scheme = scheme;
    settings.language = language;
    settings.sampling = options.sampling;
    settings.on_token = watch.on_token;
    settings.on_step = watch.on_step;
    settings.on_step_done = watch.on_step_done;
    settings.stop = std::move(stop);
    if (options.turn_timeout.count() > 0) {
      settings.deadline = std::chrono::steady_clock::now() + options.turn_timeout;
    }
    settings.fixed = {options.fixed_reply_tokens, options.fixed_note_tokens};
    return settings;
  }

  Answer Respond(const TurnWatch& watch, std::stop_token stop) {
    const auto begun = std::chrono::steady_clock::now();
    const Language language = options.language.value_or(DetectLanguage(dialogue));
    StageSettings settings = SettingsFor(language, watch, std::move(stop));
    const bool answerable = !dialogue.turns.empty() && dialogue.turns.back().role == Role::kClient;
    if (!options.safety.enabled || !answerable) {  // which the stage will refuse
      Stage stage(settings, method->name(), method->prompts());
      if (const auto own_feeling = AskExtras(stage)) stage.BeforeReply(own_feeling);
      Answer answer = method->Respond(stage);
      Keep(answer, &stage);
      return answer;
    }
    SafetyTurn safety(*options.knowledge, options.safety, dialogue, language, Protocol(), times);
    const std::string disclosure = safety.Disclosure();
    if (!disclosure.empty() && watch.on_disclosure) watch.on_disclosure(disclosure);
    const auto tell = [&] {
      if (watch.on_risk) watch.on_risk(safety.risk());
    };
    settings.safety = &options.knowledge->safety();

    std::optional<Stage> stage;
    std::function<void()> read_model;
    Answer answer;
    try {
      try {
        stage.emplace(settings, method->name(), method->prompts());
      } catch (const Error& error) {
        // A model that cannot even be asked: what was written beforehand needs none.
        if (error.code() == ErrorCode::kCancelled || !safety.Speaks()) throw;
        safety.ModelFailed();
      }
      try {
        if (stage && safety.WouldAsk(*model)) read_model = safety.AskModel(*stage);
      } catch (const Error& error) {
        if (error.code() == ErrorCode::kCancelled) throw;
        safety.ModelFailed();  // the method may still be able to work with it
      }
      if (safety.Speaks()) {
        if (read_model) read_model();
        throw TakenOver();
      }
      const std::function<void()> own_feeling = AskExtras(*stage);
      stage->BeforeReply([&] {
        if (read_model) std::exchange(read_model, nullptr)();
        if (safety.Speaks()) throw TakenOver();
        tell();
        if (own_feeling) own_feeling();
      });
      answer = method->Respond(*stage);
      safety.Finish(answer);
      answer.disclosure = disclosure;
      Keep(answer, &*stage);
    } catch (const TakenOver&) {
      tell();
      if (stage) {
        answer = std::move(stage->answer());
      } else {
        answer.method = method->name();
        answer.model = model->info().name;
        answer.language = language;
      }
      safety.Finish(answer);
      answer.disclosure = disclosure;
      const std::chrono::duration<double, std::milli> spent =
          std::chrono::steady_clock::now() - begun;
      answer.total_ms = answer.first_token_ms = spent.count();
      if (watch.on_token) watch.on_token(answer.reply);
      Keep(answer, stage ? &*stage : nullptr);
    }
    if (!answer.reply.empty()) protocol = safety.state();
    safety.Report(answer);
    return answer;
  }

  // What stands beside any method, after safety has asked its own; to be called before the reply.
  std::function<void()> AskExtras(Stage& stage) {
    const Language language = stage.language();
    if (!options.stimulus.empty()) {
      stage.EndQuestionsWith(options.knowledge->stimuli().Get(options.stimulus).text.in(language));
    }
    if (options.transition.empty()) return {};
    return AskTransition(stage, options.transition);
  }

  // Where the protocol stands before the dialogue's last client turn.
  [[nodiscard]] const ProtocolState& Protocol() {
    if (!protocol) {
      protocol =
          ReplayProtocol(options.knowledge->safety(), options.safety, dialogue, options.language);
    }
    return *protocol;
  }

  void Keep(const Answer& answer, const Stage* stage) {
    if (answer.reply.empty()) return;
    // The reply will stand in the next turn's dialogue: read it now, while the client reads it too.
    if (stage != nullptr && options.read_ahead) {
      std::vector<Message> messages = stage->messages();
      messages.push_back({Speaker::kCounsellor, answer.reply});
      context->ReadAhead(stage->system(), std::move(messages));
    }
    dialogue.turns.push_back({Role::kCounsellor, answer.reply, ""});  // last: nothing throws after
  }
};

Session::Session(std::shared_ptr<Model> model, SessionOptions options)
    : impl_(std::make_unique<Impl>()) {
  impl_->model = std::move(model);
  impl_->options = std::move(options);
  if (!impl_->options.knowledge) impl_->options.knowledge = LoadKnowledge();
  if (!impl_->options.leanings) impl_->options.leanings = OpenLeanings();
  impl_->context = impl_->model->Open();
  if (const std::string& id = impl_->options.stimulus; !id.empty()) {
    static_cast<void>(impl_->options.knowledge->stimuli().Get(id));
  }
  if (const std::string& id = impl_->options.transition; !id.empty()) {
    static_cast<void>(impl_->options.knowledge->transition().personality(id));
  }
  SetMethod(impl_->options.method);
  SetScheme(impl_->options.scheme);
}

Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

Answer Session::Respond(const std::string& client_text, const OnToken& on_token,
                        std::stop_token stop) {
  return RespondWatched(client_text, TurnWatch{.on_token = on_token}, std::move(stop));
}

Answer Session::RespondWatched(const std::string& client_text, const TurnWatch& watch,
                               std::stop_token stop) {
  const std::string text(Trim(RepairUtf8(client_text)));
  if (text.empty()) {
    throw Error(ErrorCode::kInput, "the client's turn is empty", "say something");
  }
  impl_->dialogue.turns.push_back({Role::kClient, text, ""});
  try {
    Answer answer = impl_->Respond(watch, std::move(stop));
    if (answer.reply.empty()) impl_->dialogue.turns.pop_back();
    return answer;
  } catch (...) {
    impl_->dialogue.turns.pop_back();
    throw;
  }
}

Answer Session::RespondToLast(const OnToken& on_token, std::stop_token stop) {
  return impl_->Respond(TurnWatch{.on_token = on_token}, std::move(stop));
}

void Session::SetDialogue(Dialogue dialogue) {
  const bool same = std::ranges::equal(
      dialogue.turns, impl_->dialogue.turns,
      [](const Turn& a, const Turn& b) { return a.role == b.role && a.text == b.text; });
  if (!same) impl_->protocol.reset();
  impl_->dialogue = std::move(dialogue);
}
void Session::SetProtocol(const std::string& json) { impl_->protocol = ProtocolFromJson(json); }
void Session::SetTimes(const TalkTimes& times) { impl_->times = times; }
const Dialogue& Session::dialogue() const { return impl_->dialogue; }

void Session::SetPast(AskPast past) {
  impl_->options.past = std::move(past);
  impl_->memory.recollection = {};
}

void Session::SetMethod(const std::string& method) { impl_->method = &FindMethod(method); }
void Session::SetScheme(const std::string& scheme) {
  impl_->scheme = &impl_->options.knowledge->scheme(scheme);
}
void Session::SetSeed(uint64_t seed) { impl_->options.sampling.seed = seed; }
void Session::SetSampling(const Sampling& sampling) { impl_->options.sampling = sampling; }
void Session::SetLanguage(std::optional<Language> language) { impl_->options.language = language; }
int Session::WaitReadAhead() { return impl_->context->WaitReadAhead(); }

std::vector<std::pair<std::string, std::string>> MethodList() {
  std::vector<std::pair<std::string, std::string>> list;
  for (const Method* method : AllMethods()) list.emplace_back(method->name(), method->summary());
  return list;
}

std::vector<std::pair<std::string, std::string>> SchemeList(const Knowledge& knowledge,
                                                            Language language) {
  std::vector<std::pair<std::string, std::string>> list;
  for (const PhaseScheme& scheme : knowledge.schemes()) {
    list.emplace_back(scheme.file.id, scheme.title.in(language));
  }
  return list;
}

}  // namespace emostage
