#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "emostage/safety.h"
#include "eval/data_set.h"
#include "knowledge/knowledge.h"

namespace emostage {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

constexpr const char* kData = EMOSTAGE_SOURCE_DIR "/data";

void CheckLabels(const ClientLabels& labels, const Knowledge& knowledge) {
  EXPECT_TRUE(knowledge.scheme("five-phase").IndexOf(labels.phase).has_value()) << labels.phase;
  EXPECT_THAT(labels.emotions, SizeIs(AllOf(Ge(1U), Le(3U))));
  for (const Feeling& one : labels.emotions) {
    EXPECT_NE(knowledge.emotions().Find(one.emotion), nullptr) << one.emotion;
    EXPECT_GE(one.intensity, 1);
    EXPECT_LE(one.intensity, 5);
  }
  EXPECT_THAT(labels.needs, SizeIs(AllOf(Ge(1U), Le(2U))));
  for (const std::string& need : labels.needs) {
    EXPECT_NE(knowledge.needs().Find(need), nullptr) << need;
  }
  EXPECT_TRUE(RiskLevelFromName(labels.risk).has_value()) << labels.risk;
}

TEST(Scenarios, AreFortyInEachLanguageAndWhollyLabelled) {
  const Knowledge knowledge = Knowledge::Load(kData);
  DataSetFilter filter;
  filter.split = "all";
  const DataSet set = ReadDataSet("scenarios", filter, kData);
  EXPECT_THAT(set.remarks, IsEmpty());
  std::map<Language, size_t> count;
  std::map<Language, std::set<std::string>> topics;
  const std::set<std::string> timings = {"well", "early", "late", "off"};
  for (const EvalDialogue& dialogue : set.dialogues) {
    SCOPED_TRACE(dialogue.id);
    ++count[dialogue.language];
    topics[dialogue.language].insert(dialogue.topic);
    EXPECT_THAT(dialogue.turns, SizeIs(AllOf(Ge(12U), Le(30U))));
    EXPECT_FALSE(dialogue.persona.empty());
    EXPECT_FALSE(dialogue.hidden.empty());
    for (const EvalTurn& turn : dialogue.turns) {
      if (turn.role == Role::kClient) {
        CheckLabels(turn.client, knowledge);
        ASSERT_TRUE(turn.second.has_value());
        CheckLabels(*turn.second, knowledge);
      } else {
        EXPECT_NE(knowledge.strategies().Find(turn.strategy), nullptr) << turn.strategy;
        EXPECT_NE(knowledge.strategies().Find(turn.second_strategy), nullptr);
        EXPECT_TRUE(timings.contains(turn.timing)) << turn.timing;
        EXPECT_TRUE(timings.contains(turn.second_timing)) << turn.second_timing;
      }
    }
  }
  for (const Language language : kAllLanguages) {
    EXPECT_EQ(count[language], 40U);
    EXPECT_EQ(topics[language].size(), 10U);
  }
}

TEST(Scenarios, HalvesShareNoTalk) {
  std::set<std::string> ids;
  for (const char* split : {"tune", "held-out"}) {
    DataSetFilter filter;
    filter.split = split;
    const DataSet set = ReadDataSet("scenarios", filter, kData);
    EXPECT_EQ(set.dialogues.size(), 60U);
    for (const EvalDialogue& dialogue : set.dialogues) {
      EXPECT_TRUE(ids.insert(dialogue.id).second) << dialogue.id;
    }
  }
}

}  // namespace
}  // namespace emostage
