#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/store_arguments.h"
#include "emostage/error.h"
#include "knowledge/knowledge.h"
#include "serve/service.h"
#include "serve/webhook.h"

namespace emostage {
namespace {

constexpr double kTurnsPerMinute = 60;  // of each key, where keys are used

struct Arguments {
  ModelArguments model;
  SessionArguments session;
  StoreArguments store;
  std::vector<std::string> more_models;
  std::string host = "127.0.0.1";
  int port = 8080;
  int keep_days = 0;
  int people = 8;
  int grace = 30;
  double rate = -1;
  bool open = false;
  bool log = false;
  std::vector<std::string> names;
  std::vector<std::string> origins;
  std::string webhook;
  bool minors = false;
  bool no_notices = false;
  std::string certificate;
  std::string key;
};

bool IsThisMachine(const std::string& host) {
  return host == "127.0.0.1" || host == "::1" || host == "localhost";
}

int wake = -1;

extern "C" void OnStopSignal(int /*signal*/) {
  const int saved = errno;
  const char byte = 0;
  if (write(wake, &byte, 1) < 0) _exit(1);
  errno = saved;
}

// Returns when the program is asked to end: Ctrl-C, or a service manager's SIGTERM. A second
// Ctrl-C ends it there and then.
void WaitForStop() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw Error(ErrorCode::kIo, "cannot make a pipe");
  wake = ends[1];
  struct sigaction action{};
  action.sa_handler = OnStopSignal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  char byte = 0;
  while (read(ends[0], &byte, 1) < 0 && errno == EINTR) {
  }
}

void LogLine(const std::string& line) {
  std::array<char, 32> time{};
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::strftime(time.data(), time.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  std::fprintf(stderr, "%s %s\n", time.data(), line.c_str());
}

AccessOptions AccessFor(const Arguments& arguments, Store& store) {
  AccessOptions access;
  access.keys_needed = !store.Keys().empty();
  if (arguments.open && access.keys_needed) {
    throw Error(ErrorCode::kUsage, "the store holds keys, so --no-keys would let everybody in",
                "take them back with 'emostage keys remove', or leave --no-keys out");
  }
  if (!access.keys_needed && !IsThisMachine(arguments.host) && !arguments.open) {
    throw Error(ErrorCode::kUsage,
                "other machines could reach " + arguments.host + " and no key is needed",
                "make one with 'emostage keys add NAME', or say --no-keys if that is meant");
  }
  access.turns_per_minute =
      arguments.rate >= 0 ? arguments.rate : (access.keys_needed ? kTurnsPerMinute : 0);
  access.origins = arguments.origins;
  access.hosts = arguments.names;
  // On this machine alone, a foreign name in a request can only be somebody's trick.
  if (IsThisMachine(arguments.host)) access.hosts.emplace_back("localhost");
  return access;
}

int Serve(const Arguments& arguments) {
  if (arguments.certificate.empty() != arguments.key.empty()) {
    throw Error(ErrorCode::kUsage, "--cert and --cert-key go together", "give both or neither");
  }
  // What can be wrong is found out before the model is loaded.
  const auto knowledge = LoadKnowledge(arguments.model.data);
  ServiceOptions options;
  options.talks.session = arguments.session.Options(knowledge);
  options.talks.session.safety.minors = arguments.minors;
  options.talks.notices_in_text = !arguments.no_notices;
  static_cast<void>(knowledge->safety());  // a broken file is found now
  options.talks.store = arguments.store.Open();
  options.access = AccessFor(arguments, *options.talks.store);
  options.http.host = arguments.host;
  options.http.port = arguments.port;
  options.http.certificate_file = arguments.certificate;
  options.http.key_file = arguments.key;
  options.keep_days = arguments.keep_days;
  if (arguments.log) options.log = LogLine;

  ModelArguments model = arguments.model;
  model.sessions = arguments.people;
  options.talks.models.push_back(model.Load());
  for (const std::string& name : arguments.more_models) {
    model.model = name;
    options.talks.models.push_back(model.Load());
  }
  std::optional<Webhook> webhook;
  if (!arguments.webhook.empty()) {
    const char* secret = std::getenv("EMOSTAGE_WEBHOOK_SECRET");
    webhook.emplace(WebhookOptions{
        .url = arguments.webhook, .secret = secret == nullptr ? "" : secret, .log = options.log});
    options.talks.on_risk_event = [&webhook](const RiskEvent& event, const std::string& session) {
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      webhook->Send(event, session,
                    std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    };
  }
  const bool keys_needed = options.access.keys_needed;
  Service service(std::move(options));
  std::printf("EmoStage listens on %s (Ctrl-C ends it)\n", service.url().c_str());
  std::printf(
      "  page    %s/\n  OpenAI  %s/v1\n  talks   %s%s\n", service.url().c_str(),
      service.url().c_str(),
      arguments.store.file == "memory" ? "kept in memory only" : arguments.store.path().c_str(),
      keys_needed ? "\n  keys    needed" : "");
  std::fflush(stdout);
  WaitForStop();
  std::printf("Finishing what is under way (at most %d s; Ctrl-C ends at once)\n", arguments.grace);
  std::fflush(stdout);
  service.Stop(std::chrono::seconds(arguments.grace));
  return 0;
}

}  // namespace

void AddServe(CLI::App& app, Run& run) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("serve", "A page and an API that chat programs speak");
  command->add_option("--host", arguments->host, "Address to listen on")->capture_default_str();
  command->add_option("--port", arguments->port, "Port; 0 takes a free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  arguments->store.AddTo(*command);
  command
      ->add_option("--keep-days", arguments->keep_days,
                   "Delete talks that were not gone on with for so many days; 0: never")
      ->check(CLI::Range(0, 36500))
      ->capture_default_str();
  arguments->model.AddTo(*command);
  command->add_option("--also-model", arguments->more_models,
                      "Another model to choose from; may be given again");
  arguments->session.AddTo(*command);
  command->add_option("--people", arguments->people, "How many talk at the same time, about")
      ->check(CLI::Range(1, 512))
      ->capture_default_str();
  command
      ->add_option("--rate", arguments->rate,
                   "Turns a minute for each key or address; 0: any number (default: 60 with keys, "
                   "else any number)")
      ->check(CLI::Range(0.0, 1e6));
  command->add_flag("--no-keys", arguments->open,
                    "Let everybody in who reaches --host, other machines too");
  command->add_option("--name", arguments->names,
                      "A name this server is called by, besides localhost; may be given again");
  command->add_option("--origin", arguments->origins,
                      "Another site whose pages may call this server; may be given again");
  command->add_option("--webhook", arguments->webhook,
                      "Tell this address what the safety layer does, never what was said; signed "
                      "with $EMOSTAGE_WEBHOOK_SECRET");
  command->add_flag("--no-notices", arguments->no_notices,
                    "Over /v1, leave disclosure and safety card out of the text: the calling "
                    "program shows both itself");
  command->add_flag("--minors", arguments->minors,
                    "Remind of what this is after every three hours");
  command->add_option("--cert", arguments->certificate, "TLS: certificate chain, a PEM file");
  command->add_option("--cert-key", arguments->key, "TLS: its private key, a PEM file");
  command->add_option("--grace", arguments->grace, "Seconds for answers to finish at the end")
      ->check(CLI::Range(0, 3600))
      ->capture_default_str();
  command->add_flag("--log", arguments->log,
                    "A line for each request on standard error: no ids, no text");
  command->callback([arguments, &run] { run = [arguments] { return Serve(*arguments); }; });
}

}  // namespace emostage
