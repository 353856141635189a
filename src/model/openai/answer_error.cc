#include "model/openai/answer_error.h"

#include <algorithm>
#include <cctype>

#include "base/json.h"
#include "base/text.h"

namespace emostage::openai {
namespace {

std::string Server(const AnswerPlace& place) { return "the model server at " + place.url; }

// The name that a server gives a fault ("invalid_request_error"), where it is plainly a name.
std::string FaultName(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return {};
  const Json& error = json.contains("error") && json["error"].is_object() ? json["error"] : json;
  for (const char* key : {"type", "code"}) {
    if (!error.contains(key) || !error[key].is_string()) continue;
    std::string name = error[key].get<std::string>();
    const bool plain = !name.empty() && name.size() <= 48 && std::ranges::all_of(name, [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
    });
    if (plain) return name;
  }
  return {};
}

std::string List(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 8;
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i) {
    list += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kMost) list += ", …";
  return RepairUtf8(list);
}

}  // namespace

bool IsAboutContext(std::string_view body) {
  std::string lower(body.substr(0, 4096));
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view words :
       {"exceed_context_size", "exceeds the available context", "context_length_exceeded",
        "maximum context length", "context length", "longer than the model", "max_model_len"}) {
    if (lower.find(words) != std::string::npos) return true;
  }
  return false;
}

Error StatusError(const HttpHead& head, std::string_view body, const AnswerPlace& place) {
  const std::string status = std::to_string(head.status);
  if (head.status == 401 || head.status == 403) {
    return Error(ErrorCode::kModel, Server(place) + " does not accept the key (" + status + ")",
                 "set EMOSTAGE_API_KEY, or EMOSTAGE_API_KEY_FILE to a file that holds it");
  }
  if ((head.status == 400 || head.status == 413 || head.status == 422) && IsAboutContext(body)) {
    return Error(ErrorCode::kInput,
                 "the dialogue is longer than the context of " + Server(place) + " can hold",
                 "start the server with a longer context, or give its length with --context so "
                 "that long talks are folded in time");
  }
  if (head.status == 404) {
    if (place.model.empty() || place.models.empty()) {
      return Error(ErrorCode::kModel, Server(place) + " does not know what it was asked for (404)",
                   "check the address, and the model's name after '#'");
    }
    return Error(ErrorCode::kModel,
                 Server(place) + " has no model '" + RepairUtf8(place.model) + "' (404)",
                 "write one of these after '#': " + List(place.models));
  }
  if (head.status >= 300 && head.status < 400) {
    return Error(ErrorCode::kModel, Server(place) + " sends us to another address (" + status + ")",
                 "give that address instead");
  }
  if (head.status == 429) {
    return Error(ErrorCode::kBusy, Server(place) + " is asked too much (429)", "try again later");
  }
  if (head.status >= 500) {
    return Error(ErrorCode::kModel, Server(place) + " failed (" + status + ")",
                 "try again; if it goes on, look into the server's log");
  }
  const std::string name = FaultName(body);
  return Error(
      ErrorCode::kModel,
      Server(place) + " refuses the question (" + status + (name.empty() ? "" : ", " + name) + ")",
      "run 'emostage models check', and look into the server's log");
}

Error BrokenError(HttpEnd end, const std::string& problem, const AnswerPlace& place) {
  switch (end) {
    case HttpEnd::kConnect:
      return Error(ErrorCode::kNetwork, Server(place) + " cannot be reached",
                   "check the address, and that the server runs");
    case HttpEnd::kTooLate:
      return Error(ErrorCode::kNetwork, Server(place) + " does not answer in time",
                   "it may be overloaded; try again");
    case HttpEnd::kSilent:
      return Error(ErrorCode::kNetwork, Server(place) + " fell silent in mid-answer", "try again");
    case HttpEnd::kRefused:
      return Error(ErrorCode::kNetwork,
                   "there is no safe connection to " + Server(place) + ": " + problem,
                   "check the address; for a certificate of your own set EMOSTAGE_CA_FILE");
    case HttpEnd::kTooLarge:
      return Error(ErrorCode::kModel, Server(place) + " answers without end",
                   "check that the address is a model server's");
    case HttpEnd::kCancelled:
      return Error(ErrorCode::kCancelled, "stopped before the answer");
    case HttpEnd::kDone:
    case HttpEnd::kBroken:
      break;
  }
  return Error(ErrorCode::kNetwork, "the connection to " + Server(place) + " broke", "try again");
}

Error NonsenseError(const HttpHead& head, std::string_view body, const AnswerPlace& place) {
  const std::string_view start = Trim(body.substr(0, 512));
  const bool page = head.content_type.starts_with("text/html") || start.starts_with("<");
  return Error(ErrorCode::kModel,
               Server(place) + (page ? " answers with a web page" : " does not answer in JSON"),
               "check that the address is a model server's: openai:http://HOST:PORT#MODEL");
}

Error CutError(const AnswerPlace& place) {
  return Error(ErrorCode::kModel, Server(place) + " broke off before its answer was whole",
               "try again");
}

Error BrokeOffError(const AnswerPlace& /*place*/) {
  return Error(ErrorCode::kModel, "the model server broke off in mid-answer; nothing was kept",
               "say it again");
}

Error LateError() {
  return Error(ErrorCode::kBusy, "the answer was not there in the time allowed",
               "try again later, or allow more time");
}

Error ReportedError(std::string_view event, const AnswerPlace& place) {
  if (IsAboutContext(event)) return StatusError({400, {}, {}}, event, place);
  const std::string name = FaultName(event);
  return Error(ErrorCode::kModel,
               Server(place) + " reports a fault" + (name.empty() ? "" : " (" + name + ")"),
               "try again; if it goes on, look into the server's log");
}

}  // namespace emostage::openai
