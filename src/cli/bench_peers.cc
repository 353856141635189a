#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "cli/bench_common.h"
#include "cli/chart.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/peer_server.h"
#include "cli/pipeline_player.h"
#include "emostage/error.h"
#include "knowledge/embedded.h"
#include "knowledge/knowledge.h"
#include "model/llama/llama_model.h"
#include "model/openai/openai_model.h"
#include "model/store/catalogue.h"
#include "model/store/paths.h"

namespace emostage {
namespace {

struct Arguments {
  ModelArguments model;
  std::string scheme = "five-phase";
  std::string language = "auto";
  std::string file;
  std::string server;
  std::vector<std::string> ways = {"pipeline", "server", "server-direct", "ours", "ours-direct"};
  int clients = 1;
  int slots = 0;  // of llama-server; 0: one a client, or its own choice for a single client
  int turns = 8;
  int rounds = 1;
  int warm_up = 1;
  int reply_tokens = 80;
  int note_tokens = 12;
  int json_note_tokens = 60;
  int phase_tokens = 4;
  bool json = false;
  std::string chart;
};

// One way of answering the same clients.
struct Way {
  enum class Host { kPipeline, kServer, kHere };
  std::string_view name;
  std::string_view title;
  Host host;
  std::string_view method;
};

constexpr std::array<Way, 5> kWays = {{
    {"pipeline", "llama-server, three chat calls, instruction first", Way::Host::kPipeline, ""},
    {"server", "llama-server, EmoStage's layout", Way::Host::kServer, "emostage"},
    {"server-direct", "llama-server, direct reply", Way::Host::kServer, "direct"},
    {"ours", "EmoStage in process", Way::Host::kHere, "emostage"},
    {"ours-direct", "direct reply in process", Way::Host::kHere, "direct"},
}};
constexpr std::string_view kReference = "ours";

struct Contest {
  Way way;
  PlayFigures figures;
};

class Peers {
 public:
  explicit Peers(const Arguments& arguments)
      : arguments_(arguments), knowledge_(LoadKnowledge(arguments.model.data)) {
    for (const Way& way : kWays) {
      const auto& wanted = arguments_.ways;
      if (std::find(wanted.begin(), wanted.end(), way.name) == wanted.end()) continue;
      contests_.push_back({way, {}});
      if (way.host != Way::Host::kHere) server_ = FindLlamaServer(arguments.server);
    }
    const DataSource source = arguments.model.data.empty()
                                  ? DataSource::Open()
                                  : DataSource::Open(std::filesystem::path(arguments.model.data));
    const ModelCatalogue catalogue =
        ModelCatalogue::Parse(source.Read("models.toml"), source.DisplayName("models.toml"));
    model_file_ = ResolveModel(arguments.model.model, catalogue).string();
    talks_ = ClientTalks(
        BenchDialogues(arguments.file, arguments.model.data, arguments.language),
        static_cast<std::size_t>(arguments.rounds) * static_cast<std::size_t>(arguments.clients),
        static_cast<std::size_t>(arguments.warm_up + arguments.turns));
  }

  // Each way plays the same clients, alone. Every second round goes through the ways from the last
  // to the first, so that a machine that gets slower or faster does so for all.
  std::vector<Contest> Play(const std::stop_token& stop) {
    const auto clients = static_cast<std::ptrdiff_t>(arguments_.clients);
    for (int round = 0; round < arguments_.rounds; ++round) {
      const auto begin = talks_.begin() + round * clients;
      const std::vector<std::vector<std::string>> talks(begin, begin + clients);
      for (std::size_t i = 0; i < contests_.size(); ++i) {
        Contest& contest = contests_[round % 2 == 0 ? i : contests_.size() - 1 - i];
        contest.figures.Add(PlayOnce(contest.way, talks, stop));
      }
    }
    return std::move(contests_);
  }

 private:
  PlayFigures PlayOnce(const Way& way, const std::vector<std::vector<std::string>>& talks,
                       const std::stop_token& stop) const {
    PlayOptions play;
    play.warm_up = arguments_.warm_up;
    // One client reads the reply while the next turn is prepared. Of many clients somebody always
    // waits, so nothing is free.
    play.settle = arguments_.clients == 1;
    play.title = way.title;
    std::unique_ptr<PeerServer> server;
    if (way.host != Way::Host::kHere) {
      server = std::make_unique<PeerServer>(server_, ServerOptions(), stop);
    }
    const std::vector<std::unique_ptr<Player>> players = MakePlayers(way, server.get());
    return PlayAll(players, talks, play, stop);
  }

