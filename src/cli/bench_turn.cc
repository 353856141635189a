#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/draw.h"
#include "cli/interrupt.h"
#include "emostage/error.h"
#include "knowledge/knowledge.h"

namespace emostage {
namespace {

struct Arguments {
  ModelArguments model;
  SessionArguments session;
  std::string file;
  int turns = 20;
  int reply_tokens = 80;
  int note_tokens = 12;
  bool skip_unshared = false;
  bool json = false;
};

// One way of playing the dialogue, with a model of its own so that none finds the others' cells.
struct Player {
  std::string title;
  std::unique_ptr<Session> session;
  std::vector<double> turn_ms, first_ms, ahead_ms;
  long long read = 0, reused = 0, written = 0, ahead_tokens = 0;
  struct StepSum {
    double ms = 0;
    long long read = 0, written = 0;
  };
  std::map<std::string, StepSum> steps;  // all turns but the first

  void Play(const std::string& client_text) {
    const Answer answer = session->Respond(client_text);
    turn_ms.push_back(answer.total_ms);
    first_ms.push_back(answer.first_token_ms);
    for (const Step& step : answer.steps) {
      read += step.prompt_tokens - step.reused_tokens;
      reused += step.reused_tokens;
      written += step.output_tokens;
      if (turn_ms.size() < 2) continue;
      StepSum& sum = steps[step.name];
      sum.ms += step.ms;
      sum.read += step.prompt_tokens - step.reused_tokens;
      sum.written += step.output_tokens;
    }
    const auto start = std::chrono::steady_clock::now();
    ahead_tokens += session->WaitReadAhead();
    ahead_ms.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
            .count());
  }

