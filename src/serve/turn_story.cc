#include "serve/turn_story.h"

#include <utility>

#include "method/answer_json.h"
#include "serve/sse.h"

namespace emostage {

void Watchers::Add(const std::string& session, std::shared_ptr<HttpReply> reply) {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<HttpReply>>& all = watchers_[session];
  std::erase_if(all, [](const auto& one) { return one->gone().stop_requested(); });
  all.push_back(std::move(reply));
}

bool Watchers::Any(const std::string& session) const {
  const std::scoped_lock lock(mutex_);
  return watchers_.contains(session);
}

void Watchers::Send(const std::string& session, const std::string& event) {
  const std::scoped_lock lock(mutex_);
  const auto it = watchers_.find(session);
  if (it == watchers_.end()) return;
  std::erase_if(it->second, [&](const auto& one) { return !one->Write(event); });
  if (it->second.empty()) watchers_.erase(it);
}

void Watchers::End(const std::string& session) {
  const std::scoped_lock lock(mutex_);
  const auto it = watchers_.find(session);
  if (it == watchers_.end()) return;
  for (const auto& one : it->second) one->End();
  watchers_.erase(it);
}

void Watchers::EndAll() {
  const std::scoped_lock lock(mutex_);
  for (const auto& [session, all] : watchers_) {
    for (const auto& one : all) one->End();
  }
  watchers_.clear();
}

bool TurnStory::Heard() const {
  return teller_.reply || (teller_.watchers != nullptr && teller_.watchers->Any(teller_.session));
}

void TurnStory::Tell(std::string_view event, OrderedJson data, bool for_all) {
  if (teller_.lane) data["lane"] = *teller_.lane;
  const std::string text = SseEvent(event, DumpJson(data));
  if (teller_.reply && (for_all || teller_.traces)) teller_.reply->Write(text);
  if (teller_.watchers != nullptr) teller_.watchers->Send(teller_.session, text);
}

void TurnStory::Begun(int index, const std::string& method, const std::string& scheme) {
  if (!Heard()) return;
  Tell("turn", {{"index", index}, {"method", method}, {"scheme", scheme}}, true);
}

TurnWatch TurnStory::watch() {
  return {
      .on_token = [this](std::string_view words) { Tell("token", {{"text", words}}, true); },
      .on_step = [this](std::string_view name) { Tell("step_started", {{"name", name}}, false); },
      .on_step_done =
          [this](const Step& step) {
            if (Heard()) Tell("step_done", StepObject(step), false);
          },
      .on_risk = [this](const RiskReading& risk) { Risk(risk); },
      .on_disclosure =
          [this](const std::string& text) { Tell("disclosure", {{"text", text}}, true); }};
}

void TurnStory::Risk(const RiskReading& risk) {
  if (!Heard()) return;
  const OrderedJson all = RiskObject(risk);
  OrderedJson own = teller_.traces ? all : RiskForClient(all);
  if (teller_.lane) own["lane"] = *teller_.lane;
  if (teller_.reply) teller_.reply->Write(SseEvent("risk", DumpJson(own)));
  if (teller_.watchers != nullptr) {
    teller_.watchers->Send(teller_.session, SseEvent("risk", DumpJson(all)));
  }
}

void TurnStory::Replied(const OrderedJson& answer) {
  const auto event = [&](bool traces) {
    OrderedJson data = AnswerFor(answer, traces);
    if (teller_.lane) data["lane"] = *teller_.lane;
    return SseEvent("reply", DumpJson(data));
  };
  if (teller_.reply) teller_.reply->Write(event(teller_.traces));
  if (teller_.watchers != nullptr && teller_.watchers->Any(teller_.session)) {
    teller_.watchers->Send(teller_.session, event(true));
  }
}

void TurnStory::Done(const OrderedJson& done) {
  if (Heard()) Tell("done", done, true);
}

void TurnStory::Failed(const Refusal& refusal) {
  Tell("error", OrderedJson::parse(ErrorBody(refusal)), true);
}

OrderedJson RiskForClient(const OrderedJson& risk) {
  OrderedJson own = OrderedJson::object();
  for (const char* key : {"level", "took_over", "card"}) {
    if (risk.contains(key)) own[key] = risk[key];
  }
  return own;
}

OrderedJson AnswerFor(OrderedJson answer, bool traces) {
  if (!answer.is_object()) return {};
  if (!traces) {
    for (const char* key : {"state", "phase", "steps", "total_ms"}) answer.erase(key);
    if (answer.contains("risk") && answer["risk"].is_object()) {
      answer["risk"] = RiskForClient(answer["risk"]);
    }
  }
  return answer;
}

OrderedJson AnswerOf(const StoredMessage& message, bool traces) {
  return AnswerFor(OrderedJson::parse(message.answer, nullptr, false), traces);
}

OrderedJson MessageJson(const StoredMessage& message, int index, OrderedJson answer) {
  OrderedJson json = {{"index", index},
                      {"role", RoleName(message.role)},
                      {"text", message.text},
                      {"at_ms", message.at_ms}};
  if (message.role == Role::kCounsellor) {
    json["cancelled"] = message.cancelled;
    json["answer"] = std::move(answer);
  }
  return json;
}

OrderedJson SessionJson(const StoredSession& session) {
  return {{"id", session.id},
          {"title", session.title},
          {"owner", session.owner},
          {"client", session.client},
          {"method", session.method},
          {"scheme", session.scheme},
          {"model", session.model},
          {"language", session.language},
          {"seed", session.seed},
          {"created_ms", session.created_ms},
          {"updated_ms", session.updated_ms},
          {"messages", session.messages}};
}

}  // namespace emostage
