#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/json.h"
#include "cli/bench_common.h"
#include "cli/chart.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/reply_check.h"
#include "emostage/error.h"
#include "knowledge/knowledge.h"

namespace emostage {
namespace {

constexpr double kMebibyte = 1 << 20;

struct Arguments {
  ModelArguments model;
  SessionArguments session;
  std::string file;
  int sessions = 8;
  int turns = 4;
  int warm_up = 1;
  int reply_tokens = 80;
  int note_tokens = 12;
  int think_ms = 0;
  int check = 0;
  bool adapt = false;
  bool json = false;
  std::string chart;
};

struct Memory {
  double loaded_mib = 0;       // with the model, before the first session
  double per_session_mib = 0;  // what each session added, all turns played
  double most_mib = 0;         // of the process, at any time
  CacheUse use;                // at the end; zeros of a model that keeps its cache elsewhere
  uint64_t most_held = 0;      // reserved and parked, at any time
};

// Looks now and then at what is held, until it is gone.
class Watch {
 public:
  Watch(const Model& model, Memory& memory)
      : thread_([&model, &memory](const std::stop_token& stop) {
          std::mutex mutex;
          std::condition_variable_any woken;
          std::unique_lock lock(mutex);
          do {
            const CacheUse use = model.cache_use();
            memory.most_held = std::max(memory.most_held, use.reserved_bytes + use.parked_bytes);
            memory.most_mib =
                std::max(memory.most_mib, static_cast<double>(ResidentBytes()) / kMebibyte);
          } while (!woken.wait_for(lock, stop, std::chrono::milliseconds(20),
                                   [&stop] { return stop.stop_requested(); }));
        }) {}

