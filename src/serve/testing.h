#ifndef EMOSTAGE_SERVE_TESTING_H_
#define EMOSTAGE_SERVE_TESTING_H_

#include <httplib.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "model/scripted/scripted_model.h"
#include "serve/service.h"

namespace emostage {

// A server on a free port with a scripted model, a store in memory and a client of its own.
class TestService {
 public:
  using Change = std::function<void(ServiceOptions& options)>;

  explicit TestService(ScriptedModel::Script script = Says("I hear you."),
                       const Change& change = {})
      : model_(ScriptedModel::Create(std::move(script))), store_(OpenMemoryStore()) {
    static const std::shared_ptr<const Knowledge> knowledge =
        LoadKnowledge(EMOSTAGE_SOURCE_DIR "/data");
    ServiceOptions options;
    model_->mutable_info().name = "scripted";
    options.talks.models = {model_};
    options.talks.store = store_;
    options.talks.session.knowledge = knowledge;
    options.talks.session.method = "direct";
    options.talks.notices_in_text = false;  // only its own tests want them
    options.http.port = 0;
    options.log = [this](const std::string& line) { log_ += line + "\n"; };
    if (change) change(options);
    store_ = options.talks.store;
    service_ = std::make_unique<Service>(std::move(options));
  }

  static ScriptedModel::Script Says(std::string reply) {
    return {.text = [reply = std::move(reply)](const Ask&) { return reply; }};
  }

  [[nodiscard]] httplib::Client Client() const {
    httplib::Client client("127.0.0.1", service_->port());
    client.set_read_timeout(60);
    return client;
  }

  struct Got {
    int status = 0;
    std::string text;
    httplib::Headers headers;
    [[nodiscard]] Json json() const { return Json::parse(text, nullptr, false); }
    [[nodiscard]] std::string code() const { return json()["error"]["code"].get<std::string>(); }
  };

  Got Get(const std::string& path, const httplib::Headers& headers = {}) const {
    return ToGot(Client().Get(path, headers));
  }
  Got Post(const std::string& path, const Json& body, const httplib::Headers& headers = {}) const {
    return PostText(path, body.dump(), headers);
  }
  Got PostText(const std::string& path, const std::string& body,
               const httplib::Headers& headers = {}) const {
    return ToGot(Client().Post(path, headers, body, "application/json"));
  }
  Got Patch(const std::string& path, const Json& body, const httplib::Headers& headers = {}) const {
    return ToGot(Client().Patch(path, headers, body.dump(), "application/json"));
  }
  Got Delete(const std::string& path, const httplib::Headers& headers = {}) const {
    return ToGot(Client().Delete(path, headers));
  }

  // The id of a new session.
  std::string NewSession(const Json& body = Json::object(),
                         const httplib::Headers& headers = {}) const {
    return Post("/api/sessions", body, headers).json()["id"].get<std::string>();
  }
  // One turn, as the events of its stream.
  std::vector<std::pair<std::string, Json>> Turn(const std::string& id, const Json& body,
                                                 httplib::Headers headers = {}) const {
    headers.emplace("Accept", "text/event-stream");
    return Events(Post("/api/sessions/" + id + "/turns", body, headers).text);
  }

  static std::vector<std::pair<std::string, Json>> Events(const std::string& text) {
    std::vector<std::pair<std::string, Json>> events;
    std::string name;
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      const std::string line = text.substr(at, end - at);
      at = end + 1;
      if (line.starts_with("event: ")) name = line.substr(7);
      if (line.starts_with("data: ")) {
        events.emplace_back(name, Json::parse(line.substr(6), nullptr, false));
        name.clear();
      }
    }
    return events;
  }
  static std::vector<Json> DataOf(const std::vector<std::pair<std::string, Json>>& events,
                                  const std::string& name) {
    std::vector<Json> data;
    for (const auto& [event, json] : events) {
      if (event == name) data.push_back(json);
    }
    return data;
  }

  [[nodiscard]] ScriptedModel& model() { return *model_; }
  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] Service& service() { return *service_; }
  [[nodiscard]] const std::string& log() const { return log_; }

 private:
  static Got ToGot(const httplib::Result& result) {
    if (!result) return {};
    return {result->status, result->body, result->headers};
  }

  std::shared_ptr<ScriptedModel> model_;
  std::shared_ptr<Store> store_;
  std::string log_;
  std::unique_ptr<Service> service_;
};

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_TESTING_H_
