#ifndef EMOSTAGE_CLI_BENCH_COMMON_H_
#define EMOSTAGE_CLI_BENCH_COMMON_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "emostage/dialogue.h"
#include "emostage/model.h"
#include "emostage/session.h"

// What 'bench load' and 'bench peers' have in common: what clients say, playing many of them at
// once, and putting figures together.
namespace emostage {

[[nodiscard]] double MillisecondsSince(std::chrono::steady_clock::time_point start);

// What `talks` clients say, `turns` turns each. Each has a dialogue of its own while there are
// enough; then they share one and begin at other places of it. A short one is played again from its
// start: what counts is tokens, not sense. Throws Error(kInput) where no client says anything.
[[nodiscard]] std::vector<std::vector<std::string>> ClientTalks(
    const std::vector<Dialogue>& dialogues, std::size_t talks, std::size_t turns);

// The dialogues of a file, or the built-in sample.
[[nodiscard]] std::vector<Dialogue> BenchDialogues(const std::string& file, const std::string& data,
                                                   const std::string& language);

// The value below which `percent` of `values` lie, between two of them in proportion; 0 for none.
[[nodiscard]] double Percentile(std::vector<double> values, double percent);
[[nodiscard]] double Mean(const std::vector<double>& values);

// Memory of this process that is in use; 0 where the system does not say.
[[nodiscard]] std::uint64_t ResidentBytes();

struct TurnFigures {
  double ms = 0;
  double first_ms = 0;
  long long read = 0;
  long long reused = 0;
  long long written = 0;  // notes and reply
  long long reply = 0;    // the reply alone
  std::string text;       // of the reply; empty where the player does not tell
};

// One client with whoever listens. Each is used by one thread at a time.
class Player {
 public:
  virtual ~Player() = default;
  // Throws Error; kCancelled when `stop` asked for it.
  virtual TurnFigures Play(const std::string& client_text, const std::stop_token& stop) = 0;
  // Waits for what is done between two turns, and returns the tokens read in it.
  virtual int Settle() { return 0; }
};

// A player that asks a session of ours.
[[nodiscard]] std::unique_ptr<Player> SessionPlayer(std::shared_ptr<Model> model,
                                                    const SessionOptions& options);

struct PlayOptions {
  int warm_up = 1;  // turns that are played first and not counted
  // Between two turns: wait for the reading ahead and time it, or go on at once.
  bool settle = false;
  std::chrono::milliseconds think{0};  // what a client takes to write
  bool in_turn = false;                // one client after the other, not all at once
  std::string title;                   // of the progress line
};

struct PlayFigures {
  std::vector<TurnFigures> turns;
  std::map<std::string, int> errors;  // how often each message came; those turns are not counted
  double wall_ms = 0;
  double settle_ms = 0;  // all together, with PlayOptions::settle
  long long settle_tokens = 0;

  void Add(const PlayFigures& other);
  [[nodiscard]] std::vector<double> TurnTimes() const;
  [[nodiscard]] std::vector<double> FirstTimes() const;
  [[nodiscard]] double PerTurn(long long TurnFigures::* what) const;
  [[nodiscard]] double ReadPerTurn() const;     // with what was read between turns
  [[nodiscard]] double ReplyTokenRate() const;  // tokens a second
  [[nodiscard]] double TurnRate() const;        // turns a second
  [[nodiscard]] double SettlePerTurn() const;   // ms
};

// Plays talk i with player i: each on a thread of its own, all at once, or everybody's first turn,
// then everybody's second. The figures' turns are then in that order. Throws Error(kCancelled)
// once all have ended, where `stop` asked for that.
[[nodiscard]] PlayFigures PlayAll(const std::vector<std::unique_ptr<Player>>& players,
                                  const std::vector<std::vector<std::string>>& talks,
                                  const PlayOptions& options, const std::stop_token& stop);

// How often each error came, on stderr.
void PrintErrors(const std::string& title, const PlayFigures& figures);

}  // namespace emostage

#endif  // EMOSTAGE_CLI_BENCH_COMMON_H_
