#include "serve/talks.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "emostage/error.h"
#include "method/registry.h"
#include "serve/refusal.h"

namespace emostage {
namespace {

// What is recalled at most: a method takes the newest of it.
constexpr int kMostEarlierTalks = 50;
constexpr size_t kMostPastTurns = 400;

int64_t SystemNow() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::optional<Language> LanguageOf(const std::string& code) {
  if (code.empty() || code == "auto") return std::nullopt;
  const std::optional<Language> language = LanguageFromCode(code);
  if (!language) {
    throw Refusal(400, "unknown_language",
                  "there is no language '" + code + "'; choose one of: auto, en, zh, ja",
                  "language");
  }
  return language;
}

bool Same(const Dialogue& a, const Dialogue& b) {
  return std::ranges::equal(a.turns, b.turns, [](const Turn& one, const Turn& other) {
    return one.role == other.role && one.text == other.text;
  });
}

TalkTimes TimesOf(const std::vector<StoredMessage>& history, int64_t now_ms) {
  constexpr double kHour = 3600e3;
  constexpr double kPause = 1;  // hours of silence that end a sitting
  TalkTimes times;
  if (history.empty()) return times;
  const auto hours = [](int64_t from, int64_t to) {
    return static_cast<double>(std::max<int64_t>(0, to - from)) / kHour;
  };
  const int64_t last = history.back().at_ms;
  times.away_hours = last == 0 ? 0 : hours(last, now_ms);
  if (times.away_hours > kPause) return times;
  int64_t begun = last;
  for (auto it = history.rbegin(); it != history.rend() && hours(it->at_ms, begun) <= kPause;
       ++it) {
    begun = it->at_ms;
  }
  times.together_hours = hours(begun, now_ms);
  times.together_hours_before = hours(begun, last);
  return times;
}

}  // namespace

// A session in use. `turn` is held by whoever answers it; the rest is theirs while they hold it,
// but for `stop`, which has a lock of its own.
struct Talks::Live {
  std::timed_mutex turn;
  std::optional<Session> session;
  std::string model;
  std::vector<std::pair<std::string, int64_t>> earlier;  // talks it may recall: id, updated_ms
  std::mutex stop_mutex;
  std::optional<std::stop_source> stop;  // of the answer under way
  std::chrono::steady_clock::time_point used = std::chrono::steady_clock::now();  // Talks::mutex_
};

Talks::Talks(TalksOptions options) : options_(std::move(options)) {
  if (!options_.now_ms) options_.now_ms = SystemNow;
  if (!options_.session.knowledge) options_.session.knowledge = LoadKnowledge();
  if (!options_.session.leanings) options_.session.leanings = OpenLeanings();
}

Talks::~Talks() = default;

const std::shared_ptr<Model>& Talks::model(const std::string& name) const {
  if (name.empty()) return options_.models.front();
  for (const std::shared_ptr<Model>& model : options_.models) {
    if (model->info().name == name) return model;
  }
  throw Refusal(404, "model_not_found",
                "there is no model '" + name + "' here; see GET /api/models", "model");
}

void Talks::Check(const StoredSession& session) const {
  (void)model(session.model);
  (void)FindMethod(session.method);
  (void)knowledge().scheme(session.scheme);
  (void)LanguageOf(session.language);
}

StoredSession Talks::New(StoredSession wanted) const {
  wanted.id = NewSessionId();
  if (wanted.method.empty()) wanted.method = options_.session.method;
  if (wanted.scheme.empty()) wanted.scheme = options_.session.scheme;
  if (wanted.model.empty()) wanted.model = model("")->info().name;
  if (wanted.language.empty()) {
    wanted.language =
        options_.session.language ? std::string(LanguageCode(*options_.session.language)) : "auto";
  }
  wanted.created_ms = wanted.updated_ms = now_ms();
  wanted.messages = 0;
  Check(wanted);
  return wanted;
}

std::shared_ptr<Talks::Live> Talks::Find(const std::string& id) {
  std::shared_ptr<Live> dropped;  // its Session is destroyed after the lock is let go
  const std::scoped_lock lock(mutex_);
  std::shared_ptr<Live>& live = live_[id];
  if (!live) live = std::make_shared<Live>();
  live->used = std::chrono::steady_clock::now();
  if (live_.size() > options_.most_open) {
    // One that nobody holds: a pointer elsewhere means a turn under way.
    auto oldest = live_.end();
    for (auto it = live_.begin(); it != live_.end(); ++it) {
      if (it->second == live || it->second.use_count() > 1) continue;
      if (oldest == live_.end() || it->second->used < oldest->second->used) oldest = it;
    }
    if (oldest != live_.end()) {
      dropped = oldest->second;
      live_.erase(oldest);
    }
  }
  return live;
}

std::unique_ptr<Talk> Talks::Take(const std::string& id, std::chrono::milliseconds patience) {
  std::shared_ptr<Live> live = Find(id);
  if (!live->turn.try_lock_for(patience)) {
    throw Refusal(409, "turn_under_way",
                  "this session is being answered already; wait for the reply or stop it")
        .RetryAfter(1);
  }
  return std::unique_ptr<Talk>(new Talk(*this, id, std::move(live)));
}

bool Talks::Stop(const std::string& id) {
  std::shared_ptr<Live> live;
  {
    const std::scoped_lock lock(mutex_);
    const auto it = live_.find(id);
    if (it == live_.end()) return false;
    live = it->second;
  }
  const std::scoped_lock lock(live->stop_mutex);
  return live->stop && live->stop->request_stop();
}

bool Talks::Delete(const std::string& id) {
  std::shared_ptr<Live> live = Find(id);
  // A turn that began just now may have to be stopped again.
  do {
    Stop(id);
  } while (!live->turn.try_lock_for(std::chrono::milliseconds(50)));
  const std::lock_guard turn(live->turn, std::adopt_lock);
  live->session.reset();
  const bool deleted = store().Delete(id);
  const std::scoped_lock lock(mutex_);
  live_.erase(id);
  return deleted;
}

size_t Talks::open() const {
  const std::scoped_lock lock(mutex_);
  return live_.size();
}

SessionOptions Talks::OptionsFor(const TurnPlan& plan) const {
  SessionOptions options = options_.session;
  options.method = plan.method;
  options.scheme = plan.scheme;
  options.language = LanguageOf(plan.language);
  options.sampling = plan.sampling;
  return options;
}

std::vector<StoredSession> Talks::EarlierTalks(const Whose& whose) const {
  std::vector<StoredSession> earlier =
      store().SessionsOf(whose.owner, whose.client, kMostEarlierTalks + 1);
  std::erase_if(earlier, [&](const StoredSession& one) { return one.id == whose.session; });
  if (earlier.size() > kMostEarlierTalks) earlier.pop_back();
  return earlier;
}

AskPast Talks::PastOf(std::vector<StoredSession> earlier) const {
  return [store = options_.store, earlier = std::move(earlier)] {
    std::vector<PastTurn> past;  // newest first
    for (const StoredSession& session : earlier) {
      if (past.size() >= kMostPastTurns) break;
      try {
        const std::vector<StoredMessage> messages = store->Words(session.id);
        for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
          if (message->role != Role::kClient) continue;
          past.push_back({message->text, message->at_ms});
        }
      } catch (const Error& error) {
        if (error.code() != ErrorCode::kUsage) throw;  // deleted meanwhile
      }
    }
    std::ranges::reverse(past);
    return past;
  };
}