  [[nodiscard]] int Context() const {
    return arguments_.model.context > 0 ? arguments_.model.context : 8192;
  }

  // The server's defaults but for what both sides must have in common.
  [[nodiscard]] std::vector<std::string> ServerOptions() const {
    const int threads =
        arguments_.model.threads > 0 ? arguments_.model.threads : UsableProcessors();
    std::vector<std::string> options = {
        "--model",    model_file_,
        "--threads",  std::to_string(threads),
        "--ctx-size", std::to_string(Context() * arguments_.clients)};
    const int slots = arguments_.slots > 0 ? arguments_.slots : arguments_.clients;
    if (slots > 1 || arguments_.slots > 0) {
      options.insert(options.end(), {"--parallel", std::to_string(slots)});
    }
    if (arguments_.model.gpu_layers >= 0) {
      options.insert(options.end(), {"--gpu-layers", std::to_string(arguments_.model.gpu_layers)});
    }
    const std::string& chat_template = arguments_.model.chat_template;
    if (!chat_template.empty()) {
      options.insert(
          options.end(),
          {chat_template == "chatml" ? "--chat-template" : "--chat-template-file", chat_template});
    }
    return options;
  }

  [[nodiscard]] std::vector<std::unique_ptr<Player>> MakePlayers(const Way& way,
                                                                 const PeerServer* server) const {
    std::vector<std::unique_ptr<Player>> players;
    if (way.host == Way::Host::kPipeline) {
      const auto loop = std::make_shared<openai::HttpLoop>();
      const PipelineTexts texts =
          MakePipelineTexts(*knowledge_, arguments_.scheme,
                            LanguageFromCode(arguments_.language).value_or(Language::kEnglish));
      for (int i = 0; i < arguments_.clients; ++i) {
        players.push_back(PipelinePlayer(
            loop, server->url(), texts,
            {arguments_.json_note_tokens, arguments_.phase_tokens, arguments_.reply_tokens}));
      }
      return players;
    }
    std::shared_ptr<Model> model;
    if (way.host == Way::Host::kServer) {
      OpenAiOptions options;
      options.urls = {server->url()};
      options.first_byte_timeout = std::chrono::minutes(10);  // with many clients each may wait
      model = ConnectOpenAi(options);
    } else {
      ModelArguments here = arguments_.model;
      here.model = model_file_;
      here.context = Context();
      here.sessions = arguments_.clients;
      here.steady = true;
      model = here.Load();
    }
    SessionArguments session;
    session.method = way.method;
    session.scheme = arguments_.scheme;
    session.language = arguments_.language;
    session.temperature = 0;
    SessionOptions options = session.Options(knowledge_);
    options.safety.enabled = false;  // what methods and engines cost
    options.fixed_reply_tokens = arguments_.reply_tokens;
    options.fixed_note_tokens = arguments_.note_tokens;
    for (int i = 0; i < arguments_.clients; ++i) players.push_back(SessionPlayer(model, options));
    return players;
  }

