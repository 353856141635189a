#include "eval/judge_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "emostage/error.h"
#include "emostage/session.h"
#include "eval/agreement_figures.h"
#include "model/scripted/scripted_model.h"

namespace emostage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::shared_ptr<const Knowledge> Shipped() {
  static const auto knowledge = LoadKnowledge(EMOSTAGE_SOURCE_DIR "/data");
  return knowledge;
}

// Figures of scipy 1.17.1 (pearsonr, spearmanr) and scikit-learn 1.9.1 (cohen_kappa_score).
TEST(AgreementFigures, AgreeWithAReference) {
  const std::vector<double> x = {1, 2, 3, 4, 5, 3};
  const std::vector<double> y = {2, 1, 4, 3, 5, 5};
  EXPECT_NEAR(*agreement::Pearson(x, y), 0.6928203230275508, 1e-12);
  EXPECT_NEAR(*agreement::Spearman(x, y), 0.6911764705882353, 1e-12);
  const std::vector<int> a = {0, 1, 2, 3, 2, 1, 0, 3};
  const std::vector<int> b = {0, 2, 2, 3, 1, 1, 1, 2};
  EXPECT_NEAR(*agreement::QuadraticKappa(a, b), 0.75, 1e-12);
}

TEST(AgreementFigures, HaveNoValueWhereThereIsNone) {
  const std::vector<double> same = {0.1, 0.1, 0.1};
  const std::vector<double> rising = {1, 2, 3};
  EXPECT_FALSE(agreement::Pearson(same, rising));
  EXPECT_FALSE(agreement::Spearman(rising, same));
  EXPECT_FALSE(agreement::Pearson(std::vector<double>{1}, std::vector<double>{1}));
  EXPECT_FALSE(agreement::QuadraticKappa(std::vector<int>{}, std::vector<int>{}));
  EXPECT_FALSE(agreement::QuadraticKappa(std::vector<int>{2, 2}, std::vector<int>{2, 2}));
  EXPECT_THROW(static_cast<void>(agreement::Pearson(same, std::vector<double>{1})), Error);
}

TEST(AgreementFigures, IntervalsHoldTheFigureAndAreTheSameTwice) {
  std::vector<double> x;
  std::vector<double> y;
  agreement::Draws draws(3);
  for (int i = 0; i < 60; ++i) {
    x.push_back(static_cast<double>(draws.Below(100)));
    y.push_back(x.back() + static_cast<double>(draws.Below(60)));
  }
  const auto figure = [&](std::span<const size_t> drawn) {
    std::vector<double> some_x;
    std::vector<double> some_y;
    for (const size_t i : drawn) {
      some_x.push_back(x[i]);
      some_y.push_back(y[i]);
    }
    return agreement::Pearson(some_x, some_y);
  };
  const auto interval = agreement::BootstrapInterval(x.size(), figure);
  ASSERT_TRUE(interval);
  EXPECT_LT(interval->low, *agreement::Pearson(x, y));
  EXPECT_GT(interval->high, *agreement::Pearson(x, y));
  EXPECT_EQ(interval->low, agreement::BootstrapInterval(x.size(), figure)->low);
  EXPECT_FALSE(agreement::BootstrapInterval(5, figure));
}

JudgeScore Score(const std::string& item, const std::string& method, double expectation) {
  JudgeScore score;
  score.judge = "j";
  score.item = item;
  score.method = method;
  score.rubric = "feel";
  score.rubric_version = 1;
  score.dimension = "safety";
  const auto floor = static_cast<size_t>(expectation);
  std::vector<double> distribution(5, 0.0);
  distribution[floor + 1] = expectation - static_cast<double>(floor);
  distribution[floor] = 1 - distribution[floor + 1];
  distribution.resize(4);
  score.Set(distribution);
  return score;
}

HumanScore Human(const std::string& item, const std::string& rater, double score) {
  return {item, "m", "feel", "safety", rater, score, ""};
}

