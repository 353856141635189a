// `emostage bench methods`: what each method costs, on the same dialogues, as one table.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "cli/bench_common.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "emostage/error.h"
#include "method/registry.h"

namespace emostage {
namespace {

struct Arguments {
  ModelArguments model;
  SessionArguments session;
  std::string file;
  std::vector<std::string> methods;  // empty: all of them
  int dialogues = 20;
  int turn = 3;
  int reply_tokens = 24;
  int note_tokens = 8;
  bool json = false;
};

// One place in a recorded talk: what stood before it, and before the client turn before it.
struct Place {
  Dialogue talk;    // ends with the client turn that is counted
  Dialogue before;  // ends with the client turn before it
};

// The talk's client turn `wanted` (from 1), or its last one. False: it has fewer than two.
bool FindPlace(const Dialogue& dialogue, int wanted, Place& place) {
  std::vector<size_t> answered;  // client turns with no other of the client's after them
  for (size_t i = 0; i < dialogue.turns.size(); ++i) {
    if (dialogue.turns[i].role != Role::kClient) continue;
    const bool last = i + 1 == dialogue.turns.size();
    if (last || dialogue.turns[i + 1].role == Role::kCounsellor) answered.push_back(i);
  }
  if (answered.size() < 2) return false;
  const size_t at = std::clamp<size_t>(static_cast<size_t>(wanted), 2, answered.size()) - 1;
  const auto up_to = [&dialogue](size_t turn) {
    Dialogue cut = dialogue;
    cut.turns.resize(turn + 1);
    return cut;
  };
  place = {up_to(answered[at]), up_to(answered[at - 1])};
  return true;
}

// All that one method did.
struct Row {
  std::string method;
  std::unique_ptr<Session> session;
  double ms = 0, first_ms = 0;
  long long steps = 0, read = 0, reused = 0, written = 0;
  int turns = 0;
  std::string error;  // the first one; the method is not asked again