 private:
  std::jthread thread_;
};

struct Quantiles {
  double p50 = 0, p95 = 0, p99 = 0;
  explicit Quantiles(const std::vector<double>& values)
      : p50(Percentile(values, 50)), p95(Percentile(values, 95)), p99(Percentile(values, 99)) {}
  [[nodiscard]] OrderedJson ToJson() const { return {{"p50", p50}, {"p95", p95}, {"p99", p99}}; }
};

void PrintCache(const Memory& memory, int sessions) {
  const CacheUse& use = memory.use;
  const auto mib = [](uint64_t bytes) { return static_cast<double>(bytes) / kMebibyte; };
  std::printf(
      "cache              %8.1f MiB a session; at most %.1f MiB held of %.1f, %.1f of them "
      "reserved\n",
      mib(use.used_bytes + use.parked_bytes) / sessions, mib(memory.most_held),
      mib(use.budget_bytes), mib(use.reserved_bytes));
  std::printf("talks              %8llu put back, %llu forgotten and read again\n",
              static_cast<unsigned long long>(use.restored),
              static_cast<unsigned long long>(use.forgotten));
}

void Print(const PlayFigures& figures, const Memory& memory,
           const std::optional<ReplyComparison>& comparison, const Arguments& arguments) {
  const Quantiles first(figures.FirstTimes());
  const Quantiles whole(figures.TurnTimes());
  const double read = figures.ReadPerTurn();
  const double reused = figures.PerTurn(&TurnFigures::reused);
  const double written = figures.PerTurn(&TurnFigures::written);
  std::printf("%d session%s, %s, %zu turns answered in %.1f s\n\n", arguments.sessions,
              arguments.sessions == 1 ? "" : "s", arguments.session.method.c_str(),
              figures.turns.size(), figures.wall_ms / 1000);
  std::printf("throughput         %8.1f reply tokens/s %8.3f turns/s\n", figures.ReplyTokenRate(),
              figures.TurnRate());
  std::printf("%18s %8s %8s %8s\n", "", "p50", "p95", "p99");
  std::printf("first token, ms    %8.0f %8.0f %8.0f\n", first.p50, first.p95, first.p99);
  std::printf("whole turn, ms     %8.0f %8.0f %8.0f\n", whole.p50, whole.p95, whole.p99);
  std::printf("tokens a turn      %8.0f read %8.0f reused %8.0f written\n", read, reused, written);
  std::printf("memory             %8.0f MiB before the first session, %.2f MiB more for each\n",
              memory.loaded_mib, memory.per_session_mib);
  std::printf("process            %8.0f MiB at most\n", memory.most_mib);
  if (memory.use.budget_bytes > 0) PrintCache(memory, arguments.sessions);
  if (comparison) {
    std::printf(
        "check              %8d of %d replies of %d sessions are those of the talk alone; "
        "%d where all of these had room; %d are those where they had room\n",
        comparison->same, comparison->replies, comparison->sessions, comparison->with_room,
        comparison->as_with_room);
    if (!comparison->gaps.empty()) {
      std::printf(
          "                   where %zu of them part, the talk alone finds its own word likelier "
          "by "
          "%.3f (median), %.3f at most\n",
          comparison->gaps.size(), Percentile(comparison->gaps, 50), comparison->gaps.back());
    }
  }
  std::printf(
      "\n%d turns a session after %d to warm up, %d tokens a reply, %d a note, %d ms to "
      "think.\n",
      arguments.turns, arguments.warm_up, arguments.reply_tokens, arguments.note_tokens,
      arguments.think_ms);
  PrintErrors("load", figures);
  if (!arguments.json) return;
  OrderedJson errors = OrderedJson::object();
  for (const auto& [message, count] : figures.errors) errors[message] = count;
  OrderedJson json = {{"sessions", arguments.sessions},
                      {"method", arguments.session.method},
                      {"turns", figures.turns.size()},
                      {"seconds", figures.wall_ms / 1000},
                      {"reply_tokens_per_second", figures.ReplyTokenRate()},
                      {"turns_per_second", figures.TurnRate()},
                      {"first_token_ms", first.ToJson()},
                      {"turn_ms", whole.ToJson()},
                      {"tokens_read_per_turn", read},
                      {"tokens_reused_per_turn", reused},
                      {"tokens_written_per_turn", written},
                      {"loaded_mib", memory.loaded_mib},
                      {"mib_per_session", memory.per_session_mib}};
  json["most_mib"] = memory.most_mib;
  if (const CacheUse& use = memory.use; use.budget_bytes > 0) {
    json["cache_bytes"] = use.used_bytes + use.parked_bytes;
    json["budget_bytes"] = use.budget_bytes;
    json["most_held_bytes"] = memory.most_held;
    json["restored"] = use.restored;
    json["forgotten"] = use.forgotten;
  }
  if (comparison) {
    json["check"] = {{"sessions", comparison->sessions},
                     {"replies", comparison->replies},
                     {"same", comparison->same},
                     {"same_with_room", comparison->with_room},
                     {"as_with_room", comparison->as_with_room},
                     {"gaps", comparison->gaps}};
  }
  json["errors"] = std::move(errors);
  std::printf("%s\n", DumpJson(json).c_str());
}

ChartBar MillisecondsBar(const std::string& label, double ms, bool emphasised) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0f ms", ms);
  return {label, ms, text, emphasised};
}

void Draw(const PlayFigures& figures, const Arguments& arguments) {
  Chart chart;
  chart.title = "EmoStage with " + std::to_string(arguments.sessions) + " sessions at once";
  const Quantiles first(figures.FirstTimes());
  const Quantiles whole(figures.TurnTimes());
  chart.bars = {MillisecondsBar("First token, median", first.p50, true),
                MillisecondsBar("First token, 95th percentile", first.p95, true),
                MillisecondsBar("Whole turn, median", whole.p50, false),
                MillisecondsBar("Whole turn, 95th percentile", whole.p95, false)};
  char rates[96];
  std::snprintf(rates, sizeof rates, "%.1f reply tokens/s, %.3f turns/s", figures.ReplyTokenRate(),
                figures.TurnRate());
  chart.caption = {rates, "emostage bench load --sessions " + std::to_string(arguments.sessions) +
                              " --turns " + std::to_string(arguments.turns) + " --method " +
                              arguments.session.method + " · " + Today()};
  WriteChart(chart, arguments.chart);
}

// `played` are all sessions' turns in the order of PlayOptions::in_turn.
ReplyComparison Compare(const PlayFigures& played, const Talks& talks, const Arguments& arguments,
                        const SessionOptions& options, const PlayOptions& play,
                        const std::stop_token& stop) {
  if (played.turns.size() != talks.size() * talks.front().size()) {
    throw Error(ErrorCode::kModel, "not every turn was answered, so there is nothing to compare");
  }
  std::vector<TalkReplies> replied(talks.size());
  for (std::size_t i = 0; i < played.turns.size(); ++i) {
    replied[i % talks.size()].push_back(played.turns[i].text);
  }
  ReplyCheck check;
  check.load = [&arguments](int sessions, bool room) {
    ModelArguments model = arguments.model;
    model.steady = true;
    model.sessions = sessions;
    model.stay = room;
    return model.Load();
  };
  check.session = options;
  check.play = play;
  return CompareReplies(talks, replied, arguments.check, check, stop);
}

int Bench(Arguments arguments) {
  if (arguments.check > 0) {
    // A reply that differs early makes all later ones differ: every one has to be looked at.
    arguments.turns += std::exchange(arguments.warm_up, 0);
  }
  const auto sessions = static_cast<std::size_t>(arguments.sessions);
  const Talks talks =
      ClientTalks(BenchDialogues(arguments.file, arguments.model.data, arguments.session.language),
                  sessions, static_cast<std::size_t>(arguments.warm_up + arguments.turns));
  const auto knowledge = LoadKnowledge(arguments.model.data);
  ModelArguments model_arguments = arguments.model;
  model_arguments.steady = !arguments.adapt;
  model_arguments.sessions = arguments.sessions;
  SessionArguments session = arguments.session;
  session.temperature = 0;
  SessionOptions options = session.Options(knowledge);
  options.safety.enabled = false;  // what methods and engines cost
  options.fixed_reply_tokens = arguments.reply_tokens;
  options.fixed_note_tokens = arguments.note_tokens;
  if (!options.language && arguments.file.empty()) options.language = Language::kEnglish;

  std::shared_ptr<Model> model = model_arguments.Load();
  if (arguments.check > 0) model = WithoutPenalty(model);
  const Interrupt interrupt;
  PlayOptions play;
  play.warm_up = arguments.warm_up;
  play.think = std::chrono::milliseconds(arguments.think_ms);
  play.title = "load";
  play.in_turn = arguments.check > 0;
  Memory memory;
  const auto before = static_cast<double>(ResidentBytes());
  std::vector<std::unique_ptr<Player>> players;
  for (std::size_t i = 0; i < sessions; ++i) players.push_back(SessionPlayer(model, options));
  std::optional<Watch> watch(std::in_place, *model, memory);
  const PlayFigures figures = PlayAll(players, talks, play, interrupt.token());
  watch.reset();
  memory.loaded_mib = before / kMebibyte;
  memory.per_session_mib = (static_cast<double>(ResidentBytes()) - before) / kMebibyte /
                           static_cast<double>(arguments.sessions);
  memory.use = model->cache_use();
  std::optional<ReplyComparison> comparison;
  if (arguments.check > 0) {
    players.clear();
    comparison = Compare(figures, talks, arguments, options, play, interrupt.token());
  }
  Print(figures, memory, comparison, arguments);
  if (!arguments.chart.empty()) Draw(figures, arguments);
  return figures.turns.empty() ? 1 : 0;
}

}  // namespace

