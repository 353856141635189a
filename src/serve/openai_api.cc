#include "serve/openai_api.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <utility>

#include "base/text.h"
#include "emostage/error.h"
#include "method/answer_json.h"
#include "method/registry.h"
#include "serve/chat_chunks.h"
#include "serve/fields.h"
#include "serve/notices.h"
#include "serve/refusal.h"
#include "serve/sse.h"

namespace emostage {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::chrono::seconds kPatience{120};  // for a turn of the same talk to end
constexpr std::chrono::milliseconds kPingEvery{5000};
constexpr int kMostTokens = 1024;  // of a reply, whatever is asked for
constexpr size_t kMostTexts = 256;

// Tells everything said up to and with `turns`; one way, as it will be stored.
std::string TipOf(std::span<const Turn> turns) {
  OrderedJson said = OrderedJson::array();
  for (const Turn& turn : turns) said.push_back({RoleName(turn.role), turn.text});
  return HashKey(DumpJson(said));
}

// Whether a message that a chat program sends back is the one that was kept: word for word, or as
// the model wrote it before it was cleaned, which is what was streamed. `kept` has its trace.
bool SameWords(const StoredMessage& kept, const Turn& sent) {
  if (kept.role != sent.role) return false;
  if (kept.text == sent.text) return true;
  if (kept.answer.empty()) return false;
  for (const Step& step : AnswerFromJson(kept.answer).steps) {
    if (step.name != "reply") continue;
    const Json output = Json::parse(step.output, nullptr, false);
    return output.is_object() && Trim(output.value("as_written", "")) == sent.text;
  }
  return false;
}

// Whether `kept` begins with all that was sent, told by the tip of the last message.
bool StandsThere(const std::vector<StoredMessage>& kept, std::span<const Turn> sent) {
  if (sent.empty()) return true;
  return sent.size() <= kept.size() && kept[sent.size() - 1].tip == TipOf(sent);
}

std::string OutsideId(const HttpRequest& request, const std::string& target) {
  for (const char* name : {"X-OpenWebUI-Chat-Id", "X-Conversation-Id"}) {
    const std::string id(Trim(request.Header(name)));
    // A talk with two models side by side is two sessions.
    if (!id.empty()) return RepairUtf8(id.substr(0, 200)) + " " + target;
  }
  return "";
}

}  // namespace

bool OpenAiApi::Handle(const HttpRequest& request, const std::shared_ptr<HttpReply>& reply,
                       const Caller& caller) {
  struct Route {
    std::string_view method;
    std::string_view path;
  };
  constexpr std::array<Route, 3> kRoutes = {
      {{"GET", "/v1/models"}, {"POST", "/v1/chat/completions"}, {"POST", "/v1/embeddings"}}};
  for (const Route& route : kRoutes) {
    if (request.path != route.path) continue;
    if (request.method != route.method) {
      reply->Send(405, kJson,
                  ErrorBody(Refusal(405, "method_not_allowed",
                                    "this address takes " + std::string(route.method))),
                  {{"Allow", std::string(route.method)}});
    } else if (request.path == kRoutes[0].path) {
      Models(reply);
    } else if (request.path == kRoutes[1].path) {
      Chat(request, reply, caller);
    } else {
      Embeddings(request, *reply);
    }
    return true;
  }
  if (request.method == "GET" && request.path.starts_with("/v1/models/")) {
    const Target target = FindTarget(request.path.substr(std::string("/v1/models/").size()));
    reply->Send(200, kJson, DumpJson(ModelJson(target.id)));
    return true;
  }
  return false;
}

OpenAiApi::Target OpenAiApi::FindTarget(const std::string& id) const {
  const size_t slash = id.find('/');
  const std::string method = id.substr(0, slash);
  for (const Method* known : AllMethods()) {
    if (known->name() != method) continue;
    const std::string name = slash == std::string::npos ? "" : id.substr(slash + 1);
    for (const std::shared_ptr<Model>& model : talks_.models()) {
      if (name.empty() || model->info().name == name) return {id, method, model};
    }
  }
  throw Refusal(404, "model_not_found", "there is no model '" + id + "'; GET /v1/models lists them",
                "model");
}

