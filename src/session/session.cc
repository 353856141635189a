#include "emostage/session.h"

#include <utility>

#include "base/text.h"
#include "emostage/error.h"
#include "knowledge/knowledge.h"
#include "method/leanings.h"
#include "method/registry.h"
#include "method/stage.h"

namespace emostage {

std::shared_ptr<const Knowledge> LoadKnowledge(const std::string& folder) {
  if (folder.empty()) return std::make_shared<const Knowledge>(Knowledge::Load());
  return std::make_shared<const Knowledge>(Knowledge::Load(folder));
}

std::shared_ptr<Leanings> OpenLeanings(const std::string& folder) {
  return std::make_shared<Leanings>(folder);
}

struct Session::Impl {
  std::shared_ptr<Model> model;
  SessionOptions options;
  std::unique_ptr<Context> context;
  const Method* method = nullptr;
  const PhaseScheme* scheme = nullptr;
  Dialogue dialogue;
  Memory memory;

  Answer Respond(const TurnWatch& watch, std::stop_token stop) {
    StageSettings settings;
    settings.knowledge = options.knowledge.get();
    settings.model = model.get();
    settings.context = context.get();
    settings.memory = &memory;
    settings.leanings = options.leanings.get();
    settings.dialogue = &dialogue;
    settings.scheme = scheme;
    settings.language = options.language.value_or(DetectLanguage(dialogue));
    settings.sampling = options.sampling;
    settings.on_token = watch.on_token;
    settings.on_step = watch.on_step;
    settings.on_step_done = watch.on_step_done;
    settings.stop = std::move(stop);
    if (options.turn_timeout.count() > 0) {
      settings.deadline = std::chrono::steady_clock::now() + options.turn_timeout;
    }
    settings.fixed = {options.fixed_reply_tokens, options.fixed_note_tokens};
    Stage stage(settings, method->name(), method->prompts());
    Answer answer = method->Respond(stage);
    if (answer.reply.empty()) return answer;
    // The reply will stand in the next turn's dialogue: read it now, while the client reads it too.
    std::vector<Message> messages = stage.messages();
    messages.push_back({Speaker::kCounsellor, answer.reply});
    context->ReadAhead(stage.system(), std::move(messages));
    dialogue.turns.push_back({Role::kCounsellor, answer.reply, ""});  // last: nothing throws after
    return answer;
  }
};

Session::Session(std::shared_ptr<Model> model, SessionOptions options)
    : impl_(std::make_unique<Impl>()) {
  impl_->model = std::move(model);
  impl_->options = std::move(options);
  if (!impl_->options.knowledge) impl_->options.knowledge = LoadKnowledge();
  if (!impl_->options.leanings) impl_->options.leanings = OpenLeanings();
  impl_->context = impl_->model->Open();
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

void Session::SetDialogue(Dialogue dialogue) { impl_->dialogue = std::move(dialogue); }
const Dialogue& Session::dialogue() const { return impl_->dialogue; }

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
