#include "eval/runner.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>
#include <tuple>
#include <utility>

#include "emostage/error.h"
#include "eval/journal.h"
#include "eval/simulated_client.h"
#include "eval/tasks.h"
#include "method/stage.h"

namespace emostage {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kItems = "items.jsonl";
constexpr const char* kPlain = "direct";  // the method whose prompts say nothing of a method

// nullptr: the turn was answered by nobody.
const std::string* RecordedReply(const EvalDialogue& dialogue, size_t turn) {
  if (turn + 1 >= dialogue.turns.size()) return nullptr;
  const EvalTurn& next = dialogue.turns[turn + 1];
  return next.role == Role::kCounsellor && !next.text.empty() ? &next.text : nullptr;
}

double MillisecondsSince(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

// A model that is gone answers nothing more: going on would only count failures.
bool EndsTheRun(const Error& error) {
  return error.code() == ErrorCode::kNetwork || error.code() == ErrorCode::kBusy ||
         error.code() == ErrorCode::kCancelled || error.code() == ErrorCode::kIo ||
         error.code() == ErrorCode::kUsage || error.code() == ErrorCode::kKnowledge;
}

struct Unit {
  const EvalDialogue* dialogue = nullptr;
  std::string method;
  [[nodiscard]] std::string name() const { return method + '/' + dialogue->id; }
};

class Player {
 public:
  Player(const std::shared_ptr<Model>& model, const RunOptions& options)
      : model_(model), options_(options) {}

  std::vector<EvalItem> Play(const Unit& unit) const {
    switch (options_.mode) {
      case EvalMode::kNextTurn:
        return NextTurns(unit);
      case EvalMode::kWholeSession:
        return WholeSession(unit);
      case EvalMode::kTask:
        return LabelTurns(model_, *unit.dialogue, options_);
    }
    return {};
  }

  // What every session of a method in a language has in common is read here: its prompts, and what
  // the model leans to before a word was said. No item then depends on which of them was first.
  void WarmUp(const std::vector<Unit>& units) const {
    std::set<std::pair<std::string, Language>> warm;
    for (const Unit& unit : units) {
      if (!warm.insert({unit.method, unit.dialogue->language}).second) continue;
      RunOptions brief = options_;
      brief.mode = options_.mode == EvalMode::kTask ? EvalMode::kTask : EvalMode::kNextTurn;
      brief.session.sampling.max_tokens = 1;
      // Harmless words of our own: a client's might be answered by the safety protocol at once.
      EvalDialogue first;
      first.id = "warm-up";
      first.language = unit.dialogue->language;
      EvalTurn hello;
      hello.text = (*options_.texts)[static_cast<size_t>(first.language)].client_opening;
      first.turns.push_back(std::move(hello));
      try {
        static_cast<void>(Player(model_, brief).Play({&first, unit.method}));
      } catch (const Error& error) {
        if (EndsTheRun(error)) throw;  // else it will fail, and be counted, where it belongs
      }
    }
  }

 private:
  [[nodiscard]] Session Open(const Unit& unit) const {
    SessionOptions session = options_.session;
    session.method = unit.method;
    session.language = unit.dialogue->language;
    session.read_ahead = options_.mode == EvalMode::kWholeSession;
    return Session(model_, std::move(session));
  }

  [[nodiscard]] std::vector<EvalItem> NextTurns(const Unit& unit) const {
    Session session = Open(unit);
    std::vector<EvalItem> items;
    for (const size_t turn : AnswerableTurns(*unit.dialogue)) {
      if (options_.stop.stop_requested()) throw Error(ErrorCode::kCancelled, "stopped");
      session.SetDialogue(unit.dialogue->UpTo(turn + 1));
      items.push_back(
          Answered(unit, turn, [&] { return session.RespondToLast({}, options_.stop); }, session));
      if (options_.model_metrics) AskModelOf(items.back(), *unit.dialogue);
    }
    return items;
  }

  void AskModelOf(EvalItem& item, const EvalDialogue& dialogue) const {
    if (!item.error.empty() || item.answer.reply.empty()) return;
    const Dialogue talk = dialogue.UpTo(item.turn + 1);
    const std::unique_ptr<Context> context = model_->Open();
    Memory memory;
    StageSettings settings;
    settings.knowledge = options_.session.knowledge.get();
    settings.model = model_.get();
    settings.context = context.get();
    settings.memory = &memory;
    settings.leanings = options_.session.leanings.get();
    settings.dialogue = &talk;
    settings.scheme = &settings.knowledge->scheme(options_.session.scheme);
    settings.language = dialogue.language;
    settings.stop = options_.stop;
    Stage stage(settings, kPlain, kPlain);
    const Score score = stage.Likelihood("likelihood", "", "", item.answer.reply).get();
    item.log_perplexity = -score.total / static_cast<double>(score.token_log_likelihoods.size());
    if (const std::string* recorded = RecordedReply(dialogue, item.turn)) {
      const std::vector<float> a = model_->embed(item.answer.reply);
      const std::vector<float> b = model_->embed(*recorded);
      item.similarity = std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
    }
  }

  [[nodiscard]] std::vector<EvalItem> WholeSession(const Unit& unit) const {
    Session session = Open(unit);
    SimulatedClient client(options_.client_model ? options_.client_model : model_,
                           (*options_.texts)[static_cast<size_t>(unit.dialogue->language)],
                           *unit.dialogue, options_.seed);
    std::vector<EvalItem> items;
    for (size_t turn = 0; turn < options_.max_turns; ++turn) {
      if (options_.stop.stop_requested()) throw Error(ErrorCode::kCancelled, "stopped");
      const std::string said = client.Say(session.dialogue(), options_.stop);
      EvalItem item = Answered(
          unit, 2 * turn, [&] { return session.Respond(said, {}, options_.stop); }, session);
      item.client = said;
      items.push_back(std::move(item));
      if (!items.back().error.empty()) break;  // the talk has no reply to go on from
    }
    return items;
  }

  template <typename Ask>
  EvalItem Answered(const Unit& unit, size_t turn, const Ask& ask, Session& session) const {
    EvalItem item;
    item.method = unit.method;
    item.dialogue = unit.dialogue->id;
    item.turn = turn;
    session.SetSeed(ItemSeed(options_.seed, unit.dialogue->id, turn));
    try {
      item.answer = ask();
      if (item.answer.cancelled) throw Error(ErrorCode::kCancelled, "stopped");
    } catch (const Error& error) {
      if (EndsTheRun(error)) throw;
      item.error = error.what();
    }
    return item;
  }

  const std::shared_ptr<Model> model_;
  const RunOptions& options_;
};

}  // namespace

std::string_view EvalModeName(EvalMode mode) {
  switch (mode) {
    case EvalMode::kNextTurn:
      return "next";
    case EvalMode::kWholeSession:
      return "session";
    case EvalMode::kTask:
      return "task";
  }
  return "";
}

OrderedJson EvalItemToJson(const EvalItem& item) {
  OrderedJson json = {{"method", item.method}, {"dialogue", item.dialogue}, {"turn", item.turn}};
  if (!item.client.empty()) json["client"] = item.client;
  if (!item.error.empty()) {
    json["error"] = item.error;
    return json;
  }
  json["first_token_ms"] = item.answer.first_token_ms;
  if (item.log_perplexity) json["log_perplexity"] = *item.log_perplexity;
  if (item.similarity) json["similarity"] = *item.similarity;
  json["answer"] = OrderedJson::parse(AnswerToJson(item.answer));
  return json;
}

EvalItem EvalItemFromJson(const Json& json) {
  try {
    EvalItem item;
    item.method = json.at("method").get<std::string>();
    item.dialogue = json.at("dialogue").get<std::string>();
    item.turn = json.at("turn").get<size_t>();
    item.client = json.value("client", "");
    item.error = json.value("error", "");
    if (item.error.empty()) {
      item.answer = AnswerFromJson(json.at("answer").dump());
      item.answer.first_token_ms = json.value("first_token_ms", 0.0);
      if (json.contains("log_perplexity")) item.log_perplexity = json.at("log_perplexity");
      if (json.contains("similarity")) item.similarity = json.at("similarity");
    }
    return item;
  } catch (const Json::exception&) {
    throw Error(ErrorCode::kInput, "an item lacks a field", "give another --out");
  }
}

std::vector<size_t> AnswerableTurns(const EvalDialogue& dialogue) {
  std::vector<size_t> turns;
  for (size_t i = 0; i < dialogue.turns.size(); ++i) {
    if (dialogue.turns[i].role != Role::kClient) continue;
    const bool last = i + 1 == dialogue.turns.size();
    if (last || dialogue.turns[i + 1].role == Role::kCounsellor) turns.push_back(i);
  }
  return turns;
}

uint64_t ItemSeed(uint64_t seed, std::string_view dialogue, size_t turn) {
  // FNV-1a, so that it is the same on every machine.
  uint64_t hash = 14695981039346656037ULL;
  const auto take = [&hash](uint64_t byte) {
    hash ^= byte & 0xff;
    hash *= 1099511628211ULL;
  };
  for (int shift = 0; shift < 64; shift += 8) take(seed >> shift);
  for (const char letter : dialogue) take(static_cast<unsigned char>(letter));
  for (int shift = 0; shift < 64; shift += 8) take(static_cast<uint64_t>(turn) >> shift);
  return hash;
}

RunSummary RunEval(const std::shared_ptr<Model>& model, const DataSet& data,
                   const std::filesystem::path& folder, const RunOptions& options) {
  const auto begun = Clock::now();
  RunSummary summary;
  size_t replies = 0;
  Journal journal(folder / kItems, [&replies](const Json&) { ++replies; });
  summary.cut_off = journal.cut_off();

  // All methods of one dialogue before the next, so that what a short run has can be compared.
  std::vector<Unit> open;
  for (size_t i = options.shard; i < data.dialogues.size(); i += options.shards) {
    for (const std::string& method : options.methods) {
      Unit unit{&data.dialogues[i], method};
      ++summary.units;
      if (journal.Has(unit.name())) {
        ++summary.resumed;
      } else {
        open.push_back(std::move(unit));
      }
    }
  }

  const Player player(model, options);
  player.WarmUp(open);
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  size_t done = summary.resumed;
  const auto work = [&] {
    for (size_t i = next++; i < open.size(); i = next++) {
      try {
        {
          const std::scoped_lock lock(mutex);
          if (failure) return;
        }
        const std::vector<EvalItem> items = player.Play(open[i]);
        std::vector<OrderedJson> lines;
        double model_ms = 0;
        for (const EvalItem& item : items) {
          lines.push_back(EvalItemToJson(item));
          model_ms += item.answer.total_ms;
        }
        journal.Append(open[i].name(), lines);
        const std::scoped_lock lock(mutex);
        summary.model_ms += model_ms;
        replies += items.size();
        if (options.progress) options.progress(++done, summary.units, replies);
      } catch (...) {
        const std::scoped_lock lock(mutex);
        if (!failure) failure = std::current_exception();
        return;
      }
    }
  };
  std::vector<std::thread> workers;
  for (size_t i = 1; i < std::min(options.parallel, open.size()); ++i) workers.emplace_back(work);
  work();
  for (std::thread& worker : workers) worker.join();
  if (failure) std::rethrow_exception(failure);
  summary.wall_ms = MillisecondsSince(begun);
  return summary;
}

std::vector<EvalItem> ReadItems(const std::filesystem::path& folder) {
  std::vector<EvalItem> items;
  const Journal journal(folder / kItems,
                        [&items](const Json& line) { items.push_back(EvalItemFromJson(line)); });
  // In whatever order talks ended: a report is the same for each.
  std::ranges::stable_sort(items, [](const EvalItem& a, const EvalItem& b) {
    return std::tie(a.dialogue, a.method, a.turn) < std::tie(b.dialogue, b.method, b.turn);
  });
  return items;
}

}  // namespace emostage
