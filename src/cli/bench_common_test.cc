#include "cli/bench_common.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "emostage/error.h"

namespace emostage {
namespace {

using ::testing::ElementsAre;

Dialogue Talk(const std::vector<std::string>& client_texts) {
  Dialogue dialogue;
  for (const std::string& text : client_texts) {
    dialogue.turns.push_back({Role::kClient, text, ""});
    dialogue.turns.push_back({Role::kCounsellor, "mm", ""});
  }
  return dialogue;
}

TEST(PercentileTest, LiesBetweenValuesInProportion) {
  EXPECT_DOUBLE_EQ(Percentile({}, 50), 0);
  EXPECT_DOUBLE_EQ(Percentile({7}, 99), 7);
  EXPECT_DOUBLE_EQ(Percentile({40, 10, 30, 20}, 0), 10);
  EXPECT_DOUBLE_EQ(Percentile({40, 10, 30, 20}, 50), 25);
  EXPECT_DOUBLE_EQ(Percentile({40, 10, 30, 20}, 100), 40);
  std::vector<double> values;
  for (int i = 0; i <= 100; ++i) values.push_back(i);
  EXPECT_DOUBLE_EQ(Percentile(values, 95), 95);
  EXPECT_DOUBLE_EQ(Percentile(values, 99.5), 99.5);
}

TEST(ClientTalksTest, EachHasADialogueOfItsOwnWhileThereAreEnough) {
  EXPECT_THAT(ClientTalks({Talk({"a", "b"}), Talk({"c", "d"})}, 2, 2),
              ElementsAre(ElementsAre("a", "b"), ElementsAre("c", "d")));
}

TEST(ClientTalksTest, SharersBeginAtOtherPlacesAndGoRound) {
  EXPECT_THAT(ClientTalks({Talk({"a", "b", "c", "d"})}, 2, 3),
              ElementsAre(ElementsAre("a", "b", "c"), ElementsAre("c", "d", "a")));
}

TEST(ClientTalksTest, DialogueWithoutAClientIsPassedOver) {
  Dialogue silent;
  silent.turns.push_back({Role::kCounsellor, "hello?", ""});
  EXPECT_THAT(ClientTalks({silent, Talk({"a"})}, 1, 2), ElementsAre(ElementsAre("a", "a")));
  EXPECT_THROW((void)ClientTalks({silent}, 1, 2), Error);
}

// Says what it was asked; refuses "busy".
class Parrot : public Player {
 public:
  Parrot(std::mutex& mutex, std::vector<std::string>& heard) : mutex_(mutex), heard_(heard) {}

  TurnFigures Play(const std::string& text, const std::stop_token&) override {
    if (text == "busy") throw Error(ErrorCode::kBusy, "no room");
    const std::lock_guard lock(mutex_);
    heard_.push_back(text);
    TurnFigures figures;
    figures.ms = 10;
    figures.read = 3;
    figures.reply = 5;
    return figures;
  }
  int Settle() override { return 4; }

 private:
  std::mutex& mutex_;
  std::vector<std::string>& heard_;
};

TEST(PlayAllTest, CountsWhatCameAfterTheWarmUpAndErrorsByMessage) {
  std::mutex mutex;
  std::vector<std::string> heard;
  std::vector<std::unique_ptr<Player>> players;
  for (int i = 0; i < 2; ++i) players.push_back(std::make_unique<Parrot>(mutex, heard));
  PlayOptions options;
  options.warm_up = 1;
  options.settle = true;
  const PlayFigures figures =
      PlayAll(players, {{"w", "a", "busy", "b"}, {"w", "busy", "c", "d"}}, options, {});
  EXPECT_EQ(heard.size(), 6U);
  EXPECT_EQ(figures.turns.size(), 4U);
  EXPECT_THAT(figures.errors, ElementsAre(std::pair<const std::string, int>("no room", 2)));
  EXPECT_DOUBLE_EQ(figures.PerTurn(&TurnFigures::reply), 5);
  EXPECT_DOUBLE_EQ(figures.ReadPerTurn(), 3 + 4);
  EXPECT_GT(figures.TurnRate(), 0);
}

TEST(PlayAllTest, RequestToStopIsCarriedOut) {
  std::mutex mutex;
  std::vector<std::string> heard;
  std::vector<std::unique_ptr<Player>> players;
  players.push_back(std::make_unique<Parrot>(mutex, heard));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW((void)PlayAll(players, {{"a", "b"}}, {}, stop.get_token()), Error);
  EXPECT_TRUE(heard.empty());
}

}  // namespace
}  // namespace emostage
