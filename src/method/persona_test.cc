#include "method/persona.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "method/methods_testing.h"

namespace emostage {
namespace {

using PersonaTest = testing::MethodsTest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::StepNames;
using testing::StepOf;
using testing::Talk;

constexpr size_t kQuestion = 0;
constexpr size_t kSuggestions = 5;
constexpr size_t kOthers = 7;

std::string Lines(const std::vector<std::string>& lines) { return DumpJson(OrderedJson(lines)); }

TEST_F(PersonaTest, LinesAreWrittenAnewFromThoseOfTheTurnBefore) {
  lines_["persona"] = Lines({"a nurse.", "lives alone"});
  EXPECT_THAT(StepNames(Play("persona", Talk(1))),
              ElementsAre("strategy leaning", "strategy", "persona", "reply"));
  EXPECT_EQ(Asked("persona").instruction, "[Task persona]");
  lines_["persona"] = Lines({"a nurse on nights"});
  EXPECT_THAT(StepNames(Play("persona", Talk(2))), ElementsAre("strategy", "persona", "reply"));
  EXPECT_EQ(Asked("persona").instruction, "[Task persona] From before: a nurse; lives alone.");
  static_cast<void>(Play("persona", Talk(3)));
  EXPECT_EQ(Asked("persona").instruction, "[Task persona] From before: a nurse on nights.");
}

// The catalogue's check: the persona weighs on suggestions and not on questions, whose reply is the
// one without it; and with no persona there is no difference at all. PAL weighs it token by token;
// here it is in the cue or not, so equal cues are equal replies.
TEST_F(PersonaTest, SomeStrategiesAreToldThePersonaAndOthersAreNot) {
  lines_["persona"] = Lines({"a nurse", "lives alone"});
  shares_["strategy"] = {{kSuggestions, 1.0}};
  static_cast<void>(Play("persona", Talk(1)));
  EXPECT_THAT(ReplyCue(), HasSubstr("[Task reply] The client: a nurse; lives alone. Do this: "));
  shares_["strategy"] = {{kOthers, 1.0}};
  static_cast<void>(Play("persona", Talk(1)));
  EXPECT_THAT(ReplyCue(), HasSubstr("The client: a nurse. Do this: ")) << "half of the lines";
  shares_["strategy"] = {{kQuestion, 1.0}};
  static_cast<void>(Play("persona", Talk(1)));
  const std::string without = ReplyCue();
  EXPECT_THAT(without, HasSubstr("[Task reply] Do this: ask for something"));
  Afresh();
  lines_["persona"] = "";
  static_cast<void>(Play("persona", Talk(1)));
  EXPECT_EQ(ReplyCue(), without);
}

TEST_F(PersonaTest, NoPersonaGivesTheBaseline) {
  lines_["persona"] = "[]";
  shares_["strategy"] = {{kSuggestions, 1.0}};
  const Answer answer = Play("persona", Talk(1));
  EXPECT_THAT(ReplyCue(), HasSubstr("[Task reply] Do this: offer something"));
  EXPECT_THAT(StepOf(answer, "persona").output, HasSubstr("no line that could be read"));
}

TEST_F(PersonaTest, AnotherSessionKnowsNothingOfIt) {
  lines_["persona"] = Lines({"a nurse"});
  static_cast<void>(Play("persona", Talk(1)));
  OpenSession();
  static_cast<void>(Play("persona", Talk(2)));
  EXPECT_EQ(Asked("persona").instruction, "[Task persona]");
}

TEST_F(PersonaTest, EditedTalkBeginsAnew) {
  lines_["persona"] = Lines({"a nurse"});
  static_cast<void>(Play("persona", Talk(1)));
  Dialogue edited = Talk(2);
  edited.turns[0].text = "I am a pilot.";
  static_cast<void>(Play("persona", edited));
  EXPECT_EQ(Asked("persona").instruction, "[Task persona]");
}

TEST_F(PersonaTest, TurnAnsweredAgainAsksTheSame) {
  lines_["persona"] = Lines({"a nurse"});
  static_cast<void>(Play("persona", Talk(1)));
  lines_["persona"] = Lines({"a pilot"});
  static_cast<void>(Play("persona", Talk(2)));
  static_cast<void>(Play("persona", Talk(2)));
  EXPECT_EQ(Asked("persona").instruction, "[Task persona] From before: a nurse.");
}

TEST_F(PersonaTest, ListIsBoundedWhateverTheModelWrites) {
  lines_["persona"] =
      Lines({"a", "a", "", "!", "b", "c", std::string(5000, 'd'), "e", "f", "g", "h"});
  static_cast<void>(Play("persona", Talk(1)));
  EXPECT_THAT(memory_.persona.lines, ElementsAre("a", "b", "c", std::string(240, 'd')));
}

TEST_F(PersonaTest, UnreadableListLeavesTheEarlierOne) {
  shares_["strategy"] = {{kSuggestions, 1.0}};
  lines_["persona"] = Lines({"a nurse"});
  static_cast<void>(Play("persona", Talk(1)));
  lines_["persona"] = "{\"x\": ";
  static_cast<void>(Play("persona", Talk(2)));
  EXPECT_THAT(ReplyCue(), HasSubstr("The client: a nurse."));
  EXPECT_THAT(memory_.persona.lines, ElementsAre("a nurse"));
}

TEST_F(PersonaTest, StoppedTurnIsNotRemembered) {
  stop_.request_stop();
  lines_["persona"] = Lines({"a nur"});
  EXPECT_TRUE(Play("persona", Talk(1)).cancelled);
  EXPECT_THAT(memory_.persona.lines, IsEmpty());
}

TEST_F(PersonaTest, SpeaksEveryLanguage) {
  shares_["strategy"] = {{kSuggestions, 1.0}};
  lines_["persona"] = Lines({"护士。", "一个人住"});
  language_ = Language::kChinese;
  static_cast<void>(Play("persona", Talk(1)));
  EXPECT_THAT(ReplyCue(), HasSubstr("来访者：护士；一个人住。要做的事："));
  Afresh();
  language_ = Language::kJapanese;
  static_cast<void>(Play("persona", Talk(1)));
  EXPECT_THAT(ReplyCue(), HasSubstr("[タスク 返答] 相談者："));
}

}  // namespace
}  // namespace emostage