void OpenAiApi::Models(const std::shared_ptr<HttpReply>& reply) const {
  OrderedJson list = OrderedJson::array();
  list.push_back(ModelJson("emostage"));
  for (const std::shared_ptr<Model>& model : talks_.models()) {
    for (const Method* method : AllMethods()) {
      list.push_back(ModelJson(std::string(method->name()) + "/" + model->info().name));
    }
  }
  reply->Send(200, kJson, DumpJson({{"object", "list"}, {"data", list}}));
}

void OpenAiApi::Embeddings(const HttpRequest& request, HttpReply& reply) const {
  const Json json = BodyOf(request);
  const Fields body(json);
  const std::string id = body.Text("model", 1000).value_or("emostage");
  std::shared_ptr<Model> model;
  for (const std::shared_ptr<Model>& loaded : talks_.models()) {
    if (loaded->info().name == id) model = loaded;
  }
  if (!model) model = FindTarget(id).model;
  if (!model->info().capabilities.embeddings) {
    throw Refusal(400, "unsupported", "this model gives no embeddings", "model");
  }
  std::vector<std::string> texts;
  const Json* input = body.Any("input");
  if (input != nullptr && input->is_string()) texts.push_back(*body.Text("input"));
  if (input != nullptr && input->is_array()) {
    for (const Json& one : *input) {
      if (!one.is_string()) {
        throw Refusal(400, "invalid_type", "'input' must be text: tokens are not taken", "input");
      }
      texts.push_back(RepairUtf8(one.get_ref<const std::string&>()));
    }
  }
  if (texts.empty() || texts.size() > kMostTexts ||
      std::ranges::any_of(texts, [](const std::string& text) { return Trim(text).empty(); })) {
    throw Refusal(400, "invalid_value", "'input' must be a text or 1 to 256 of them, none empty",
                  "input");
  }
  const std::string format = body.Text("encoding_format", 20).value_or("float");
  if (format != "float" && format != "base64") {
    throw Refusal(400, "invalid_value", "'encoding_format' must be float or base64",
                  "encoding_format");
  }
  OrderedJson data = OrderedJson::array();
  int tokens = 0;
  for (const std::string& text : texts) {
    tokens += model->CountTokens(text);
    data.push_back({{"object", "embedding"},
                    {"index", data.size()},
                    {"embedding", EmbeddingJson(model->embed(text), format == "base64")}});
  }
  reply.Send(200, kJson,
             DumpJson({{"object", "list"},
                       {"data", data},
                       {"model", id},
                       {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}}));
}

OpenAiApi::Place OpenAiApi::FindPlace(const ChatRequest& request, const std::string& outside_id,
                                      const Target& target, const Caller& caller) {
  const std::span<const Turn> before(request.turns.data(), request.turns.size() - 1);
  Store& store = talks_.store();
  Place place;
  std::optional<StoredSession> known;
  {
    const std::scoped_lock lock(finding_);
    if (!outside_id.empty()) {
      known = store.FindOutside(caller.name, outside_id);
    } else if (!before.empty()) {
      // A talk that stands exactly where this one says it does. One that has gone on since then
      // (an edit, an answer asked for again, another tab) stays as it is and a new one begins.
      known = store.FindByTip(caller.name, TipOf(before));
      if (known && known->model != target.model->info().name) known.reset();
    }
    if (!known) {
      StoredSession wanted;
      wanted.owner = caller.name;
      wanted.method = target.method;
      wanted.model = target.model->info().name;
      wanted.scheme = request.scheme;
      wanted.language = request.language;
      wanted.outside_id = outside_id;
      wanted.seed = randombytes_random();
      known = talks_.New(std::move(wanted));
      store.Create(*known, {});
      place.fresh = true;
    }
  }
  place.talk = talks_.Take(known->id, kPatience);
  const std::optional<StoredSession> now = place.talk->Load();
  if (!now) throw Refusal(409, "deleted", "this session was deleted just now; try again");
  place.session = *now;
  place.session.method = target.method;
  if (!request.scheme.empty()) place.session.scheme = request.scheme;
  if (!request.language.empty()) place.session.language = request.language;
  talks_.Check(place.session);
  // What the request says was said counts; where it is as it was kept, it keeps its trace.
  std::vector<StoredMessage> kept = store.Words(now->id);
  size_t same = before.size();
  if (!StandsThere(kept, before)) {
    kept = store.Messages(now->id);
    same = 0;
    while (same < before.size() && same < kept.size() && SameWords(kept[same], before[same]))
      ++same;
  }
  kept.resize(same);
  place.unchanged = static_cast<int>(same);
  place.history = std::move(kept);
  for (const Turn& turn : before.subspan(same)) {
    StoredMessage message;
    message.role = turn.role;
    message.text = turn.text;
    place.history.push_back(std::move(message));
  }
  return place;
}