  // The first turn reads the system prompt and warms up; it is played but not counted.
  static double Mean(const std::vector<double>& values) {
    double sum = 0;
    for (size_t i = 1; i < values.size(); ++i) sum += values[i];
    return values.size() < 2 ? values.front() : sum / static_cast<double>(values.size() - 1);
  }
};

std::vector<std::string> ClientTurns(const Arguments& arguments) {
  Dialogue dialogue;
  if (arguments.file.empty()) {
    dialogue =
        LoadKnowledge(arguments.model.data)
            ->demo(LanguageFromCode(arguments.session.language).value_or(Language::kEnglish));
  } else {
    dialogue = ParseDialogue(ReadFile(arguments.file, 64 << 20));
  }
  std::vector<std::string> said;
  for (const Turn& turn : dialogue.turns) {
    if (turn.role == Role::kClient) said.push_back(turn.text);
  }
  if (said.empty()) throw Error(ErrorCode::kInput, "the dialogue has no client turn");
  // A short recording is played again from its start: what counts here is tokens, not sense.
  const auto wanted = static_cast<size_t>(arguments.turns) + 1;
  for (size_t i = 0; said.size() < wanted; ++i) said.push_back(said[i]);
  said.resize(wanted);
  return said;
}

void Print(const std::vector<Player>& players, const Arguments& arguments) {
  const double turns = static_cast<double>(players[0].turn_ms.size());
  const double direct = Player::Mean(players[0].turn_ms);
  const double direct_all = direct + Player::Mean(players[0].ahead_ms);
  OrderedJson rows = OrderedJson::array();
  std::printf("%-28s %9s %7s %11s %9s %7s %10s %10s %10s\n", "", "ms/turn", "ratio", "first token",
              "ahead ms", "ratio", "read/turn", "reused", "written");
  for (const Player& player : players) {
    const double ms = Player::Mean(player.turn_ms);
    const double ahead = Player::Mean(player.ahead_ms);
    const double read = static_cast<double>(player.read + player.ahead_tokens) / turns;
    const double reused = static_cast<double>(player.reused) / turns;
    const double written = static_cast<double>(player.written) / turns;
    std::printf("%-28s %9.0f %6.2fx %11.0f %9.0f %6.2fx %10.0f %10.0f %10.0f\n",
                player.title.c_str(), ms, ms / direct, Player::Mean(player.first_ms), ahead,
                (ms + ahead) / direct_all, read, reused, written);
    rows.push_back({{"method", player.title},
                    {"ms_per_turn", ms},
                    {"ratio_to_direct", ms / direct},
                    {"first_token_ms", Player::Mean(player.first_ms)},
                    {"ahead_ms", ahead},
                    {"ratio_to_direct_with_ahead", (ms + ahead) / direct_all},
                    {"tokens_read_per_turn", read},
                    {"tokens_reused_per_turn", reused},
                    {"tokens_written_per_turn", written}});
  }
  for (const Player& player : players) {
    const double counted = std::max(1.0, turns - 1);
    for (const auto& [name, sum] : player.steps) {
      std::printf("  %-26s %-12s %6.0f ms %8.0f read %6.0f written\n", player.title.c_str(),
                  name.c_str(), sum.ms / counted, static_cast<double>(sum.read) / counted,
                  static_cast<double>(sum.written) / counted);
    }
  }
  std::printf(
      "\nratio: to direct, in this run. ahead: reading the reply into the dialogue after it was "
      "given;\nthe second ratio counts that too. %d turns after one to warm up, %d tokens a reply, "
      "%d a note.\n",
      arguments.turns, arguments.reply_tokens, arguments.note_tokens);
  if (arguments.json) std::printf("%s\n", DumpJson(rows).c_str());
}

int Bench(const Arguments& arguments) {
  const auto knowledge = LoadKnowledge(arguments.model.data);
  const std::vector<std::string> said = ClientTurns(arguments);
  struct Way {
    const char* title;
    const char* method;
    bool share;
  };
  std::vector<Player> players;
  for (const Way& way : {Way{"direct", "direct", true}, Way{"emostage", "emostage", true},
                         Way{"emostage-labels", "emostage-labels", true},
                         Way{"emostage without sharing", "emostage", false}}) {
    if (!way.share && arguments.skip_unshared) continue;
    ModelArguments model = arguments.model;
    model.share = way.share;
    model.steady = true;
    SessionArguments session = arguments.session;
    session.method = way.method;
    session.temperature = 0;
    SessionOptions options = session.Options(knowledge);
    options.safety.enabled = false;  // what methods and engines cost
    options.fixed_reply_tokens = arguments.reply_tokens;
    options.fixed_note_tokens = arguments.note_tokens;
    if (!options.language && arguments.file.empty()) options.language = Language::kEnglish;
    players.push_back({way.title, std::make_unique<Session>(model.Load(), options)});
  }
  const Interrupt interrupt;
  for (size_t turn = 0; turn < said.size(); ++turn) {
    // In turns, so that a machine that gets slower or faster does so for all.
    for (Player& player : players) {
      player.Play(said[turn]);
      if (interrupt.happened()) throw Error(ErrorCode::kCancelled, "stopped");
    }
    std::fprintf(stderr, "\rturn %zu of %zu\x1b[K", turn + 1, said.size());
  }
  std::fprintf(stderr, "\r\x1b[K");
  Print(players, arguments);
  return 0;
}

}  // namespace

void AddBench(CLI::App& app, Run& run) {
  CLI::App* bench = app.add_subcommand("bench", "Measures what methods cost on this machine");
  bench->require_subcommand(1);
  auto arguments = std::make_shared<Arguments>();
  CLI::App* turn = bench->add_subcommand(
      "turn",
      "Plays a recorded dialogue with fixed output lengths: direct, EmoStage, EmoStage with labels "
      "only, and EmoStage without sharing");
  turn->add_option("FILE", arguments->file, "The recording (default: a built-in sample)");
  arguments->model.AddTo(*turn);
  turn->add_option("--lang", arguments->session.language, "auto, en, zh or ja");
  turn->add_option("--scheme", arguments->session.scheme, "Phase scheme");
  turn->add_option("--turns", arguments->turns, "Client turns to play")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  turn->add_option("--reply-tokens", arguments->reply_tokens, "Length of every reply")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  turn->add_option("--note-tokens", arguments->note_tokens, "Length of every free text in a note")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  turn->add_flag("--skip-unshared", arguments->skip_unshared,
                 "Leave out EmoStage without sharing, which takes most of the time");
  turn->add_flag("--json", arguments->json, "Also print the figures as JSON");
  turn->callback([arguments, &run] { run = [arguments] { return Bench(*arguments); }; });
  AddBenchMethods(*bench, run);
  AddBenchLoad(*bench, run);
  AddBenchPeers(*bench, run);
}

}  // namespace emostage
