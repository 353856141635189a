#include "serve/own_api.h"

#include <sodium.h>

#include <algorithm>
#include <limits>
#include <thread>
#include <utility>

#include "base/text.h"
#include "emostage/error.h"
#include "method/answer_json.h"
#include "method/registry.h"
#include "serve/fields.h"
#include "serve/refusal.h"
#include "serve/sse.h"

namespace emostage {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr size_t kLongestTurn = 64 << 10;
constexpr size_t kLongestTitle = 200;
constexpr size_t kLongestClient = 200;
constexpr int64_t kMostMessages = 1'000'000;
constexpr size_t kMostLanes = 4;
constexpr std::chrono::milliseconds kPingEvery{5000};

void SendJson(HttpReply& reply, int status, const OrderedJson& json) {
  reply.Send(status, kJson, DumpJson(json));
}

std::vector<std::string> Split(std::string_view path) {
  std::vector<std::string> parts;
  for (size_t at = 1; at <= path.size();) {
    const size_t slash = std::min(path.find('/', at), path.size());
    parts.emplace_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  return parts;
}

Language LanguageParameter(const HttpRequest& request) {
  const std::string code = request.Parameter("language").value_or("en");
  const std::optional<Language> language = LanguageFromCode(code);
  if (!language) {
    throw Refusal(400, "unknown_language", "'language' must be one of: en, zh, ja", "language");
  }
  return *language;
}

// The turns of a dialogue in the body: [{"role": "client"|"counsellor", "text"}].
std::vector<StoredMessage> MessagesOf(const Json& array, const std::string& name) {
  std::vector<StoredMessage> messages;
  for (size_t i = 0; i < array.size(); ++i) {
    const Fields turn(array[i], name + "[" + std::to_string(i) + "].");
    const std::string role = turn.Text("role", 100).value_or("");
    if (role != "client" && role != "counsellor") {
      throw Refusal(400, "invalid_value",
                    "'" + turn.Path("role") + "' must be client or counsellor", turn.Path("role"));
    }
    const std::string text(Trim(turn.Text("text", kLongestTurn).value_or("")));
    if (text.empty()) continue;
    StoredMessage message;
    message.role = role == "client" ? Role::kClient : Role::kCounsellor;
    message.text = text;
    messages.push_back(std::move(message));
  }
  return messages;
}

// Takes over what the body says a session is to be set to.
void ReadSettings(const Fields& body, StoredSession& session) {
  if (const auto title = body.Text("title", kLongestTitle)) session.title = Trim(*title);
  if (const auto method = body.Text("method", 100)) session.method = *method;
  if (const auto scheme = body.Text("scheme", 100)) session.scheme = *scheme;
  if (const auto model = body.Text("model", 1000)) session.model = *model;
  if (const auto language = body.Text("language", 10)) session.language = *language;
  if (const auto seed = body.Whole("seed", 0, std::numeric_limits<int64_t>::max())) {
    session.seed = static_cast<uint64_t>(*seed);
  }
}

// A seed for a turn: another one for each, so that a talk does not repeat itself, and the same
// again for the same session, unless the client asked for another reply.
uint64_t SeedOf(const StoredSession& session, size_t index, bool again) {
  const uint64_t seed = session.seed + index;
  return again ? seed ^ randombytes_random() : seed;
}

void Begin(HttpReply& reply) {
  reply.Begin(200, kEventStream, {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}});
  reply.PingEvery(kPingEvery, std::string(kPing));
}

}  // namespace