TurnPlan OpenAiApi::PlanFor(const ChatRequest& request, const Place& place,
                            const Target& target) const {
  TurnPlan plan;
  plan.whose = WhoseTalk(place.session);
  plan.history = place.history;
  plan.unchanged = place.unchanged;
  plan.text = request.turns.back().text;
  plan.method = target.method;
  plan.scheme = place.session.scheme;
  plan.language = place.session.language;
  plan.sampling = talks_.defaults().sampling;
  if (request.temperature) plan.sampling.temperature = *request.temperature;
  if (request.top_p && *request.top_p > 0) plan.sampling.top_p = *request.top_p;
  if (request.max_tokens) plan.sampling.max_tokens = std::min(*request.max_tokens, kMostTokens);
  plan.sampling.seed = request.seed.value_or(randombytes_random());
  plan.sampling.stop = request.stop;
  return plan;
}

void OpenAiApi::ForgetIfEmpty(const Place& place) {
  if (!place.fresh) return;
  try {
    (void)talks_.Delete(place.session.id);
  } catch (const Error&) {
    // What went wrong before is what the caller is told; an empty session does no harm.
  }
}

void OpenAiApi::Chat(const HttpRequest& http, const std::shared_ptr<HttpReply>& reply,
                     const Caller& caller) {
  const Json json = BodyOf(http);
  ChatRequest request = ParseChatRequest(json);
  for (Turn& turn : request.turns) {
    if (turn.role != Role::kCounsellor) continue;
    turn.text = WithoutNotices(talks_.knowledge().safety(), turn.text);
  }
  const Target target = FindTarget(request.model);
  if (const std::optional<SideRequest> side = RecogniseSideRequest(request)) {
    AnswerSideRequest(request, *side, target, reply);
    return;
  }
  const int seconds = access_.SecondsToWait(caller, http);
  if (seconds > 0) {
    throw Refusal(429, "rate_limited",
                  "too many turns; try again in " + std::to_string(seconds) + " s")
        .RetryAfter(seconds);
  }
  const bool thoughts = request.thoughts && caller.sees_traces();
  Place place = FindPlace(request, OutsideId(http, target.id), target, caller);
  const TurnPlan plan = PlanFor(request, place, target);
  ChatChunks chunks(target.id, talks_.now_ms() / 1000);
  if (request.stream) {
    reply->Begin(200, kEventStream,
                 {{"Cache-Control", "no-store"},
                  {"X-Accel-Buffering", "no"},
                  {"X-EmoStage-Session", place.session.id}});
    reply->PingEvery(kPingEvery, std::string(kPing));
    reply->Write(chunks.Role());
  }
  TurnStory story({.watchers = &watchers_, .session = place.session.id});
  TurnWatch watch = story.watch();
  std::string streamed;  // written by the model's thread, read after the answer
  std::string thought;
  if (request.stream) {
    watch.on_token = [&, tell = watch.on_token](std::string_view words) {
      streamed += words;
      reply->Write(chunks.Content(words));
      tell(words);
    };
  }
  if (request.stream && talks_.notices_in_text()) {
    watch.on_disclosure = [&, tell = watch.on_disclosure](const std::string& text) {
      reply->Write(chunks.Content(NoticeBefore(text)));
      tell(text);
    };
  }
  if (thoughts) {
    watch.on_step_done = [&, tell = watch.on_step_done](const Step& step) {
      const std::string line = ThoughtLine(step);
      thought += line;
      if (request.stream && !line.empty()) reply->Write(chunks.Thought(line));
      tell(step);
    };
  }
  try {
    story.Begun(plan.unchanged, plan.method, plan.scheme);
    const Answer answer =
        place.talk->Respond(target.model->info().name, plan, watch, reply->gone());
    std::vector<Turn> said = request.turns;
    const std::string sent(Trim(request.stream ? std::string_view(streamed) : answer.reply));
    said.push_back({Role::kCounsellor, sent, ""});
    const OrderedJson whole = AnswerObject(answer);
    place.talk->Keep(place.session, plan, answer, DumpJson(whole), TipOf(said));
    place.talk.reset();  // who is told of the end may send the next turn at once
    if (answer.reply.empty()) ForgetIfEmpty(place);
    metrics_.CountTurn(plan.method, answer.cancelled ? "stopped" : "done");
    if (!answer.cancelled) metrics_.Measure(answer);
    story.Replied(whole);
    story.Done({{"session", SessionJson(place.session)}, {"messages", OrderedJson::array()}});
    const OrderedJson trace =
        request.trace ? AnswerFor(whole, caller.sees_traces()) : OrderedJson();
    if (request.stream) {
      const std::string notice = talks_.notices_in_text() ? NoticeAfter(answer.risk) : "";
      if (!notice.empty()) reply->Write(chunks.Content(notice));
      reply->Write(chunks.Finish(answer, trace));
      if (request.include_usage) reply->Write(chunks.Usage(answer));
      reply->Write(SseData("[DONE]"));
      reply->End();
    } else {
      Answer shown = answer;
      if (talks_.notices_in_text()) {
        shown.reply = NoticeBefore(answer.disclosure) + answer.reply + NoticeAfter(answer.risk);
      }
      reply->Send(200, kJson, chunks.Whole(shown, thought, trace),
                  {{"X-EmoStage-Session", place.session.id}});
    }
  } catch (...) {
    const Refusal refusal = AsRefusal(std::current_exception());
    place.talk.reset();
    ForgetIfEmpty(place);
    metrics_.CountTurn(plan.method, "failed");
    story.Failed(refusal);
    if (!request.stream) throw refusal;
    reply->Write(SseData(ErrorBody(refusal)));
    reply->End();
  }
}