  void Play(const Place& place) {
    if (!error.empty()) return;
    try {
      // The turn before is played, not counted: what it read stays read, as in a talk.
      session->SetDialogue(place.before);
      static_cast<void>(session->RespondToLast());
      session->SetDialogue(place.talk);
      const Answer answer = session->RespondToLast();
      ms += answer.total_ms;
      first_ms += answer.first_token_ms;
      for (const Step& step : answer.steps) {
        if (step.prompt_tokens > 0) ++steps;
        read += step.prompt_tokens - step.reused_tokens;
        reused += step.reused_tokens;
        written += step.output_tokens;
      }
      ++turns;
    } catch (const Error& failure) {
      if (failure.code() == ErrorCode::kCancelled || failure.code() == ErrorCode::kNetwork) throw;
      error = failure.what();
    }
  }
  [[nodiscard]] double PerTurn(double sum) const { return turns == 0 ? 0 : sum / turns; }
};

void Print(const std::vector<Row>& rows, const Arguments& arguments) {
  const auto direct =
      std::ranges::find_if(rows, [](const Row& row) { return row.method == "direct"; });
  const double base = direct == rows.end() ? 0 : direct->PerTurn(direct->ms);
  OrderedJson json = OrderedJson::array();
  std::printf("| method | questions | read | reused | written | ms a turn | to direct |\n");
  std::printf("|---|---|---|---|---|---|---|\n");
  for (const Row& row : rows) {
    if (!row.error.empty()) {
      std::printf("| %s | %s ||||||\n", row.method.c_str(), row.error.c_str());
      json.push_back({{"method", row.method}, {"error", row.error}});
      continue;
    }
    const auto per_turn = [&row](long long sum) { return row.PerTurn(static_cast<double>(sum)); };
    const double ms = row.PerTurn(row.ms);
    std::printf(
        "| %s | %.1f | %.0f | %.0f | %.0f | %.0f | %s |\n", row.method.c_str(), per_turn(row.steps),
        per_turn(row.read), per_turn(row.reused), per_turn(row.written), ms,
        base > 0 ? (std::to_string(static_cast<int>(100 * ms / base)) + " %").c_str() : "-");
    json.push_back({{"method", row.method},
                    {"turns", row.turns},
                    {"questions", per_turn(row.steps)},
                    {"tokens_read", per_turn(row.read)},
                    {"tokens_reused", per_turn(row.reused)},
                    {"tokens_written", per_turn(row.written)},
                    {"ms", ms},
                    {"first_token_ms", row.PerTurn(row.first_ms)},
                    {"ratio_to_direct", base > 0 ? OrderedJson(ms / base) : OrderedJson()}});
  }
  std::printf(
      "\n%d dialogues, one turn of each after one to warm up; %d tokens a reply, %d a note; "
      "means a turn.\n",
      rows.empty() ? 0 : rows.front().turns, arguments.reply_tokens, arguments.note_tokens);
  if (arguments.json) std::printf("%s\n", DumpJson(json).c_str());
}

int Bench(const Arguments& arguments) {
  const auto knowledge = LoadKnowledge(arguments.model.data);
  std::vector<Place> places;
  for (const Dialogue& dialogue :
       BenchDialogues(arguments.file, arguments.model.data, arguments.session.language)) {
    Place place;
    if (!FindPlace(dialogue, arguments.turn, place)) continue;
    places.push_back(std::move(place));
    if (places.size() == static_cast<size_t>(arguments.dialogues)) break;
  }
  if (places.empty()) {
    throw Error(ErrorCode::kInput, "no dialogue has two client turns that were answered",
                "give another FILE");
  }
  ModelArguments model_arguments = arguments.model;
  model_arguments.steady = true;
  const std::shared_ptr<Model> model = model_arguments.Load();
  std::vector<Row> rows;
  const auto add = [&](const std::string& method) {
    SessionArguments session = arguments.session;
    session.method = method;
    session.temperature = 0;
    SessionOptions options = session.Options(knowledge);
    options.safety.enabled = false;  // what methods cost
    options.read_ahead = false;
    options.fixed_reply_tokens = arguments.reply_tokens;
    options.fixed_note_tokens = arguments.note_tokens;
    rows.emplace_back();
    rows.back().method = method;
    rows.back().session = std::make_unique<Session>(model, options);
  };
  for (const std::string& method : arguments.methods) add(method);
  if (arguments.methods.empty()) {
    for (const Method* method : AllMethods()) add(std::string(method->name()));
  }
  const Interrupt interrupt;
  for (size_t i = 0; i < places.size(); ++i) {
    // In turns, so that a machine that gets slower or faster does so for all.
    for (Row& row : rows) {
      std::fprintf(stderr, "\rdialogue %zu of %zu: %s\x1b[K", i + 1, places.size(),
                   row.method.c_str());
      row.Play(places[i]);
      if (interrupt.happened()) throw Error(ErrorCode::kCancelled, "stopped");
    }
  }
  std::fprintf(stderr, "\r\x1b[K");
  Print(rows, arguments);
  return 0;
}

}  // namespace

void AddBenchMethods(CLI::App& bench, Run& run) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* methods = bench.add_subcommand(
      "methods", "What every method costs on the same dialogues, as a table in Markdown");
  methods->add_option("FILE", arguments->file, "Recordings (default: a built-in sample)");
  arguments->model.AddTo(*methods);
  methods->add_option("--method", arguments->methods, "Only these, parted by commas")
      ->delimiter(',');
  methods->add_option("--lang", arguments->session.language, "auto, en, zh or ja");
  methods->add_option("--scheme", arguments->session.scheme, "Phase scheme");
  methods->add_option("--dialogues", arguments->dialogues, "The first so many of the file")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  methods->add_option("--turn", arguments->turn, "Which client turn of each is counted")
      ->check(CLI::Range(2, 1000))
      ->capture_default_str();
  methods->add_option("--reply-tokens", arguments->reply_tokens, "Length of every reply")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  methods
      ->add_option("--note-tokens", arguments->note_tokens, "Length of every free text in a note")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  methods->add_flag("--json", arguments->json, "Also print the figures as JSON");
  methods->callback([arguments, &run] { run = [arguments] { return Bench(*arguments); }; });
}

}  // namespace emostage