bool OwnApi::Handle(const HttpRequest& request, const std::shared_ptr<HttpReply>& reply,
                    const Caller& caller) {
  using Handler = void (OwnApi::*)(const Call&);
  struct Route {
    std::string_view method;
    std::string_view path;  // "*" stands for a session's id
    Handler handler;
  };
  static constexpr Route kRoutes[] = {
      {"POST", "/api/sessions", &OwnApi::CreateSession},
      {"GET", "/api/sessions", &OwnApi::ListSessions},
      {"GET", "/api/sessions/*", &OwnApi::GetSession},
      {"PATCH", "/api/sessions/*", &OwnApi::ChangeSession},
      {"DELETE", "/api/sessions/*", &OwnApi::DeleteSession},
      {"POST", "/api/sessions/*/turns", &OwnApi::TakeTurn},
      {"POST", "/api/sessions/*/stop", &OwnApi::StopTurn},
      {"GET", "/api/sessions/*/events", &OwnApi::WatchSession},
      {"GET", "/api/sessions/*/export", &OwnApi::ExportSession},
      {"POST", "/api/compare", &OwnApi::Compare},
      {"GET", "/api/methods", &OwnApi::Methods},
      {"GET", "/api/schemes", &OwnApi::Schemes},
      {"GET", "/api/vocabulary", &OwnApi::Vocabulary},
      {"GET", "/api/models", &OwnApi::Models},
  };
  const std::vector<std::string> parts = Split(request.path);
  std::string allowed;
  for (const Route& route : kRoutes) {
    const std::vector<std::string> wanted = Split(route.path);
    std::string id;
    const bool same = std::ranges::equal(wanted, parts, [&](const auto& want, const auto& part) {
      if (want == "*") id = part;
      return want == "*" ? !part.empty() : want == part;
    });
    if (!same) continue;
    if (route.method == request.method) {
      (this->*route.handler)({request, reply, caller, id});
      return true;
    }
    allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
  }
  if (allowed.empty()) return false;
  reply->Send(405, kJson,
              ErrorBody(Refusal(405, "method_not_allowed", "this address takes " + allowed)),
              {{"Allow", allowed}});
  return true;
}

StoredSession OwnApi::Visible(const Call& call) const {
  std::optional<StoredSession> session = talks_.store().Find(call.id);
  // The same for one that is not theirs: whether it exists is not theirs to know.
  if (!session || !call.caller.MaySee(*session)) {
    throw Refusal(404, "not_found", "there is no such session; it may have been deleted");
  }
  return std::move(*session);
}

void OwnApi::CountTurnOf(const Caller& caller, const HttpRequest& request) {
  const int seconds = access_.SecondsToWait(caller, request);
  if (seconds > 0) {
    throw Refusal(429, "rate_limited",
                  "too many turns; try again in " + std::to_string(seconds) + " s")
        .RetryAfter(seconds);
  }
}

void OwnApi::CreateSession(const Call& call) {
  const Json json = BodyOf(call.request);
  const Fields body(json);
  StoredSession wanted;
  wanted.owner = call.caller.name;
  wanted.seed = randombytes_random();
  ReadSettings(body, wanted);
  // Once and for all: nobody's talk becomes another's.
  if (const auto client = body.Text("client", kLongestClient)) wanted.client = Trim(*client);
  StoredSession session = talks_.New(std::move(wanted));
  std::vector<StoredMessage> messages;
  if (const Json* dialogue = body.Array("dialogue")) messages = MessagesOf(*dialogue, "dialogue");
  for (StoredMessage& message : messages) message.at_ms = session.created_ms;
  if (session.title.empty() && !messages.empty()) session.title = TitleFrom(messages[0].text);
  talks_.store().Create(session, messages);
  session.messages = static_cast<int>(messages.size());
  SendJson(*call.reply, 201, SessionJson(session));
}

void OwnApi::ListSessions(const Call& call) {
  SessionQuery query;
  if (!call.caller.sees_all()) query.owner = call.caller.name;
  query.words = RepairUtf8(call.request.Parameter("query").value_or(""));
  query.before = call.request.Parameter("before").value_or("");
  if (const auto limit = call.request.Parameter("limit")) {
    const Json value = {{"limit", Json::parse(*limit, nullptr, false)}};
    query.limit = static_cast<int>(Fields(value).Whole("limit", 1, 200).value_or(50));
  }
  const SessionPage page = talks_.store().List(query);
  OrderedJson sessions = OrderedJson::array();
  for (const StoredSession& session : page.sessions) sessions.push_back(SessionJson(session));
  SendJson(*call.reply, 200,
           {{"sessions", sessions},
            {"next", page.next.empty() ? OrderedJson() : OrderedJson(page.next)}});
}