TEST(JudgeCheck, ComparesExpectationsWithTheMeanOverRaters) {
  std::vector<JudgeScore> scores;
  std::vector<HumanScore> people;
  for (int i = 0; i < 8; ++i) {
    const std::string item = std::to_string(i);
    scores.push_back(Score(item, "m", 0.3 * i));
    people.push_back(Human(item, "r", std::min(i / 2, 3)));
    people.push_back(Human(item, "s", std::min(i / 2, 3)));
  }
  scores.push_back(Score("nobody scored it", "m", 1));
  people.push_back(Human("no judge scored it", "r", 1));
  const auto all = CheckAgreement(scores, people);
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].n, 8U);
  EXPECT_GT(*all[0].spearman.value, 0.95);
  EXPECT_GT(*all[0].pearson.value, 0.95);
  EXPECT_GT(*all[0].kappa.value, 0.7);
  EXPECT_NEAR(all[0].mean_difference, 0.3 * 3.5 - 1.5, 1e-9);
  ASSERT_TRUE(all[0].spearman.interval);
  EXPECT_LE(all[0].spearman.interval->low, *all[0].spearman.value);
  EXPECT_FALSE(CheckAgreement(scores, people, {.draws = 0})[0].spearman.interval);
}

TEST(JudgeCheck, TooFewItemsHaveNoFigure) {
  const std::vector<JudgeScore> scores = {Score("1", "m", 1)};
  const std::vector<HumanScore> people = {Human("1", "r", 1)};
  const auto all = CheckAgreement(scores, people);
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_FALSE(all[0].spearman.value);
  EXPECT_FALSE(all[0].spearman.interval);
}

constexpr const char* kTalk = R"("talk":[{"role":"client","text":"I am sad."}],"reply":"Tell me.")";

TEST(HumanLines, AreReadWithTheirTalks) {
  const std::string talk = std::string("{") + kTalk;
  const HumanFile file = ReadHumanLines(
      talk + R"(,"dimension":"erf/empathy","score":4})" + "\n\n" + talk +
          R"(,"rubric":"erf","dimension":"fluency","score":5,"rater":"a"})" + "\n" + talk +
          R"(,"rubric":"erf","dimension":"fluency","score":1,"rater":"a"})" + "\n" +
          R"({"item":"x","method":"m","rubric":"erf","dimension":"fluency","score":9})",
      "f.jsonl", *Shipped());
  ASSERT_THAT(file.items, SizeIs(1));
  EXPECT_EQ(file.items[0].language, Language::kEnglish);
  EXPECT_EQ(file.items[0].reply, "Tell me.");
  ASSERT_THAT(file.scores, SizeIs(2));
  EXPECT_EQ(file.scores[0].item, file.items[0].id);
  EXPECT_EQ(file.scores[0].rubric, "erf");
  EXPECT_EQ(file.scores[0].dimension, "empathy");
  EXPECT_EQ(file.scores[1].score, 5);
  EXPECT_THAT(file.remarks, ElementsAre(HasSubstr("1 scores outside"), HasSubstr("1 second")));
}

TEST(HumanLines, FaultsNameTheLine) {
  const auto fault = [](const std::string& text) -> std::string {
    try {
      static_cast<void>(ReadHumanLines(text, "f.jsonl", *Shipped()));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInput);
      return error.what();
    }
    return "no fault";
  };
  EXPECT_THAT(fault("\n{}"), HasSubstr("f.jsonl line 2: this is no score"));
  EXPECT_THAT(fault("[1]"), HasSubstr("f.jsonl line 1: this is no score"));
  EXPECT_THAT(fault(R"({"item":"x","dimension":"erf/kindness","score":1})"),
              HasSubstr("line 1: the rubric 'erf' has no dimension 'kindness'"));
  EXPECT_THAT(fault(R"({"item":"x","dimension":"kindness","score":1})"),
              HasSubstr("line 1: there is no rubric ''"));
  EXPECT_THAT(fault(""), HasSubstr("holds no score"));
}

JudgeItem Item(Language language) {
  JudgeItem item;
  item.id = "t-1";
  item.language = language;
  item.history = Shipped()->demo(language);
  item.reply = item.history.turns[1].text;
  item.method = "m";
  return item;
}