  const Arguments& arguments_;
  std::shared_ptr<const Knowledge> knowledge_;
  std::string server_;
  std::string model_file_;
  std::vector<std::vector<std::string>> talks_;
  std::vector<Contest> contests_;
};

// The reference's figures; those of nothing where it was left out.
const PlayFigures& Reference(const std::vector<Contest>& contests) {
  static const PlayFigures none;
  for (const Contest& contest : contests) {
    if (contest.way.name == kReference) return contest.figures;
  }
  return none;
}

double Ratio(double value, double reference) { return reference > 0 ? value / reference : 0; }

void PrintAlone(const std::vector<Contest>& contests, const Arguments& arguments) {
  const PlayFigures& ours = Reference(contests);
  const double our_ms = Mean(ours.TurnTimes());
  std::printf("%-50s %10s %8s %6s %8s %6s %8s %6s %6s %7s %7s\n", "", "ms/session", "ms/turn",
              "ratio", "first", "ratio", "between", "ratio", "read", "reused", "written");
  for (const auto& [way, figures] : contests) {
    const double ms = Mean(figures.TurnTimes());
    const double first = Mean(figures.FirstTimes());
    const double between = figures.SettlePerTurn();
    std::printf("%-50s %10.0f %8.0f %5.2fx %8.0f %5.2fx %8.0f %5.2fx %6.0f %7.0f %7.0f\n",
                std::string(way.title).c_str(), ms * arguments.turns, ms, Ratio(ms, our_ms), first,
                Ratio(first, Mean(ours.FirstTimes())), between,
                Ratio(ms + between, our_ms + ours.SettlePerTurn()), figures.ReadPerTurn(),
                figures.PerTurn(&TurnFigures::reused), figures.PerTurn(&TurnFigures::written));
  }
  std::printf(
      "\nratio: to EmoStage in process, in this run. first: ms to the first token. between: ms "
      "after the\nreply, reading it ahead of the next turn; the last ratio counts that too. read, "
      "reused, written:\ntokens a turn.");
}

void PrintCrowd(const std::vector<Contest>& contests) {
  const PlayFigures& ours = Reference(contests);
  std::printf("%-50s %9s %6s %8s %9s %9s %6s %9s %9s %6s %7s %7s\n", "", "tokens/s", "ratio",
              "turns/s", "first p50", "first p95", "ratio", "turn p50", "turn p95", "read",
              "reused", "written");
  for (const auto& [way, figures] : contests) {
    const std::vector<double> first = figures.FirstTimes();
    const std::vector<double> whole = figures.TurnTimes();
    std::printf("%-50s %9.1f %5.2fx %8.3f %9.0f %9.0f %5.2fx %9.0f %9.0f %6.0f %7.0f %7.0f\n",
                std::string(way.title).c_str(), figures.ReplyTokenRate(),
                Ratio(figures.ReplyTokenRate(), ours.ReplyTokenRate()), figures.TurnRate(),
                Percentile(first, 50), Percentile(first, 95),
                Ratio(Percentile(first, 95), Percentile(ours.FirstTimes(), 95)),
                Percentile(whole, 50), Percentile(whole, 95), figures.ReadPerTurn(),
                figures.PerTurn(&TurnFigures::reused), figures.PerTurn(&TurnFigures::written));
  }
  std::printf(
      "\nratio: to EmoStage in process, in this run. tokens/s: of replies, all clients together. "
      "first, turn:\nms. read, reused, written: tokens a turn.");
}

void PrintJson(const std::vector<Contest>& contests) {
  OrderedJson rows = OrderedJson::array();
  for (const auto& [way, figures] : contests) {
    const std::vector<double> first = figures.FirstTimes();
    const std::vector<double> whole = figures.TurnTimes();
    OrderedJson errors = OrderedJson::object();
    for (const auto& [message, count] : figures.errors) errors[message] = count;
    rows.push_back({{"way", way.name},
                    {"turns", figures.turns.size()},
                    {"ms_per_turn", Mean(whole)},
                    {"first_token_ms", Mean(first)},
                    {"between_turns_ms", figures.SettlePerTurn()},
                    {"turn_p50_ms", Percentile(whole, 50)},
                    {"turn_p95_ms", Percentile(whole, 95)},
                    {"first_p50_ms", Percentile(first, 50)},
                    {"first_p95_ms", Percentile(first, 95)},
                    {"reply_tokens_per_second", figures.ReplyTokenRate()},
                    {"turns_per_second", figures.TurnRate()},
                    {"tokens_read_per_turn", figures.ReadPerTurn()},
                    {"tokens_reused_per_turn", figures.PerTurn(&TurnFigures::reused)},
                    {"tokens_written_per_turn", figures.PerTurn(&TurnFigures::written)},
                    {"errors", std::move(errors)}});
  }
  std::printf("%s\n", DumpJson(rows).c_str());
}

void Draw(const std::vector<Contest>& contests, const Arguments& arguments) {
  const bool alone = arguments.clients == 1;
  Chart chart;
  chart.title = alone ? "Milliseconds a turn, one client (less is better)"
                      : "Reply tokens a second, " + std::to_string(arguments.clients) +
                            " clients at once (more is better)";
  for (const auto& [way, figures] : contests) {
    const double value = alone ? Mean(figures.TurnTimes()) : figures.ReplyTokenRate();
    char text[32];
    std::snprintf(text, sizeof text, alone ? "%.0f ms" : "%.1f", value);
    chart.bars.push_back({std::string(way.title), value, text, way.name == kReference});
  }
  // File names only: where they lie is nobody's business.
  const auto name = [](const std::string& path) {
    return std::filesystem::path(path).filename().string();
  };
  chart.caption = {
      "emostage bench peers" + (arguments.file.empty() ? "" : " " + name(arguments.file)) +
          " --model " + name(arguments.model.model) + " --clients " +
          std::to_string(arguments.clients) + " --turns " + std::to_string(arguments.turns) +
          " --rounds " + std::to_string(arguments.rounds) + " · " + Today(),
      std::to_string(arguments.reply_tokens) +
          " tokens a reply; llama-server with its defaults, the same model and as "
          "many threads"};
  WriteChart(chart, arguments.chart);
}

int Bench(const Arguments& arguments) {
  Peers peers(arguments);
  const Interrupt interrupt;
  const std::vector<Contest> contests = peers.Play(interrupt.token());
  if (arguments.clients == 1) {
    PrintAlone(contests, arguments);
  } else {
    PrintCrowd(contests);
  }
  std::printf(
      " %d client%s, %d round%s of %d turns after %d to warm up;\n%d tokens a reply, %d a "
      "note; of the three calls %d and %d before the reply.\n",
      arguments.clients, arguments.clients == 1 ? "" : "s", arguments.rounds,
      arguments.rounds == 1 ? "" : "s", arguments.turns, arguments.warm_up, arguments.reply_tokens,
      arguments.note_tokens, arguments.json_note_tokens, arguments.phase_tokens);
  bool all_answered = true;
  for (const auto& [way, figures] : contests) {
    PrintErrors(std::string(way.title), figures);
    all_answered = all_answered && !figures.turns.empty();
  }
  if (arguments.json) PrintJson(contests);
  if (!arguments.chart.empty()) Draw(contests, arguments);
  return all_answered ? 0 : 1;
}

}  // namespace

void AddBenchPeers(CLI::App& bench, Run& run) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* peers = bench.add_subcommand(
      "peers", "Plays the same clients with llama-server and in this process, in turns");
  peers->add_option("FILE", arguments->file, "Recordings (default: a built-in sample)");
  arguments->model.AddTo(*peers);
  peers->get_option("--model")->required()->type_name("FILE|NAME");
  peers->add_option("--server", arguments->server,
                    "llama-server (default: $EMOSTAGE_LLAMA_SERVER, or the one on $PATH)");
  std::vector<std::string> names;
  for (const Way& way : kWays) names.emplace_back(way.name);
  peers->add_option("--ways", arguments->ways, "Which ways to play, with commas between")
      ->delimiter(',')
      ->check(CLI::IsMember(names))
      ->capture_default_str();
  peers->add_option("--lang", arguments->language, "auto, en, zh or ja");
  peers->add_option("--scheme", arguments->scheme, "Phase scheme");
  const auto number = [&](const char* name, int& value, const char* what, int least, int most) {
    peers->add_option(name, value, what)->check(CLI::Range(least, most))->capture_default_str();
  };
  number("--clients", arguments->clients, "Clients at once", 1, 64);
  peers
      ->add_option("--slots", arguments->slots,
                   "Questions that llama-server answers at once (default: one a client; its own "
                   "choice for a single client)")
      ->check(CLI::Range(1, 64));
  number("--turns", arguments->turns, "Client turns of each that are counted", 1, 1000);
  number("--rounds", arguments->rounds, "How often, each time with other clients", 1, 100);
  number("--warm-up", arguments->warm_up, "Turns before them that are not counted", 0, 100);
  number("--reply-tokens", arguments->reply_tokens, "Length of every reply", 1, 1000);
  number("--note-tokens", arguments->note_tokens, "Length of every free text in a note", 1, 100);
  number("--json-note-tokens", arguments->json_note_tokens,
         "Length of the perspective that the three calls ask for", 1, 1000);
  number("--phase-tokens", arguments->phase_tokens, "Length of the phase that they ask for", 1,
         100);
  peers->add_flag("--json", arguments->json, "Also print the figures as JSON");
  peers->add_option("--chart", arguments->chart, "Also draw them into an SVG file")
      ->type_name("FILE.svg");
  peers->callback([arguments, &run] { run = [arguments] { return Bench(*arguments); }; });
}

}  // namespace emostage