void OwnApi::GetSession(const Call& call) {
  OrderedJson json = SessionJson(Visible(call));
  OrderedJson messages = OrderedJson::array();
  int index = 0;
  for (const StoredMessage& message : talks_.store().Messages(call.id)) {
    messages.push_back(MessageJson(message, index++, AnswerOf(message, call.caller.sees_traces())));
  }
  json["messages"] = messages;
  SendJson(*call.reply, 200, json);
}

void OwnApi::ExportSession(const Call& call) {
  OrderedJson json = SessionJson(Visible(call));
  json.erase("messages");
  OrderedJson messages = OrderedJson::array();
  int index = 0;
  for (const StoredMessage& message : talks_.store().Messages(call.id)) {
    messages.push_back(MessageJson(message, index++, AnswerOf(message, call.caller.sees_traces())));
  }
  json["dialogue"] = messages;
  call.reply->Send(
      200, kJson, DumpJson(json, 1),
      {{"Content-Disposition", "attachment; filename=\"emostage-" + call.id + ".json\""}});
}

void OwnApi::ChangeSession(const Call& call) {
  const Json json = BodyOf(call.request);
  const Fields body(json);
  (void)Visible(call);
  // Not while it is being answered: the turn would write back what it began with.
  const std::unique_ptr<Talk> talk = talks_.Take(call.id, std::chrono::seconds(30));
  StoredSession session = Visible(call);
  ReadSettings(body, session);
  talks_.Check(session);
  talks_.store().Update(session);
  SendJson(*call.reply, 200, SessionJson(session));
}

void OwnApi::DeleteSession(const Call& call) {
  (void)Visible(call);
  talks_.Delete(call.id);
  watchers_.End(call.id);
  call.reply->Send(204, "", "");
}

void OwnApi::StopTurn(const Call& call) {
  (void)Visible(call);
  SendJson(*call.reply, 200, {{"stopped", talks_.Stop(call.id)}});
}

void OwnApi::WatchSession(const Call& call) {
  (void)Visible(call);
  if (!call.caller.sees_traces()) {
    throw Refusal(403, "not_with_this_role", "looking on needs the key of a counsellor");
  }
  Begin(*call.reply);
  call.reply->Write(std::string(kPing));
  watchers_.Add(call.id, call.reply);
}