TEST(Degrade, ShufflesWordsOrCharacters) {
  for (const Language language : kAllLanguages) {
    SCOPED_TRACE(LanguageCode(language));
    const JudgeItem item = Item(language);
    const JudgeItem copy = Degrade(item, Degradation::kShuffled, RubricScope::kReply,
                                   Shipped()->judge_texts(language), 7);
    EXPECT_NE(copy.reply, item.reply);
    EXPECT_EQ(copy.method, "m/shuffled");
    EXPECT_EQ(DialogueToJson(copy.history), DialogueToJson(item.history));
    const auto letters = [](std::string text) {
      std::erase(text, ' ');
      std::ranges::sort(text);
      return text;
    };
    EXPECT_EQ(letters(copy.reply), letters(item.reply));
    EXPECT_EQ(copy.reply, Degrade(item, Degradation::kShuffled, RubricScope::kReply,
                                  Shipped()->judge_texts(language), 7)
                              .reply);
  }
}

TEST(Degrade, AWholeSessionLosesAllOfTheListener) {
  const JudgeItem item = Item(Language::kJapanese);
  const JudgeTexts& texts = Shipped()->judge_texts(item.language);
  const JudgeItem copy = Degrade(item, Degradation::kInsulting, RubricScope::kSession, texts, 7);
  for (size_t i = 0; i < item.history.turns.size(); ++i) {
    const Turn& turn = copy.history.turns[i];
    if (turn.role == Role::kClient) {
      EXPECT_EQ(turn.text, item.history.turns[i].text);
    } else {
      EXPECT_EQ(std::ranges::count(texts.insulting, turn.text), 1) << turn.text;
    }
  }
  EXPECT_EQ(std::ranges::count(texts.insulting, copy.reply), 1);
}

// Likes a reply that was really given, but only by its empathy.
TEST(Direction, SaysWhereDegradedRepliesDoNotLose) {
  JudgeItem item = Item(Language::kEnglish);
  item.reply = "It was for her that you wanted to drive.";  // stands nowhere else in the talk
  const auto model = ScriptedModel::Create(
      {.probabilities = [&](const Ask& ask, const std::vector<std::string>& labels) {
        const bool real = ask.messages[0].text.find(item.reply) != std::string::npos;
        const bool empathy = ask.instruction.find("understands what") != std::string::npos;
        std::vector<double> weights(labels.size(), 0.0);
        (empathy && !real ? weights.front() : weights.back()) = 1;
        return weights;
      }});
  const Judge judge(model, Shipped(), "j");
  const auto losses = CheckDirection(judge, std::vector{item}, Shipped()->rubric("erf"), 1);
  ASSERT_THAT(losses, SizeIs(9));
  EXPECT_EQ(losses[0].dimension, "empathy");
  EXPECT_EQ(losses[0].n, 1U);
  EXPECT_EQ(losses[0].loss, 4);
  EXPECT_EQ(losses[0].lost, 1);
  EXPECT_EQ(losses[1].loss, 0);
  EXPECT_THAT(DirectionWarnings(losses), IsEmpty());  // one dimension that sees it is enough

  std::vector<DegradationLoss> blind = losses;
  for (DegradationLoss& loss : blind) {
    if (loss.degradation == Degradation::kOffTopic) loss.loss = -0.25;
  }
  EXPECT_THAT(DirectionWarnings(blind),
              ElementsAre(HasSubstr("erf/empathy: finds off-topic replies better by 0.25"),
                          HasSubstr("erf/relevance"), HasSubstr("erf/fluency"),
                          HasSubstr("off-topic replies lose less than half a point in every "
                                    "dimension; do not rely")));
}

TEST(Direction, RefusesATalkInWhichTheListenerIsSilent) {
  JudgeItem item = Item(Language::kEnglish);
  item.reply.clear();
  item.history.turns.resize(1);
  const Judge judge(ScriptedModel::Create({}), Shipped());
  EXPECT_THROW(
      static_cast<void>(CheckDirection(judge, std::vector{item}, Shipped()->rubric("feel"), 1)),
      Error);
}

}  // namespace
}  // namespace emostage