void OpenAiApi::AnswerSideRequest(const ChatRequest& request, const SideRequest& side,
                                  const Target& target,
                                  const std::shared_ptr<HttpReply>& reply) const {
  Ask ask;
  for (const Turn& turn : request.turns) {
    ask.messages.push_back(
        {turn.role == Role::kClient ? Speaker::kClient : Speaker::kCounsellor, turn.text});
  }
  ask.schema = side.schema;
  ask.sampling.max_tokens = side.kind == "title" ? 24 : 96;
  ask.stop = reply->gone();
  // A context of its own, gone with this function: nothing of it is kept.
  const Completion completion = target.model->Open()->complete(std::move(ask)).get();
  Answer answer;
  answer.reply = Trim(completion.text);
  answer.cut_off = completion.finish == FinishReason::kLength;
  Step step;
  step.prompt_tokens = completion.usage.prompt_tokens;
  step.reused_tokens = completion.usage.reused_tokens;
  step.output_tokens = completion.usage.output_tokens;
  step.name = "reply";
  answer.steps.push_back(std::move(step));
  const ChatChunks chunks(target.id, talks_.now_ms() / 1000);
  if (!request.stream) {
    reply->Send(200, kJson, chunks.Whole(answer, "", {}));
    return;
  }
  reply->Begin(200, kEventStream, {{"Cache-Control", "no-store"}});
  reply->Write(chunks.Role() + chunks.Content(answer.reply) + chunks.Finish(answer, {}) +
               (request.include_usage ? chunks.Usage(answer) : "") + SseData("[DONE]"));
  reply->End();
}

}  // namespace emostage