void OwnApi::TakeTurn(const Call& call) {
  const Json json = BodyOf(call.request);
  const Fields body(json);
  (void)Visible(call);
  CountTurnOf(call.caller, call.request);
  std::unique_ptr<Talk> talk = talks_.Take(call.id, std::chrono::milliseconds(0));
  StoredSession session = Visible(call);  // as it is now that nobody else has it
  std::vector<StoredMessage> messages = talks_.store().Words(call.id);

  TurnPlan plan;
  const std::optional<std::string> text = body.Text("text", kLongestTurn);
  const std::optional<int64_t> from = body.Whole("from", 0, kMostMessages);
  if (from && std::cmp_greater(*from, messages.size())) {
    throw Refusal(400, "invalid_value",
                  "'from' is beyond the end of the talk, which has " +
                      std::to_string(messages.size()) + " messages",
                  "from");
  }
  if (from) messages.resize(static_cast<size_t>(*from));
  if (text) {
    plan.text = Trim(*text);
    if (plan.text.empty()) {
      throw Refusal(400, "invalid_value", "'text' is empty; say something", "text");
    }
  } else {  // the client's last words again
    while (!messages.empty() && messages.back().role == Role::kCounsellor) messages.pop_back();
    if (messages.empty()) {
      throw Refusal(400, "missing_field", "'text' is missing; there are no words to answer again",
                    "text");
    }
    plan.text = messages.back().text;
    messages.pop_back();
  }
  plan.unchanged = static_cast<int>(messages.size());
  StoredSession settings = session;  // for this turn only
  settings.method = body.Text("method", 100).value_or(session.method);
  settings.scheme = body.Text("scheme", 100).value_or(session.scheme);
  settings.language = body.Text("language", 10).value_or(session.language);
  talks_.Check(settings);
  plan.whose = WhoseTalk(session);
  plan.method = settings.method;
  plan.scheme = settings.scheme;
  plan.language = settings.language;
  plan.sampling = talks_.defaults().sampling;
  const auto seed = body.Whole("seed", 0, std::numeric_limits<int64_t>::max());
  plan.sampling.seed =
      seed ? static_cast<uint64_t>(*seed) : SeedOf(session, messages.size(), !text.has_value());
  plan.history = std::move(messages);

  const bool streams = call.request.Header("Accept").find(kEventStream) != std::string_view::npos;
  const bool traces = call.caller.sees_traces();
  if (streams) Begin(*call.reply);
  TurnStory story({.reply = streams ? call.reply : nullptr,
                   .traces = traces,
                   .watchers = &watchers_,
                   .session = call.id});
  try {
    story.Begun(plan.unchanged, plan.method, plan.scheme);
    const Answer answer = talk->Respond(session.model, plan, story.watch(), call.reply->gone());
    OrderedJson whole = AnswerObject(answer);
    const std::vector<StoredMessage> written = talk->Keep(session, plan, answer, DumpJson(whole));
    talk.reset();  // who is told of the end may send the next turn at once
    metrics_.CountTurn(plan.method, answer.cancelled ? "stopped" : "done");
    if (!answer.cancelled) metrics_.Measure(answer);
    story.Replied(whole);
    OrderedJson visible = AnswerFor(std::move(whole), traces);
    OrderedJson messages_json = OrderedJson::array();
    int index = plan.unchanged;
    for (const StoredMessage& message : written) {
      const bool reply = message.role == Role::kCounsellor;
      messages_json.push_back(MessageJson(message, index++, reply ? visible : OrderedJson()));
    }
    OrderedJson done = {{"session", SessionJson(session)}, {"messages", std::move(messages_json)}};
    story.Done(done);
    if (streams) {
      call.reply->End();
    } else {
      done["answer"] = std::move(visible);
      SendJson(*call.reply, 200, done);
    }
  } catch (...) {
    const Refusal refusal = AsRefusal(std::current_exception());
    talk.reset();
    metrics_.CountTurn(plan.method, "failed");
    story.Failed(refusal);
    if (!streams) throw refusal;
    call.reply->End();
  }
}