void AddBenchLoad(CLI::App& bench, Run& run) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* load = bench.add_subcommand(
      "load", "Plays many sessions at once on one model, with fixed output lengths");
  load->add_option("FILE", arguments->file,
                   "Recordings (default: a built-in sample); sessions that share one begin at "
                   "other places of it");
  arguments->model.AddTo(*load);
  load->add_option("--method", arguments->session.method, "How to answer; see 'methods'")
      ->capture_default_str();
  load->add_option("--lang", arguments->session.language, "auto, en, zh or ja");
  load->add_option("--scheme", arguments->session.scheme, "Phase scheme");
  load->add_option("--sessions", arguments->sessions, "Clients at once")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  load->add_option("--turns", arguments->turns, "Client turns of each session that are counted")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  load->add_option("--warm-up", arguments->warm_up, "Turns before them that are not")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  load->add_option("--reply-tokens", arguments->reply_tokens, "Length of every reply")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  load->add_option("--note-tokens", arguments->note_tokens, "Length of every free text in a note")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  load->add_option("--think-ms", arguments->think_ms, "What a client takes to write, ms")
      ->check(CLI::Range(0, 600'000))
      ->capture_default_str();
  load->add_option("--check", arguments->check,
                   "Let the sessions take turns one after the other, and play so many of their "
                   "talks again, alone and where all have room: how many replies are the same")
      ->check(CLI::Range(1, 1000))
      ->type_name("SESSIONS");
  load->add_flag("--adapt", arguments->adapt,
                 "Fewer threads while other programs hold the cores, as everywhere but in 'bench'");
  load->add_flag("--json", arguments->json, "Also print the figures as JSON");
  load->add_option("--chart", arguments->chart, "Also draw them into an SVG file")
      ->type_name("FILE.svg");
  load->callback([arguments, &run] {
    if (arguments->check > 0) arguments->warm_up = 0;  // every reply is compared
    run = [arguments] { return Bench(*arguments); };
  });
}

}  // namespace emostage