Answer Talks::AnswerOnce(const std::string& name, const TurnPlan& plan, const TurnWatch& watch,
                         std::stop_token stop) const {
  SessionOptions options = OptionsFor(plan);
  options.past = PastOf(EarlierTalks(plan.whose));
  Session session(model(name), std::move(options));
  session.SetDialogue(ToDialogue(plan.history));
  return session.RespondWatched(plan.text, watch, std::move(stop));
}

Talk::Talk(Talks& talks, std::string id, std::shared_ptr<Talks::Live> live)
    : talks_(talks), id_(std::move(id)), live_(std::move(live)) {}

Talk::~Talk() { live_->turn.unlock(); }

std::optional<StoredSession> Talk::Load() const { return talks_.store().Find(id_); }

Answer Talk::Respond(const std::string& model, const TurnPlan& plan, const TurnWatch& watch,
                     std::stop_token stop) {
  SessionOptions options = talks_.OptionsFor(plan);
  if (talks_.options_.on_risk_event) {
    options.safety.on_event = [tell = talks_.options_.on_risk_event,
                               id = id_](const RiskEvent& event) { tell(event, id); };
  }
  if (!live_->session || live_->model != model) {
    live_->session.reset();
    live_->session.emplace(talks_.model(model), options);
    live_->model = model;
    live_->earlier.clear();
  }
  Session& session = *live_->session;
  // Looked up each turn, also for what was deleted or replaced since the last: that must not be
  // recalled, whoever deleted it.
  std::vector<StoredSession> earlier = talks_.EarlierTalks(plan.whose);
  std::vector<std::pair<std::string, int64_t>> known;
  for (const StoredSession& one : earlier) known.emplace_back(one.id, one.updated_ms);
  if (live_->earlier != known) session.SetPast(talks_.PastOf(std::move(earlier)));
  live_->earlier = std::move(known);
  session.SetMethod(options.method);
  session.SetScheme(options.scheme);
  session.SetLanguage(options.language);
  session.SetSampling(options.sampling);
  Dialogue dialogue = ToDialogue(plan.history);
  const bool gone_on = Same(session.dialogue(), dialogue);
  session.SetDialogue(std::move(dialogue));
  if (!gone_on) RestoreProtocol(session, plan);
  session.SetTimes(TimesOf(plan.history, talks_.now_ms()));

  std::stop_source source;
  {
    const std::scoped_lock lock(live_->stop_mutex);
    live_->stop = source;
  }
  const std::stop_callback forward(stop, [&source] { source.request_stop(); });
  const auto ended = [this] {
    const std::scoped_lock lock(live_->stop_mutex);
    live_->stop.reset();
  };
  try {
    Answer answer = session.RespondWatched(plan.text, watch, source.get_token());
    ended();
    return answer;
  } catch (const Error& error) {
    ended();
    // Stopped before anything was written: an answer without words, like one that was stopped in
    // the middle.
    if (error.code() != ErrorCode::kCancelled || !source.stop_requested()) throw;
    Answer answer;
    answer.method = plan.method;
    answer.model = model;
    answer.cancelled = true;
    return answer;
  } catch (...) {
    ended();
    throw;
  }
}