void OwnApi::Compare(const Call& call) {
  if (!call.caller.compares()) {
    throw Refusal(403, "not_with_this_role", "comparing needs a researcher's or counsellor's key");
  }
  const Json json = BodyOf(call.request);
  const Fields body(json);
  std::vector<StoredMessage> messages;
  StoredSession settings;
  if (const auto id = body.Text("session", 100)) {
    settings = Visible({call.request, call.reply, call.caller, *id});
    messages = talks_.store().Words(*id);
    if (const auto upto = body.Whole("upto", 0, kMostMessages)) {
      messages.resize(std::min(messages.size(), static_cast<size_t>(*upto) + 1));
    }
  } else if (const Json* dialogue = body.Array("dialogue")) {
    messages = MessagesOf(*dialogue, "dialogue");
    settings = talks_.New({});
  } else {
    throw Refusal(400, "missing_field", "give a 'session' or a 'dialogue' to answer", "session");
  }
  while (!messages.empty() && messages.back().role == Role::kCounsellor) messages.pop_back();
  if (messages.empty()) {
    throw Refusal(400, "invalid_value", "there are no words of the client's to answer");
  }
  const Json* lanes = body.Array("lanes");
  if (lanes == nullptr || lanes->empty() || lanes->size() > kMostLanes) {
    throw Refusal(400, "invalid_value", "'lanes' must be one to four ways of answering", "lanes");
  }
  const std::string text = messages.back().text;
  messages.pop_back();

  struct Lane {
    std::string model;
    TurnPlan plan;
  };
  std::vector<Lane> plans;
  for (size_t i = 0; i < lanes->size(); ++i) {
    const Fields lane((*lanes)[i], "lanes[" + std::to_string(i) + "].");
    StoredSession wanted = settings;
    if (const auto language = body.Text("language", 10)) wanted.language = *language;
    ReadSettings(lane, wanted);
    talks_.Check(wanted);
    TurnPlan plan;
    plan.whose = WhoseTalk(settings);
    plan.history = messages;
    plan.text = text;
    plan.method = wanted.method;
    plan.scheme = wanted.scheme;
    plan.language = wanted.language;
    plan.sampling = talks_.defaults().sampling;
    plan.sampling.seed = SeedOf(wanted, messages.size(), false);
    plans.push_back({wanted.model, std::move(plan)});
  }
  CountTurnOf(call.caller, call.request);

  Begin(*call.reply);
  {
    std::vector<std::jthread> threads;  // side by side, so that they share the model's passes
    for (size_t i = 0; i < plans.size(); ++i) {
      threads.emplace_back([this, i, &plans, &call] {
        TurnStory story({.reply = call.reply, .lane = static_cast<int>(i)});
        try {
          const TurnPlan& plan = plans[i].plan;
          story.Begun(static_cast<int>(plan.history.size()), plan.method, plan.scheme);
          const Answer answer =
              talks_.AnswerOnce(plans[i].model, plan, story.watch(), call.reply->gone());
          story.Replied(AnswerObject(answer));
          story.Done(OrderedJson::object());
        } catch (...) {
          story.Failed(AsRefusal(std::current_exception()));
        }
      });
    }
  }
  call.reply->End();
}

void OwnApi::Methods(const Call& call) {
  OrderedJson methods = OrderedJson::array();
  for (const Method* method : AllMethods()) {
    methods.push_back({{"name", method->name()},
                       {"summary", method->summary()},
                       {"perspective", method->finds().perspective},
                       {"phase", method->finds().phase}});
  }
  SendJson(*call.reply, 200, {{"methods", methods}});
}

void OwnApi::Schemes(const Call& call) {
  const Language language = LanguageParameter(call.request);
  OrderedJson schemes = OrderedJson::array();
  for (const PhaseScheme& scheme : talks_.knowledge().schemes()) {
    OrderedJson phases = OrderedJson::array();
    for (const Phase& phase : scheme.phases) {
      phases.push_back({{"id", phase.id}, {"name", phase.name.in(language)}});
    }
    schemes.push_back(
        {{"id", scheme.file.id}, {"title", scheme.title.in(language)}, {"phases", phases}});
  }
  SendJson(*call.reply, 200, {{"schemes", schemes}});
}

void OwnApi::Vocabulary(const Call& call) {
  const Language language = LanguageParameter(call.request);
  const auto names = [language](const auto& vocabulary) {
    OrderedJson list = OrderedJson::array();
    for (const auto& entry : vocabulary) {
      list.push_back({{"id", entry.id}, {"name", entry.name.in(language)}});
    }
    return list;
  };
  SendJson(*call.reply, 200,
           {{"emotions", names(talks_.knowledge().emotions())},
            {"needs", names(talks_.knowledge().needs())}});
}

void OwnApi::Models(const Call& call) {
  OrderedJson models = OrderedJson::array();
  for (const std::shared_ptr<Model>& model : talks_.models()) {
    const ModelInfo& info = model->info();
    models.push_back({{"name", info.name},
                      {"architecture", info.architecture},
                      {"context_tokens", info.context_tokens},
                      {"parameters", info.parameters},
                      {"embeddings", info.capabilities.embeddings},
                      {"log_probabilities", info.capabilities.log_probabilities}});
  }
  SendJson(*call.reply, 200, {{"models", models}});
}

}  // namespace emostage
