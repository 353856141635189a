// What holds for every method.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "emostage/error.h"
#include "method/methods_testing.h"
#include "method/registry.h"

namespace emostage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MethodsTest;
using ::testing::Not;
using ::testing::SizeIs;
using testing::StepNames;
using testing::Talk;

TEST_F(MethodsTest, ClientsWordsStandInMessagesOnly) {
  Dialogue dialogue = Talk(3);
  for (Turn& turn : dialogue.turns) turn.text += " zebra4711 {{phase}}";
  for (const Method* method : AllMethods()) {
    Afresh();
    SCOPED_TRACE(method->name());
    const std::vector<Ask> asked = AskedBy(std::string(method->name()), dialogue);
    for (const Ask& ask : asked) {
      EXPECT_EQ(ask.system, asked[0].system) << "one system prompt, read once";
      for (const std::string& text : {ask.system, ask.instruction, ask.answer_prefix, ask.schema}) {
        EXPECT_THAT(text, Not(HasSubstr("zebra4711")));
      }
      for (const Exchange& exchange : ask.before) {
        for (const std::string& text :
             {exchange.instruction, exchange.answer_prefix, exchange.answer}) {
          EXPECT_THAT(text, Not(HasSubstr("zebra4711")));
        }
      }
    }
    EXPECT_THAT(asked.back().messages.back().text, HasSubstr("zebra4711 {{phase}}"));
  }
}

TEST_F(MethodsTest, SystemPromptIsTheSameForAllTalks) {
  for (const Method* method : AllMethods()) {
    Afresh();
    const std::string name(method->name());
    const std::string one = AskedBy(name, Talk(1)).back().system;
    Afresh();
    EXPECT_EQ(AskedBy(name, Talk(5, 40)).back().system, one);
  }
}

TEST_F(MethodsTest, EveryMethodNamesItselfAndItsLanguage) {
  for (const Method* method : AllMethods()) {
    for (const Language language : kAllLanguages) {
      Afresh();
      language_ = language;
      const Answer answer = Play(std::string(method->name()), Talk(2));
      EXPECT_EQ(answer.method, method->name());
      EXPECT_EQ(answer.language, language);
      EXPECT_EQ(answer.reply, "I hear you.");
    }
  }
}

TEST_F(MethodsTest, DirectIsOneStepWithoutACue) {
  for (const Language language : kAllLanguages) {
    Afresh();
    language_ = language;
    const Answer answer = Play("direct", Talk(3));
    EXPECT_THAT(StepNames(answer), ElementsAre("reply"));
    EXPECT_FALSE(answer.state);
    EXPECT_FALSE(answer.phase);
    const std::vector<Ask> asked = Scripted()->asked();
    ASSERT_THAT(asked, SizeIs(1));
    EXPECT_THAT(asked[0].instruction, IsEmpty());
    EXPECT_THAT(asked[0].before, IsEmpty());
    EXPECT_THAT(asked[0].schema, IsEmpty());
  }
}

TEST_F(MethodsTest, EmptyReplyIsAModelError) {
  for (const std::string& nothing :
       {std::string(), std::string(" \n"), std::string("\"\""), std::string("Counsellor:")}) {
    for (const Method* method : AllMethods()) {
      Afresh();
      reply_ = nothing;
      const auto error = Failure(std::string(method->name()), Talk(1));
      ASSERT_TRUE(error);
      EXPECT_EQ(error->code(), ErrorCode::kModel);
      EXPECT_THAT(error->what(), HasSubstr("empty reply"));
    }
  }
}

TEST_F(MethodsTest, ErrorsOfTheModelComeThroughFromEveryQuestionBeforeTheReply) {
  for (const Method* method : AllMethods()) {
    const std::string name(method->name());
    Afresh();
    before_answer_ = nullptr;
    const size_t questions = AskedBy(name, Talk(2)).size();
    for (size_t failing = 1; failing <= questions; ++failing) {
      Afresh();
      size_t asked = 0;
      std::string failed;
      before_answer_ = [&](const std::string& question) {
        if (++asked != failing) return;
        failed = question;
        throw Error(ErrorCode::kBusy, "no room");
      };
      try {
        const Answer answer = Play(name, Talk(2));
        // Its words came after the reply, which nobody loses for want of them.
        EXPECT_EQ(failed, "situation") << name;
        EXPECT_EQ(answer.reply, "I hear you.");
        EXPECT_THAT(AnswerToJson(answer), HasSubstr("\"fallback\":[\"no room\"]"));
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kBusy) << name << ": " << failed;
        EXPECT_NE(failed, "situation") << name;
      }
    }
  }
}

TEST_F(MethodsTest, NothingButTheReplyIsDrawn) {
  for (const Method* method : AllMethods()) {
    Afresh();
    for (const Ask& ask : AskedBy(std::string(method->name()), Talk(2))) {
      const std::string name = testing::NameOf(ask, language_);
      if (name == "reply") continue;
      EXPECT_EQ(ask.sampling.temperature, 0.0) << method->name() << ": " << name;
    }
  }
}

TEST(Registry, UnknownMethodIsAUsageErrorThatListsAll) {
  for (const Method* method : AllMethods()) {
    EXPECT_EQ(&FindMethod(method->name()), method);
    try {
      static_cast<void>(FindMethod("nothing"));
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
      EXPECT_THAT(error.what(), HasSubstr(std::string(method->name())));
    }
  }
}

}  // namespace
}  // namespace emostage
