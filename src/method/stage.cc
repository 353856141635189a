#include "method/stage.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "emostage/error.h"
#include "method/window.h"
#include "safety/reply_guard.h"

namespace emostage {
namespace {

constexpr int kSummaryTokens = 140;
constexpr int kShortestWindow = 128;         // tokens for the dialogue; with less there is no talk
constexpr double kRedraftTemperature = 0.7;  // the likeliest words would be the same again
constexpr int kNoteTokens = 160;             // of one note, whatever its schema allows

double MillisecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

OrderedJson ByLabel(const std::vector<std::string>& labels,
                    const std::vector<double>& probabilities) {
  OrderedJson by_label = OrderedJson::object();
  for (size_t i = 0; i < labels.size(); ++i) {
    by_label[std::string(Trim(labels[i]))] = probabilities[i];
  }
  return by_label;
}

std::string ToJson(const Choice& choice, const std::vector<std::string>& labels,
                   const std::vector<double>& leaning = {}) {
  OrderedJson output = {{"label", Trim(labels[choice.best])},
                        {"probabilities", ByLabel(labels, choice.probabilities)}};
  if (!leaning.empty()) {
    output["corrected"] = ByLabel(labels, WithoutLeaning(choice.probabilities, leaning));
  }
  return DumpJson(output);
}

bool EndsSentence(std::string_view text) {
  constexpr std::string_view kEnds[] = {".", "!", "?", "…", "。", "！", "？", "」", "”"};
  return std::ranges::any_of(kEnds, [text](std::string_view end) { return text.ends_with(end); });
}

// What a schema-bound answer says, and beside it how sure the model was of each label.
std::string ToJson(const Completion& completion) {
  OrderedJson output = OrderedJson::parse(completion.text, nullptr, false);
  if (!output.is_object()) return DumpJson({{"text", completion.text}});
  OrderedJson picks = OrderedJson::array();
  for (const Pick& pick : completion.picks) {
    picks.push_back({{"field", pick.field},
                     {"label", pick.labels[pick.chosen]},
                     {"probability", pick.probabilities[pick.chosen]}});
  }
  output["picks"] = picks;
  return DumpJson(output);
}

}  // namespace

Stage::Stage(const StageSettings& settings, std::string_view method, std::string_view prompts)
    : settings_(settings),
      prompts_(&settings.knowledge->prompts(prompts, settings.language)),
      begun_(std::chrono::steady_clock::now()) {
  const Dialogue& dialogue = *settings_.dialogue;
  if (dialogue.turns.empty()) {
    throw Error(ErrorCode::kInput, "the dialogue is empty", "give at least one client turn");
  }
  if (dialogue.turns.back().role != Role::kClient) {
    throw Error(ErrorCode::kInput, "the dialogue ends with the counsellor: nothing to answer",
                "end it with a client turn");
  }
  answer_.method = method;
  answer_.model = settings_.model->info().name;
  answer_.language = settings_.language;
  const Language language = settings_.language;
  const PhaseScheme& scheme = *settings_.scheme;
  system_ = Fill(prompts_->system,
                 {{"emotions", NameList(settings_.knowledge->emotions(), language)},
                  {"needs", DefinitionList(settings_.knowledge->needs(), language)},
                  {"strategies", DefinitionList(settings_.knowledge->strategies(), language)},
                  {"phases", DefinitionList(scheme, language)},
                  {"phase_guides", GuideList(scheme, language)}});

  WindowLimits limits;
  const int context = settings_.model->info().context_tokens;
  // Room for the cues, the notes and the reply of one turn.
  const int reserve = settings_.sampling.max_tokens + 2 * kNoteTokens + 200;
  limits.tokens = context - settings_.model->CountTokens(system_) - std::min(reserve, context / 2);
  if (limits.tokens < kShortestWindow) {
    throw Error(ErrorCode::kInput,
                "a context of " + std::to_string(context) + " tokens leaves no room for a dialogue",
                "use a larger --context");
  }
  limits.count = [model = settings_.model](std::string_view text) {
    return model->CountTokens(text);
  };
  Usage usage;
  int summaries = 0;
  limits.summarise = [&](const std::vector<Message>& messages) {
    Ask ask = NewAsk(prompts_->Cue("summary"), prompts_->Prefix("summary"));
    ask.messages = messages;
    ask.sampling.max_tokens = kSummaryTokens;
    ask.sampling.stop = prompts_->stop;
    const Completion completion = settings_.context->complete(std::move(ask)).get();
    // Half a summary must not be remembered.
    if (completion.finish == FinishReason::kCancelled) {
      throw Error(ErrorCode::kCancelled, "stopped before the answer");
    }
    ++summaries;
    usage.prompt_tokens += completion.usage.prompt_tokens;
    usage.reused_tokens += completion.usage.reused_tokens;
    usage.output_tokens += completion.usage.output_tokens;
    usage.ms += completion.usage.ms;
    return CleanReply(completion.text, completion.finish == FinishReason::kLength);
  };
  Memory::Fold& fold = settings_.memory->fold;
  Window window = FitDialogue(dialogue, *prompts_, limits, fold);
  messages_ = std::move(window.messages);
  message_client_turn_ = std::move(window.client_turns);
  if (window.folded_now || window.cut_turns > 0) {
    OrderedJson output = {{"cut_turns", window.cut_turns}};
    if (window.folded_now) {
      output["folded_turns"] = fold.turns;
      output["summary"] = fold.summary;
      output["summaries"] = summaries;
    }
    Enter(NewStep("fold"), usage, DumpJson(output));
  }
}

Ask Stage::NewAsk(const std::string& cue, const std::string& prefix) const {
  Ask ask;
  ask.system = system_;
  ask.messages = messages_;
  ask.instruction = cue;
  ask.answer_prefix = prefix;
  ask.stop = settings_.stop;
  ask.deadline = settings_.deadline;
  return ask;
}

Ask Stage::QuestionAsk(const std::string& cue, const std::string& prefix,
                       std::vector<Exchange> before) const {
  Ask ask = NewAsk(cue + question_end_, prefix);
  for (Exchange& earlier : before) earlier.instruction += question_end_;  // as it was asked
  ask.before = std::move(before);
  return ask;
}

size_t Stage::NewStep(std::string_view name) {
  answer_.steps.emplace_back();
  answer_.steps.back().name = name;
  answer_.steps.back().output = "null";
  if (settings_.on_step) settings_.on_step(name);
  return answer_.steps.size() - 1;
}

void Stage::Enter(size_t index, const Usage& usage, const std::string& output) {
  Step& step = answer_.steps[index];
  step.ms = usage.ms;
  step.prompt_tokens = usage.prompt_tokens;
  step.reused_tokens = usage.reused_tokens;
  step.output_tokens = usage.output_tokens;
  step.output = output;
  if (settings_.on_step_done) settings_.on_step_done(step);
}

void Stage::Remark(std::string_view step, const std::string& what) {
  for (auto it = answer_.steps.rbegin(); it != answer_.steps.rend(); ++it) {
    if (it->name != step) continue;
    OrderedJson output = OrderedJson::parse(it->output, nullptr, false);
    if (!output.is_object()) output = {{"value", output}};
    output["fallback"].push_back(what);
    it->output = DumpJson(output);
    return;
  }
}

Ask Stage::NoteAsk(const std::string& cue, const std::string& prefix, const std::string& schema,
                   std::vector<Exchange> before) const {
  Ask ask = QuestionAsk(cue, prefix, std::move(before));
  ask.schema = schema;
  ask.sampling.max_tokens = kNoteTokens;
  ask.sampling.min_tokens = settings_.fixed.note;
  ask.sampling.repetition_penalty = settings_.sampling.repetition_penalty;
  ask.sampling.stop = prompts_->stop;
  return ask;
}

Asked<Completion> Stage::Note(std::string_view step, const std::string& cue,
                              const std::string& prefix, const std::string& schema) {
  return NoteAfter({}, step, cue, prefix, schema);
}

Asked<Completion> Stage::NoteAfter(std::vector<Exchange> before, std::string_view step,
                                   const std::string& cue, const std::string& prefix,
                                   const std::string& schema) {
  Ask ask = NoteAsk(cue, prefix, schema, std::move(before));
  const size_t index = NewStep(step);
  return {settings_.context->complete(std::move(ask)), [this, index](const Completion& completion) {
            Enter(index, completion.usage, ToJson(completion));
          }};
}

Asked<Choice> Stage::Choose(std::string_view step, const std::string& cue,
                            const std::string& prefix, const std::vector<std::string>& labels,
                            const std::vector<Message>& messages,
                            const std::vector<double>& leaning) {
  Ask ask = QuestionAsk(cue, prefix);
  if (!messages.empty()) ask.messages = messages;
  const size_t index = NewStep(step);
  return {settings_.context->choose(std::move(ask), labels),
          [this, index, labels, leaning](const Choice& choice) {
            Enter(index, choice.usage, ToJson(choice, labels, leaning));
          }};
}

Stage::Side Stage::SideOf(Speaker speaker) const {
  std::string words;
  for (size_t i = 0; i < messages_.size(); ++i) {
    if (messages_[i].speaker != speaker) continue;
    // What is the client's only in form: their coming in, and a summary that tells of both.
    if (speaker == Speaker::kClient && message_client_turn_[i] == Window::kNone) continue;
    words += (words.empty() ? "" : "\n") + messages_[i].text;
  }
  if (words.empty()) return {};
  // Templates want the client first and last.
  if (speaker == Speaker::kCounsellor) words = prompts_->Word("own_words") + "\n" + words;
  return {settings_.model->Open(), {{Speaker::kClient, std::move(words)}}};
}

Stage::Side Stage::Nobody() const {
  return {settings_.model->Open(), {{Speaker::kClient, prompts_->Word("opening")}}};
}

Stage::Side Stage::Aside(std::string words) const {
  return {settings_.model->Open(), {{Speaker::kClient, std::move(words)}}};
}

// The context lives in what enters the answer: as long as somebody may wait for it.
Asked<Completion> Stage::NoteOn(const Side& side, std::string_view step, const std::string& cue,
                                const std::string& prefix, const std::string& schema) {
  Ask ask = NoteAsk(cue, prefix, schema);
  ask.messages = side.messages;
  const size_t index = NewStep(step);
  return {side.context->complete(std::move(ask)),
          [this, index, context = side.context](const Completion& completion) {
            Enter(index, completion.usage, ToJson(completion));
          }};
}

Asked<Choice> Stage::ChooseOn(const Side& side, std::string_view step, const std::string& cue,
                              const std::string& prefix, const std::vector<std::string>& labels,
                              const std::vector<double>& leaning) {
  Ask ask = QuestionAsk(cue, prefix);
  ask.messages = side.messages;
  const size_t index = NewStep(step);
  return {side.context->choose(std::move(ask), labels),
          [this, index, labels, leaning, context = side.context](const Choice& choice) {
            Enter(index, choice.usage, ToJson(choice, labels, leaning));
          }};
}

Asked<Choice> Stage::ChooseAfter(std::vector<Exchange> before, std::string_view step,
                                 const std::string& cue, const std::string& prefix,
                                 const std::vector<std::string>& labels) {
  Ask ask = QuestionAsk(cue, prefix, std::move(before));
  const size_t index = NewStep(step);
  return {settings_.context->choose(std::move(ask), labels),
          [this, index, labels](const Choice& choice) {
            Enter(index, choice.usage, ToJson(choice, labels));
          }};
}

std::vector<double> Stage::Leaning(std::string_view step, const std::string& cue,
                                   const std::string& prefix,
                                   const std::vector<std::string>& labels) {
  Ask ask = QuestionAsk(cue, prefix);
  ask.messages = {{Speaker::kClient, prompts_->Word("opening")}};
  std::string key = settings_.model->info().id;
  for (const std::string& text : {ask.system, ask.messages[0].text, cue, prefix}) {
    key += "\n" + text;
  }
  for (const std::string& label : labels) key += "\n" + label;
  std::vector<double> leaning = settings_.leanings->Find(key, labels.size());
  if (!leaning.empty()) return leaning;
  // Not in the session's own context, whose dialogue would have to make way.
  const std::unique_ptr<Context> context = settings_.model->Open();
  const size_t index = NewStep(step);
  const Choice choice = context->choose(std::move(ask), labels).get();
  Enter(index, choice.usage, ToJson(choice, labels));
  settings_.leanings->Keep(key, choice.probabilities);
  return choice.probabilities;
}

Stage::Draft Stage::WriteDraft(const Ask& ask, std::string_view step) {
  const size_t index = NewStep(step);
  // Set on the model's thread, read after the answer: the future orders the two.
  const auto first = std::make_shared<double>(0);
  const OnToken release = [first, begun = begun_,
                           on_token = settings_.on_token](std::string_view piece) {
    if (*first == 0) *first = MillisecondsSince(begun);
    if (on_token) on_token(piece);
  };
  Ask own = ask;
  std::shared_ptr<ReplyGuard> guard;
  std::stop_source stop;
  const std::stop_callback forward(ask.stop, [&stop] { stop.request_stop(); });
  if (settings_.safety != nullptr) {
    guard = std::make_shared<ReplyGuard>(*settings_.safety, settings_.language, release,
                                         [stop]() mutable { stop.request_stop(); });
    own.stop = stop.get_token();
  }
  Future<Completion> future = settings_.context->complete(
      std::move(own),
      guard ? OnToken([guard](std::string_view piece) { guard->Write(piece); }) : release);
  Draft draft;
  try {
    draft.completion = future.get();
    if (guard) guard->Finish();
  } catch (const Error& error) {
    // Stopped by the guard before its first word was released.
    if (error.code() != ErrorCode::kCancelled || !guard || guard->rule().empty()) throw;
  }
  if (*first > 0) answer_.first_token_ms = *first;
  const Completion& completion = draft.completion;
  OrderedJson output;
  if (guard && !guard->rule().empty()) {
    draft.rule = guard->rule();
    draft.reply = Trim(guard->released());
    output = {{"text", draft.reply}, {"held_back", draft.rule}};
  } else {
    answer_.cancelled = completion.finish == FinishReason::kCancelled;
    answer_.cut_off = completion.finish == FinishReason::kLength;
    draft.reply = settings_.fixed.reply > 0
                      ? completion.text  // a benchmark's: as many tokens as were asked for
                      : CleanReply(completion.text, answer_.cut_off);
    output = {{"text", draft.reply}};
    if (completion.text != draft.reply) output["as_written"] = completion.text;
  }
  Enter(index, completion.usage, DumpJson(output));
  return draft;
}

std::string Stage::Fallback() const {
  const std::vector<std::string>& texts =
      settings_.safety->in(settings_.language).texts.fallbacks();
  return texts[client_turns() % texts.size()];
}

Ask Stage::NewReplyAsk(const std::string& cue, std::vector<Exchange> before) const {
  Ask ask = QuestionAsk("", "", std::move(before));
  ask.instruction = std::string(Trim(cue + reply_end_));
  ask.sampling = settings_.sampling;
  ask.sampling.stop = prompts_->stop;
  ask.sampling.min_tokens = std::max(1, settings_.fixed.reply);
  ask.sampling.prose = true;  // a note stands before it, and small models would write another
  if (settings_.fixed.reply > 0) ask.sampling.max_tokens = settings_.fixed.reply;
  return ask;
}

void Stage::CallBeforeReply() {
  if (before_reply_) std::exchange(before_reply_, nullptr)();
}

Answer Stage::Reply(const std::string& cue, std::vector<Exchange> before,
                    const std::function<void()>& beside) {
  CallBeforeReply();
  Ask ask = NewReplyAsk(cue, std::move(before));
  Draft draft = WriteDraft(ask, "reply");
  answer_.risk.held_back = draft.rule;
  if (!draft.rule.empty() && draft.reply.empty()) {
    ask.sampling.seed += 1;
    ask.sampling.temperature = std::max(ask.sampling.temperature, kRedraftTemperature);
    draft = WriteDraft(ask, "reply again");
  }
  if (!draft.rule.empty() && !EndsSentence(draft.reply)) {
    // Nothing that could stand by itself was read yet: written words instead, or after it.
    const std::string rest = (draft.reply.empty() ? "" : "… ") + Fallback();
    if (settings_.on_token) settings_.on_token(rest);
    draft.reply += rest;
  }
  answer_.reply = std::move(draft.reply);
  if (answer_.reply.empty() && !answer_.cancelled) {
    throw Error(ErrorCode::kModel, "the model gave an empty reply",
                "try another --seed or another model");
  }
  if (beside && !answer_.cancelled) beside();
  answer_.total_ms = MillisecondsSince(begun_);
  return std::move(answer_);
}

Answer Stage::ReplyWith(std::string text) {
  CallBeforeReply();
  answer_.reply = CleanReply(text, false);
  if (answer_.reply.empty() && !draft_held_back_.empty()) {
    answer_.risk.held_back = draft_held_back_;
    answer_.reply = Fallback();
  } else if (answer_.reply.empty()) {
    throw Error(ErrorCode::kModel, "the model gave an empty reply",
                "try another --seed or another model");
  }
  if (settings_.safety != nullptr && answer_.risk.held_back.empty()) {
    answer_.risk.held_back = BrokenRule(*settings_.safety, settings_.language, answer_.reply);
    // Labels and notes are never drawn: asked again, the model would write the same.
    if (!answer_.risk.held_back.empty()) answer_.reply = Fallback();
  }
  answer_.total_ms = answer_.first_token_ms = MillisecondsSince(begun_);
  if (settings_.on_token) settings_.on_token(answer_.reply);
  return std::move(answer_);
}

std::vector<Message> Stage::MessagesUpTo(size_t client_turn) const {
  for (size_t i = 0; i < messages_.size(); ++i) {
    if (message_client_turn_[i] == client_turn) {
      return {messages_.begin(), messages_.begin() + static_cast<std::ptrdiff_t>(i + 1)};
    }
  }
  return {};
}

size_t Stage::client_turns() const {
  return static_cast<size_t>(
      std::ranges::count(settings_.dialogue->turns, Role::kClient, &Turn::role));
}

size_t Stage::KeyUpTo(size_t client_turn, size_t seed) const {
  const std::vector<Turn>& turns = settings_.dialogue->turns;
  size_t at = 0;
  for (size_t seen = 0; at < turns.size(); ++at) {
    if (turns[at].role == Role::kClient && seen++ == client_turn) break;
  }
  return KeyOf(*settings_.dialogue, at + 1, seed);
}

std::string CleanReply(std::string_view text, bool cut_off) {
  std::string reply(Trim(text));
  for (const std::string_view name :
       {"Counsellor:", "Counselor:", "Assistant:", "Listener:", "咨询师：", "倾听者：", "回复：",
        "カウンセラー：", "聞き手：", "返答："}) {
    if (reply.starts_with(name)) reply = Trim(std::string_view(reply).substr(name.size()));
  }
  for (const auto& [open, close] :
       {std::pair<std::string_view, std::string_view>{"\"", "\""}, {"“", "”"}, {"「", "」"}}) {
    const bool wrapped = reply.size() >= open.size() + close.size() && reply.starts_with(open) &&
                         reply.ends_with(close) &&
                         reply.find(close, open.size()) == reply.size() - close.size();
    if (wrapped) {
      reply = Trim(
          std::string_view(reply).substr(open.size(), reply.size() - open.size() - close.size()));
    }
  }
  if (cut_off) {
    size_t end = 0;
    for (const std::string_view mark : {".", "!", "?", "…", "。", "！", "？"}) {
      const size_t at = reply.rfind(mark);
      if (at != std::string::npos) end = std::max(end, at + mark.size());
    }
    if (end > 0) {
      for (const std::string_view close : {"\"", "”", "’", "」", "』", "）", ")"}) {
        if (std::string_view(reply).substr(end).starts_with(close)) {
          end += close.size();
          break;
        }
      }
      reply.resize(end);
    }
  }
  return reply;
}

}  // namespace emostage