// Where the safety protocol stood is in the trace of the last reply; a session that does not know
// it would read the client's turns again, and what the model thought of them would be lost.
void Talk::RestoreProtocol(Session& session, const TurnPlan& plan) const {
  if (plan.history.empty() || std::cmp_not_equal(plan.unchanged, plan.history.size())) return;
  const std::vector<StoredMessage> kept = talks_.store().Messages(id_);
  if (kept.size() < plan.history.size()) return;
  const std::string& answer = kept[plan.history.size() - 1].answer;
  if (answer.empty()) return;
  try {
    session.SetProtocol(AnswerFromJson(answer).risk.protocol);
  } catch (const Error&) {
    // No trace of ours: the turns are read again.
  }
}

std::vector<StoredMessage> Talk::Keep(StoredSession& session, const TurnPlan& plan,
                                      const Answer& answer, std::string trace,
                                      const std::string& tip) {
  if (answer.reply.empty()) return {};
  std::vector<StoredMessage> written(plan.history.begin() + plan.unchanged, plan.history.end());
  const int64_t now = talks_.now_ms();
  for (StoredMessage& message : written) {
    if (message.at_ms == 0) message.at_ms = now;
  }
  StoredMessage said;
  said.role = Role::kClient;
  said.text = plan.text;
  said.at_ms = now;
  StoredMessage reply;
  reply.role = Role::kCounsellor;
  reply.text = answer.reply;
  reply.at_ms = now;
  reply.cancelled = answer.cancelled;
  reply.answer = std::move(trace);
  reply.tip = tip;
  written.push_back(std::move(said));
  written.push_back(std::move(reply));
  StoredSession kept = session;
  kept.updated_ms = now;
  if (kept.title.empty()) {
    const auto first = std::ranges::find(plan.history, Role::kClient, &StoredMessage::role);
    kept.title = TitleFrom(first == plan.history.end() ? plan.text : first->text);
  }
  try {
    talks_.store().Write(kept, plan.unchanged, written);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUsage) throw;
    throw Refusal(404, "not_found", "this session was deleted or cut short meanwhile");
  }
  kept.messages = plan.unchanged + static_cast<int>(written.size());
  session = std::move(kept);
  return written;
}

Whose WhoseTalk(const StoredSession& session) {
  return {session.owner, session.client, session.id};
}

Dialogue ToDialogue(const std::vector<StoredMessage>& messages) {
  Dialogue dialogue;
  for (const StoredMessage& message : messages) {
    dialogue.turns.push_back({message.role, message.text, ""});
  }
  return dialogue;
}

std::string TitleFrom(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string line(Trim(text.substr(0, text.find('\n'))));
  if (line.size() <= kLongest) return line;
  std::string title(Trim(Utf8Prefix(line, kLongest)));
  // At a blank, where the language has them.
  const size_t blank = title.rfind(' ');
  if (blank != std::string::npos && blank > kLongest / 2) title.resize(blank);
  return title + "…";
}

}  // namespace emostage
