#include "method/transition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "method/methods_testing.h"

namespace emostage {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Shares;
using testing::Shipped;
using testing::StepNames;
using testing::StepOf;
using testing::Talk;

const TransitionData& Data() { return Shipped().transition(); }

size_t IndexOf(std::string_view emotion) {
  for (size_t i = 0; i < Data().emotions.size(); ++i) {
    if (Data().emotions[i].id == emotion) return i;
  }
  ADD_FAILURE() << emotion;
  return 0;
}

std::vector<double> Surely(std::string_view emotion) {
  return Shares(Data().emotions.size(), {{IndexOf(emotion), 1.0}});
}

double Distance(const Vad& a, const Vad& b) {
  return std::hypot(a.valence - b.valence, a.arousal - b.arousal, a.dominance - b.dominance);
}

// Worked out by hand: warm is O .6, C .6, E .6, A .9, N .3.
TEST(NextFeelingTest, PersonalityWeighsEachSide) {
  const TransitionData::Personality& warm = Data().personality("warm");
  EXPECT_NEAR(warm.weight.valence, 0.21 * 0.6 + 0.59 * 0.9 + 0.19 * 0.3, 1e-12);
  EXPECT_NEAR(warm.weight.arousal, 0.15 * 0.6 + 0.30 * 0.9 - 0.57 * 0.3, 1e-12);
  EXPECT_NEAR(warm.weight.dominance, 0.25 * 0.6 + 0.17 * 0.6 + 0.60 * 0.6 - 0.32 * 0.9, 1e-12);
  const Vad moved = NextFeeling(Data(), warm, {}, Surely("sadness"));
  EXPECT_NEAR(moved.valence, 0.5 * -0.63 * warm.weight.valence, 1e-12);
  EXPECT_NEAR(moved.arousal, 0.5 * -0.27 * warm.weight.arousal, 1e-12);
  EXPECT_NEAR(moved.dominance, 0.5 * -0.33 * warm.weight.dominance, 1e-12);
}

// The catalogue's first check: in the same talk, two personalities go as far as they weigh.
TEST(NextFeelingTest, DisplacementScalesWithThePersonality) {
  const auto& steady = Data().personality("steady");
  const auto& moved = Data().personality("moved");
  const Vad a = NextFeeling(Data(), steady, {}, Surely("joy"));
  const Vad b = NextFeeling(Data(), moved, {}, Surely("joy"));
  EXPECT_NEAR(a.valence / b.valence, steady.weight.valence / moved.weight.valence, 1e-12);
  EXPECT_NEAR(a.arousal / b.arousal, steady.weight.arousal / moved.weight.arousal, 1e-12);
  EXPECT_NEAR(a.dominance / b.dominance, steady.weight.dominance / moved.weight.dominance, 1e-12);
}

// The second: what provokes just what is felt already changes nothing.
TEST(NextFeelingTest, NothingNewKeepsTheFeeling) {
  for (const TransitionData::Emotion& emotion : Data().emotions) {
    const Vad now =
        NextFeeling(Data(), Data().personality("moved"), emotion.point, Surely(emotion.id));
    EXPECT_NEAR(Distance(now, emotion.point), 0, 1e-12) << emotion.id;
    EXPECT_EQ(Data().Nearest(now).id, emotion.id);
  }
}

// The third: over a talk it goes in smaller steps than what each turn provokes by itself.
TEST(NextFeelingTest, GoesInSmallerStepsThanTheTurnsThemselves) {
  Vad feeling;
  Vad alone;
  double path = 0;
  double leaps = 0;
  for (const char* emotion : {"sadness", "joy", "fear", "anger", "joy", "sadness", "surprise"}) {
    const Vad next = NextFeeling(Data(), Data().personality("warm"), feeling, Surely(emotion));
    const Vad& point = Data().emotions[IndexOf(emotion)].point;
    path += Distance(feeling, next);
    leaps += Distance(alone, point);
    feeling = next;
    alone = point;
  }
  EXPECT_GT(path, 0);
  EXPECT_LT(path, leaps / 2);
}

class TransitionTest : public testing::MethodsTest {
 protected:
  TransitionTest() {
    beside_ = [](Stage& stage) { stage.BeforeReply(AskTransition(stage, "moved")); };
  }
  void Provoke(std::string_view emotion) { shares_["provoked"] = {{IndexOf(emotion), 1.0}}; }
  // The valence of the counsellor's feeling.
  static double Valence(const Answer& answer) {
    return OrderedJson::parse(StepOf(answer, "own feeling").output)
        .at("point")
        .at("valence")
        .get<double>();
  }
};

TEST_F(TransitionTest, StandsInTheTraceAndInTheRepliesCue) {
  Provoke("joy");
  const Answer first = Play("direct", Talk(1));
  EXPECT_THAT(StepNames(first), ElementsAre("provoked", "own feeling", "reply"));
  EXPECT_THAT(ReplyCue(), HasSubstr("Speak as a listener who feels"));
  EXPECT_THAT(StepOf(first, "own feeling").output, HasSubstr(R"("from":"neutral")"));
}

TEST_F(TransitionTest, FeelingGoesOnFromTurnToTurnAndATurnAnsweredAgainStartsWhereItStarted) {
  Provoke("joy");
  const double once = Valence(Play("direct", Talk(1)));
  const double twice = Valence(Play("direct", Talk(2)));
  EXPECT_GT(twice, once);
  EXPECT_DOUBLE_EQ(Valence(Play("direct", Talk(2))), twice);
  OpenSession();
  EXPECT_DOUBLE_EQ(Valence(Play("direct", Talk(2))), once);  // another talk: calm before
}

TEST_F(TransitionTest, AnswersInEveryLanguageAndBesideEveryMethodThatHasAReplyOfItsOwn) {
  for (const Language language : kAllLanguages) {
    language_ = language;
    for (const char* method : {"emostage", "escot", "strategy", "follow-up"}) {
      Afresh();
      Provoke("sadness");
      EXPECT_THAT(StepNames(Play(method, Talk(2))), Contains("own feeling")) << method;
      std::vector<std::string> lines;
      for (const TransitionData::Emotion& emotion : Data().emotions) {
        lines.push_back("\n" +
                        Fill(Data().line.in(language), {{"emotion", emotion.name.in(language)}}));
      }
      const std::vector<Ask> asked = Scripted()->asked();
      const bool told = std::ranges::any_of(asked, [&](const Ask& ask) {
        return std::ranges::any_of(
            lines, [&](const std::string& line) { return ask.instruction.ends_with(line); });
      });
      EXPECT_TRUE(told) << method << " in " << LanguageCode(language);
    }
  }
}

class StimulusTest : public testing::MethodsTest {};

// The catalogue's check: prompts are the same byte for byte but for the suffix, and it never stands
// in a reply's cue.
TEST_F(StimulusTest, EndsEveryQuestionButTheRepliesAndChangesNothingElse) {
  const std::string line = Shipped().stimuli().Get("stakes").text.en;
  for (const char* method : {"emostage", "escot", "causes", "planner", "lookahead", "persona"}) {
    Afresh();
    beside_ = nullptr;
    const std::vector<Ask> plain = AskedBy(method, Talk(3));
    Afresh();
    beside_ = [&line](Stage& stage) { stage.EndQuestionsWith(line); };
    const std::vector<Ask> ended = AskedBy(method, Talk(3));
    ASSERT_EQ(plain.size(), ended.size()) << method;
    int questions = 0;
    for (size_t i = 0; i < plain.size(); ++i) {
      if (plain[i].sampling.prose) {
        EXPECT_EQ(ended[i].instruction, plain[i].instruction) << method;
      } else {
        EXPECT_EQ(ended[i].instruction, plain[i].instruction + "\n" + line) << method;
        ++questions;
      }
      EXPECT_EQ(ended[i].system, plain[i].system);
      EXPECT_EQ(ended[i].answer_prefix, plain[i].answer_prefix);
      EXPECT_EQ(ended[i].messages.size(), plain[i].messages.size());
    }
    EXPECT_GT(questions, 0) << method;
  }
}

}  // namespace
}  // namespace emostage
