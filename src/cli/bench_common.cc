#include "cli/bench_common.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <fstream>
#include <mutex>
#include <thread>
#include <utility>

#include "dialogue/readers.h"
#include "emostage/error.h"
#include "knowledge/knowledge.h"

namespace emostage {
namespace {

using Clock = std::chrono::steady_clock;

class OurPlayer : public Player {
 public:
  OurPlayer(std::shared_ptr<Model> model, const SessionOptions& options)
      : session_(std::move(model), options) {}

  TurnFigures Play(const std::string& client_text, const std::stop_token& stop) override {
    const Answer answer = session_.Respond(client_text, {}, stop);
    if (answer.cancelled) throw Error(ErrorCode::kCancelled, "stopped");
    TurnFigures figures;
    figures.text = answer.reply;
    figures.ms = answer.total_ms;
    figures.first_ms = answer.first_token_ms;
    for (const Step& step : answer.steps) {
      figures.read += step.prompt_tokens - step.reused_tokens;
      figures.reused += step.reused_tokens;
      figures.written += step.output_tokens;
      if (step.name == "reply") figures.reply += step.output_tokens;
    }
    return figures;
  }

  int Settle() override { return session_.WaitReadAhead(); }

 private:
  Session session_;
};

// Sleeps, but not through a request to stop.
void Think(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  woken.wait_for(lock, stop, time, [] { return false; });
}

// Turns [from, to) of one talk.
class Part {
 public:
  Part(Player& player, const std::vector<std::string>& talk, const PlayOptions& options)
      : player_(player), talk_(talk), options_(options) {}

  PlayFigures Play(std::size_t from, std::size_t to, std::atomic<int>& done,
                   const std::stop_token& stop) {
    PlayFigures figures;
    for (std::size_t turn = from; turn < to && !stop.stop_requested(); ++turn) {
      try {
        figures.turns.push_back(player_.Play(talk_[turn], stop));
        if (options_.settle || turn + 1 == to) Settle(figures);
      } catch (const std::exception& e) {
        // A session that finds no room says so and may go on: that is a figure too.
        if (!stop.stop_requested()) ++figures.errors[e.what()];
      }
      ++done;
      if (options_.think.count() > 0 && turn + 1 < to) Think(options_.think, stop);
    }
    return figures;
  }

 private:
  void Settle(PlayFigures& figures) {
    const auto start = Clock::now();
    figures.settle_tokens += player_.Settle();
    figures.settle_ms += MillisecondsSince(start);
  }

  Player& player_;
  const std::vector<std::string>& talk_;
  const PlayOptions& options_;
};

class ProgressLine {
 public:
  ProgressLine(std::string title, std::size_t turns)
      : title_(std::move(title)), turns_(turns), terminal_(isatty(STDERR_FILENO) != 0) {}
  ~ProgressLine() {
    if (terminal_) std::fprintf(stderr, "\r\x1b[K");
  }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Draw(int done) const {
    if (terminal_) {
      std::fprintf(stderr, "\r%s: turn %d of %zu\x1b[K", title_.c_str(), done, turns_);
    }
  }

 private:
  std::string title_;
  std::size_t turns_;
  bool terminal_;
};

}  // namespace

double MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::vector<Dialogue> BenchDialogues(const std::string& file, const std::string& data,
                                     const std::string& language) {
  if (!file.empty()) return ReadDialogueFile(file);
  return {LoadKnowledge(data)->demo(LanguageFromCode(language).value_or(Language::kEnglish))};
}

std::vector<std::vector<std::string>> ClientTalks(const std::vector<Dialogue>& dialogues,
                                                  std::size_t talks, std::size_t turns) {
  std::vector<std::vector<std::string>> said;
  for (const Dialogue& dialogue : dialogues) {
    std::vector<std::string> texts;
    for (const Turn& turn : dialogue.turns) {
      if (turn.role == Role::kClient) texts.push_back(turn.text);
    }
    if (!texts.empty()) said.push_back(std::move(texts));
  }
  if (said.empty()) throw Error(ErrorCode::kInput, "no client says anything in the dialogues");
  const std::size_t sharers = (talks + said.size() - 1) / said.size();
  std::vector<std::vector<std::string>> all(talks);
  for (std::size_t i = 0; i < talks; ++i) {
    const std::vector<std::string>& texts = said[i % said.size()];
    const std::size_t begin = i / said.size() * texts.size() / sharers;
    for (std::size_t turn = 0; turn < turns; ++turn) {
      all[i].push_back(texts[(begin + turn) % texts.size()]);
    }
  }
  return all;
}

double Percentile(std::vector<double> values, double percent) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double place = percent / 100 * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  const std::size_t above = std::min(below + 1, values.size() - 1);
  const double share = place - std::floor(place);
  return values[below] + share * (values[above] - values[below]);
}

double Mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

std::uint64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  if (!(file >> all >> resident)) return 0;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::unique_ptr<Player> SessionPlayer(std::shared_ptr<Model> model, const SessionOptions& options) {
  return std::make_unique<OurPlayer>(std::move(model), options);
}

void PlayFigures::Add(const PlayFigures& other) {
  turns.insert(turns.end(), other.turns.begin(), other.turns.end());
  for (const auto& [message, count] : other.errors) errors[message] += count;
  wall_ms += other.wall_ms;
  settle_ms += other.settle_ms;
  settle_tokens += other.settle_tokens;
}

std::vector<double> PlayFigures::TurnTimes() const {
  std::vector<double> times;
  for (const TurnFigures& turn : turns) times.push_back(turn.ms);
  return times;
}

std::vector<double> PlayFigures::FirstTimes() const {
  std::vector<double> times;
  for (const TurnFigures& turn : turns) times.push_back(turn.first_ms);
  return times;
}

double PlayFigures::PerTurn(long long TurnFigures::* what) const {
  long long sum = 0;
  for (const TurnFigures& turn : turns) sum += turn.*what;
  return turns.empty() ? 0 : static_cast<double>(sum) / static_cast<double>(turns.size());
}

double PlayFigures::ReadPerTurn() const {
  if (turns.empty()) return 0;
  return PerTurn(&TurnFigures::read) +
         static_cast<double>(settle_tokens) / static_cast<double>(turns.size());
}

double PlayFigures::TurnRate() const {
  return wall_ms > 0 ? static_cast<double>(turns.size()) / wall_ms * 1000 : 0;
}

double PlayFigures::ReplyTokenRate() const { return PerTurn(&TurnFigures::reply) * TurnRate(); }

double PlayFigures::SettlePerTurn() const {
  return turns.empty() ? 0 : settle_ms / static_cast<double>(turns.size());
}

PlayFigures PlayAll(const std::vector<std::unique_ptr<Player>>& players,
                    const std::vector<std::vector<std::string>>& talks, const PlayOptions& options,
                    const std::stop_token& stop) {
  const std::size_t turns = talks.front().size();
  const auto warm_up = static_cast<std::size_t>(options.warm_up);
  const ProgressLine progress(options.title, turns * players.size());
  std::atomic<int> done = 0;
  const auto play_in_turn = [&](std::size_t from, std::size_t to) {
    PlayFigures all;
    const auto start = Clock::now();
    for (std::size_t turn = from; turn < to; ++turn) {
      for (std::size_t i = 0; i < players.size() && !stop.stop_requested(); ++i) {
        all.Add(Part(*players[i], talks[i], options).Play(turn, turn + 1, done, stop));
        progress.Draw(done);
      }
    }
    all.wall_ms = MillisecondsSince(start);
    return all;
  };
  const auto play = [&](std::size_t from, std::size_t to) {
    if (options.in_turn) return play_in_turn(from, to);
    std::vector<PlayFigures> parts(players.size());
    std::atomic<std::size_t> running = players.size();
    const auto start = Clock::now();
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < players.size(); ++i) {
        threads.emplace_back([&, i] {
          parts[i] = Part(*players[i], talks[i], options).Play(from, to, done, stop);
          --running;
        });
      }
      for (int tick = 0; running > 0; ++tick) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        if (tick % 20 == 0) progress.Draw(done);
      }
    }
    PlayFigures all;
    all.wall_ms = MillisecondsSince(start);
    for (const PlayFigures& part : parts) all.Add(part);
    return all;
  };
  const PlayFigures warmed = play(0, warm_up);
  PlayFigures figures = play(warm_up, turns);
  for (const auto& [message, count] : warmed.errors) figures.errors[message] += count;
  if (stop.stop_requested()) throw Error(ErrorCode::kCancelled, "stopped");
  return figures;
}

void PrintErrors(const std::string& title, const PlayFigures& figures) {
  for (const auto& [message, count] : figures.errors) {
    std::fprintf(stderr, "%s: %d turn%s not answered: %s\n", title.c_str(), count,
                 count == 1 ? " was" : "s were", message.c_str());
  }
}

}  // namespace emostage
