#include "method/emostage_method.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "emostage/error.h"
#include "method/methods_testing.h"

namespace emostage {
namespace {

using EmoStageTest = testing::MethodsTest;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::NameOf;
using testing::NamesOf;
using ::testing::Not;
using testing::Shipped;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing::StepNames;
using testing::Talk;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;

// The part of `events` from `begin` to `end`, without the word before each name: "ask" or "wait".
std::vector<std::string> Named(const std::vector<std::string>& events, const std::string& word,
                               size_t begin, size_t end) {
  std::vector<std::string> names;
  for (size_t i = begin; i < end && i < events.size(); ++i) {
    EXPECT_THAT(events[i], StartsWith(word + " "));
    names.push_back(events[i].substr(word.size() + 1));
  }
  return names;
}

TEST_F(EmoStageTest, AllQuestionsAreAskedBeforeAnyIsWaitedFor) {
  Watch();
  static_cast<void>(Play("emostage", Talk(1)));
  watched_->events.clear();  // the first turn asks for the leaning besides
  static_cast<void>(Play("emostage", Talk(2)));
  const std::vector<std::string>& events = watched_->events;
  ASSERT_THAT(events, SizeIs(14));
  const std::vector<std::string> questions = {"thinks", "feels", "strength", "needs", "phase"};
  EXPECT_THAT(Named(events, "ask", 0, 5), UnorderedElementsAreArray(questions));
  EXPECT_THAT(Named(events, "wait", 5, 10), UnorderedElementsAreArray(questions));
  EXPECT_EQ(events[0], "ask thinks") << "it takes longest";
}

TEST_F(EmoStageTest, OnlyTheLeaningIsWaitedForBeforeTheLastQuestionIsAsked) {
  Watch();
  static_cast<void>(Play("emostage", Talk(3)));
  const std::vector<std::string>& events = watched_->events;
  EXPECT_THAT(Named(events, "ask", 0, 5),
              UnorderedElementsAre("thinks", "feels", "strength", "needs", "phase leaning"));
  ASSERT_GT(events.size(), 9U);
  EXPECT_EQ(events[5], "wait phase leaning");
  EXPECT_THAT(Named(events, "ask", 6, 9), ElementsAre("phase", "phase", "phase"));
  EXPECT_THAT(events[9], StartsWith("wait "));
}

TEST_F(EmoStageTest, SituationIsAskedBesideTheReplyAndWaitedForAfterIt) {
  for (const char* method : {"emostage", "emostage-without-phase"}) {
    Afresh();
    Watch();
    const Answer answer = Play(method, Talk(2));
    const std::vector<std::string>& events = watched_->events;
    ASSERT_GT(events.size(), 4U);
    const size_t begin = events.size() - 4;
    EXPECT_THAT(Named(events, "ask", begin, begin + 2), UnorderedElementsAre("situation", "reply"));
    EXPECT_THAT(Named(events, "wait", begin + 2, begin + 4), ElementsAre("reply", "situation"));
    EXPECT_THAT(events[begin - 1], StartsWith("wait ")) << "the notes were there before";
    EXPECT_EQ(std::ranges::count(events, "ask situation"), 1);
    EXPECT_EQ(answer.state->situation, "lost a job");
  }
}

TEST_F(EmoStageTest, ReplyReadsNothingOfTheSituation) {
  for (const Ask& ask : AskedBy("emostage", Talk(2))) {
    EXPECT_THAT(ask.instruction, Not(HasSubstr("lost a job")));
    EXPECT_THAT(ask.before, IsEmpty());
  }
}

TEST_F(EmoStageTest, StoppedTurnDoesNotWaitForTheSituation) {
  Watch();
  before_answer_ = [&](const std::string& name) {
    if (name == "reply") stop_.request_stop();
    if (name == "situation") throw Error(ErrorCode::kInternal, "it was waited for");
  };
  reply_ = "I hear";
  const Answer answer = Play("emostage", Talk(2));
  EXPECT_TRUE(answer.cancelled);
  EXPECT_EQ(answer.reply, "I hear");
  EXPECT_THAT(watched_->events, Contains("ask situation"));
  EXPECT_EQ(watched_->events.back(), "wait reply");
  ASSERT_TRUE(answer.state);
  EXPECT_THAT(answer.state->situation, IsEmpty());
  EXPECT_EQ(answer.state->thinks, "I am no use");
  const auto step = std::ranges::find(answer.steps, "situation", &Step::name);
  ASSERT_NE(step, answer.steps.end());
  EXPECT_EQ(step->output, "null");
}

TEST_F(EmoStageTest, TurnStoppedBeforeItsFirstWordIsNoError) {
  stop_.request_stop();
  thinks_ = reply_ = "";
  const Answer answer = Play("emostage", Talk(2));
  EXPECT_TRUE(answer.cancelled);
  EXPECT_THAT(answer.reply, IsEmpty());
  EXPECT_THAT(answer.state->situation, IsEmpty());
}

TEST_F(EmoStageTest, EmptyReplyDoesNotWaitForTheSituation) {
  Watch();
  reply_ = "";
  ASSERT_TRUE(Failure("emostage", Talk(2)));
  EXPECT_EQ(watched_->events.back(), "wait reply");
}

TEST_F(EmoStageTest, QuestionsDifferOnlyInHowTheAnswerBegins) {
  for (const Language language : kAllLanguages) {
    Afresh();
    language_ = language;
    static_cast<void>(Play("emostage", Talk(1)));
    const std::vector<Ask> asked = AskedBy("emostage", Talk(2));
    EXPECT_THAT(NamesOf(asked, language),
                UnorderedElementsAre("thinks", "feels", "strength", "needs", "phase", "situation",
                                     "reply"));
    std::set<std::string> prefixes;
    for (const Ask& ask : asked) {
      const std::string name = NameOf(ask, language);
      if (name == "reply") continue;
      SCOPED_TRACE(name);
      EXPECT_EQ(ask.system, asked[0].system);
      EXPECT_EQ(ask.instruction, Prompts().Cue("notes"));
      EXPECT_THAT(ask.before, IsEmpty());
      ASSERT_THAT(ask.messages, SizeIs(3));
      for (size_t i = 0; i < 3; ++i) EXPECT_EQ(ask.messages[i].text, asked[0].messages[i].text);
      EXPECT_EQ(ask.answer_prefix, Prompts().Prefix(name));
      EXPECT_TRUE(prefixes.insert(ask.answer_prefix).second) << "said twice";
      const bool written = name == "thinks" || name == "situation";
      EXPECT_EQ(!ask.schema.empty(), written) << "a choice needs no schema";
      if (written) {
        EXPECT_EQ(OrderedJson::parse(ask.schema).at("type"), "string");
      }
    }
  }
}

TEST_F(EmoStageTest, FindsStatePhaseAndReplyInEveryLanguageAndScheme) {
  for (const Language language : kAllLanguages) {
    for (const PhaseScheme& scheme : Shipped().schemes()) {
      for (size_t phase = 0; phase < scheme.phases.size(); ++phase) {
        Afresh();
        language_ = language;
        scheme_ = scheme.file.id;
        phase_ = phase;
        SCOPED_TRACE(std::string(LanguageCode(language)) + " " + scheme.phases[phase].id);
        const Answer answer = Play("emostage", Talk(1));
        EXPECT_EQ(answer.reply, "I hear you.");
        EXPECT_EQ(answer.language, language);
        ASSERT_TRUE(answer.state);
        ASSERT_THAT(answer.state->feels, SizeIs(2));
        EXPECT_EQ(answer.state->feels[0].emotion, Shipped().emotions()[0].id);
        EXPECT_EQ(answer.state->feels[0].intensity, 4);
        EXPECT_EQ(answer.state->feels[1].emotion, Shipped().emotions()[2].id);
        EXPECT_EQ(answer.state->feels[1].intensity, 2);
        EXPECT_EQ(answer.state->situation, "lost a job");
        EXPECT_EQ(answer.state->thinks, "I am no use");
        EXPECT_THAT(answer.state->needs, ElementsAre(Shipped().needs()[1].id));
        ASSERT_TRUE(answer.phase);
        EXPECT_EQ(answer.phase->scheme, scheme.file.id);
        EXPECT_EQ(answer.phase->label, scheme.phases[phase].id);
        EXPECT_THAT(answer.phase->probabilities, SizeIs(scheme.phases.size()));
        // The cue tells what was found; the system prompt tells what each phase asks for.
        const std::string cue = Scripted()->asked().back().instruction;
        const Phase& believed = scheme.phases[phase];
        EXPECT_THAT(cue, StartsWith(Prompts().Cue("reply").substr(0, 6)));
        EXPECT_THAT(cue, HasSubstr("I am no use"));
        EXPECT_THAT(cue, HasSubstr(Shipped().emotions()[0].name.in(language) + " 4/5"));
        EXPECT_THAT(cue, HasSubstr(Shipped().emotions()[2].name.in(language) + " 2/5"));
        EXPECT_THAT(cue, HasSubstr(Shipped().needs()[1].name.in(language)));
        EXPECT_THAT(cue, HasSubstr(believed.name.in(language)));
        EXPECT_THAT(cue, Not(HasSubstr("{{")));
        const std::string system = Scripted()->asked().back().system;
        EXPECT_THAT(system, HasSubstr(believed.aims.in(language)));
        EXPECT_THAT(system, HasSubstr(believed.actions.in(language)));
        EXPECT_THAT(system, HasSubstr(believed.too_early.in(language)));
      }
    }
  }
}

TEST_F(EmoStageTest, ReplysCueTellsWhatTheMethodFoundAndNoMore) {
  const auto cue = [&](const std::string& method) {
    Afresh();
    return AskedBy(method, Talk(1)).back().instruction;
  };
  EXPECT_EQ(cue("emostage"),
            "[Task reply] Thinks: I am no use. Feels: sadness 4/5, loneliness 2/5. "
            "Needs: encouragement. Phase: exploration.");
  EXPECT_EQ(cue("emostage-labels"),
            "[Task reply] Feels: sadness 4/5, loneliness 2/5. Needs: encouragement. "
            "Phase: exploration.");
  EXPECT_EQ(cue("emostage-without-perspective"), "[Task reply] Phase: exploration.");
  EXPECT_EQ(cue("emostage-without-phase"),
            "[Task reply] Thinks: I am no use. Feels: sadness 4/5, loneliness 2/5. "
            "Needs: encouragement.");
}

TEST_F(EmoStageTest, PhaseInTheCueIsTheFilteredOneNotTheNewestReading) {
  // Four turns say the last phase, one turn hesitates a little towards the first.
  phase_ = 4;
  static_cast<void>(Play("emostage", Talk(4)));
  phase_shares_ = {0.42, 0.05, 0.05, 0.05, 0.38};
  const Answer answer = Play("emostage", Talk(5));
  EXPECT_EQ(answer.phase->label, "wrap-up");
  EXPECT_THAT(Scripted()->asked().back().instruction, HasSubstr("Phase: closing."));
}

// The variants ask for their part and nothing else.

TEST_F(EmoStageTest, WithoutPerspectiveTakesNone) {
  before_answer_ = [](const std::string& name) {
    const bool theirs = name == "phase" || name == "phase leaning" || name == "reply";
    if (!theirs) throw Error(ErrorCode::kInternal, name + " was asked for");
  };
  for (const Language language : kAllLanguages) {
    Afresh();
    language_ = language;
    const Answer answer = Play("emostage-without-perspective", Talk(1));
    EXPECT_EQ(answer.method, "emostage-without-perspective");
    EXPECT_FALSE(answer.state);
    EXPECT_TRUE(answer.phase);
    EXPECT_THAT(StepNames(answer), ElementsAre("phase leaning", "phase", "reply"));
    for (const Ask& ask : Scripted()->asked()) {
      EXPECT_THAT(ask.schema, IsEmpty());
      EXPECT_THAT(ask.before, IsEmpty());
    }
  }
}

TEST_F(EmoStageTest, WithoutPhaseRecognisesNone) {
  before_answer_ = [](const std::string& name) {
    if (name.starts_with("phase")) throw Error(ErrorCode::kInternal, "the phase was asked for");
  };
  for (const Language language : kAllLanguages) {
    Afresh();
    language_ = language;
    const Answer answer = Play("emostage-without-phase", Talk(3));
    EXPECT_TRUE(answer.state);
    EXPECT_FALSE(answer.phase);
    EXPECT_THAT(StepNames(answer),
                ElementsAre("thinks", "feels", "strength", "needs", "situation", "reply"));
    const std::string cue = Scripted()->asked().back().instruction;
    for (const Phase& phase : Scheme().phases) {
      EXPECT_THAT(cue, Not(HasSubstr(phase.aims.in(language))));
      EXPECT_THAT(cue, Not(HasSubstr(phase.name.in(language))));
    }
  }
}

TEST_F(EmoStageTest, LabelsWriteNothingButTheReply) {
  for (const Language language : kAllLanguages) {
    Afresh();
    language_ = language;
    const Answer answer = Play("emostage-labels", Talk(1));
    EXPECT_THAT(StepNames(answer),
                ElementsAre("feels", "strength", "needs", "phase leaning", "phase", "reply"));
    ASSERT_TRUE(answer.state);
    EXPECT_THAT(answer.state->thinks, IsEmpty());
    EXPECT_THAT(answer.state->situation, IsEmpty());
    EXPECT_THAT(answer.state->feels, SizeIs(2));
    EXPECT_THAT(answer.state->needs, SizeIs(1));
    EXPECT_TRUE(answer.phase);
    for (const Ask& ask : Scripted()->asked()) EXPECT_THAT(ask.schema, IsEmpty());
  }
}

TEST_F(EmoStageTest, FixedLengthsHoldTheReplyAndTheWrittenLines) {
  fixed_ = {.reply = 12, .note = 6};
  reply_ = "\"quoted and cut";
  int lines = 0;
  for (const Ask& ask : AskedBy("emostage-without-phase", Talk(1))) {
    const std::string name = NameOf(ask, language_);
    if (name == "reply") {
      EXPECT_EQ(ask.sampling.min_tokens, 12);
      EXPECT_EQ(ask.sampling.max_tokens, 12);
    } else if (!ask.schema.empty()) {
      ++lines;
      EXPECT_EQ(ask.sampling.min_tokens, 6) << name;
      EXPECT_EQ(OrderedJson::parse(ask.schema).at("x-max-tokens"), 6) << name;
    }
  }
  EXPECT_EQ(lines, 2) << "what the client thinks, and the situation";
}

TEST_F(EmoStageTest, LengthsThatAreNotFixedLeaveTheLinesToEndThemselves) {
  for (const Ask& ask : AskedBy("emostage-without-phase", Talk(1))) {
    if (NameOf(ask, language_) == "reply") continue;
    EXPECT_EQ(ask.sampling.min_tokens, 0);
  }
}

}  // namespace
}  // namespace emostage
