#include "knowledge/prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "emostage/error.h"
#include "knowledge/toml_reader.h"

namespace emostage {
namespace {

using ::testing::HasSubstr;

// A whole file of a method of our own, with one line of it replaced.
std::string PromptText(const std::string& from = "", const std::string& to = "") {
  std::string text =
      "version = 1\n"                                          // 1
      "source = \"ours\"\n"                                    // 2
      "method = \"mine\"\n"                                    // 3
      "language = \"en\"\n"                                    // 4
      "stop = [\"\\nClient:\"]\n"                              // 5
      "system = \"Listen. Phases: {{phases}}\"\n"              // 6
      "[cue]\n"                                                // 7
      "reply = \"[Task reply] Phase: {{phase}}. {{aims}}\"\n"  // 8
      "[prefix]\n"                                             // 9
      "reply = \"\"\n"                                         // 10
      "[words]\n"                                              // 11
      "opening = \"(Hello.)\"\n"                               // 12
      "fold = \"(Summary:)\"\n"                                // 13
      "cut = \"[…]\"\n"                                        // 14
      "list_gap = \", \"\n"                                    // 15
      "label_gap = \" \"\n";                                   // 16
  if (!from.empty()) {
    const std::size_t place = text.find(from);
    EXPECT_NE(place, std::string::npos) << from;
    text.replace(place, from.size(), to);
  }
  return text;
}

PromptFile Read(const std::string& text, const std::string& stem = "mine.en") {
  return ReadPromptFile(TomlDocument("data/prompts/" + stem + ".toml", stem, text));
}

// The message of the Error(kKnowledge) that reading `text` throws.
std::string FaultOf(const std::string& text, const std::string& stem = "mine.en") {
  try {
    (void)Read(text, stem);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kKnowledge);
    return error.what();
  }
  return "no fault";
}

TEST(Fill, ReplacesEachPlaceholder) {
  EXPECT_EQ(Fill("{{a}}, {{b}} and {{a}}.", {{"a", "one"}, {"b", "二"}}), "one, 二 and one.");
  EXPECT_EQ(Fill("nothing { here }", {}), "nothing { here }");
  EXPECT_EQ(Fill("", {{"unused", "x"}}), "");
}

TEST(Fill, NeverExpandsWhatItInserted) {
  EXPECT_EQ(Fill("{{a}}{{b}}", {{"a", "{{b}}"}, {"b", "{{a}} {{"}}), "{{b}}{{a}} {{");
  EXPECT_EQ(Fill("{{a}}b}}", {{"a", "{{"}, {"b", "x"}}), "{{b}}");
}

TEST(Fill, MissingValueIsAnInternalError) {
  try {
    (void)Fill("{{a}} {{b}}", {{"a", "x"}});
    FAIL() << "should throw";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInternal);
    EXPECT_STREQ(error.what(), "no value for '{{b}}' in a prompt");
  }
}

TEST(Fill, UnclosedPlaceholderIsAnInternalError) {
  try {
    (void)Fill("{{a}} {{b", {{"a", "x"}, {"b", "y"}});
    FAIL() << "should throw";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInternal);
  }
}

TEST(PromptFile, ReadsEverySection) {
  const PromptFile file = Read(PromptText());
  EXPECT_EQ(file.method, "mine");
  EXPECT_EQ(file.language, Language::kEnglish);
  EXPECT_EQ(file.file.id, "mine.en");
  EXPECT_EQ(file.system, "Listen. Phases: {{phases}}");
  EXPECT_EQ(file.Cue("reply"), "[Task reply] Phase: {{phase}}. {{aims}}");
  EXPECT_EQ(file.Prefix("reply"), "");
  EXPECT_EQ(file.Word("opening"), "(Hello.)");
  EXPECT_EQ(file.stop, std::vector<std::string>{"\nClient:"});
}

TEST(PromptFile, ReadsListsWhereThereAreAny) {
  EXPECT_TRUE(Read(PromptText()).lists.empty());
  const PromptFile file = Read(PromptText() + "[lists]\ngood = [\"Yes.\", \"Thanks.\"]\n");
  EXPECT_EQ(file.List("good"), (std::vector<std::string>{"Yes.", "Thanks."}));
  EXPECT_THROW((void)file.List("bad"), Error);
}

TEST(PromptFaults, EmptyListOrPlaceholderInOne) {
  EXPECT_EQ(FaultOf(PromptText() + "[lists]\ngood = []\n"),
            "data/prompts/mine.en.toml line 18: [lists]: 'good' is empty");
  EXPECT_THAT(FaultOf(PromptText() + "[lists]\ngood = [\"{{phase}}\"]\n"),
              HasSubstr("placeholders allowed here: none"));
}

TEST(PromptFaults, AShippedListHasAsManyNamesAsItsMethodCountsOn) {
  const std::string stem = "mood-memory.en";
  const std::string text = ReadFile(EMOSTAGE_SOURCE_DIR "/data/prompts/" + stem + ".toml");
  EXPECT_EQ(FaultOf(text, stem), "no fault");
  for (const char* last : {"", ", \"joy\"", ", \"anticipation\", \"boredom\""}) {
    std::string changed = text;
    const std::string there = ", \"anticipation\"";
    ASSERT_NE(changed.find(there), std::string::npos);
    changed.replace(changed.find(there), there.size(), last);
    EXPECT_THAT(FaultOf(changed, stem), HasSubstr("'moods' must hold 8 names, all different"));
  }
}

TEST(PromptFile, AskingForATextItLacksNamesFileAndSection) {
  const PromptFile file = Read(PromptText());
  try {
    (void)file.Cue("summary");
    FAIL() << "should throw";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kKnowledge);
    EXPECT_STREQ(error.what(), "data/prompts/mine.en.toml: there is no 'summary' under [cue]");
  }
}

TEST(PromptFaults, PlaceholderThatNobodyFills) {
  EXPECT_EQ(FaultOf(PromptText("{{aims}}", "{{aim}}")),
            "data/prompts/mine.en.toml line 8: [cue]: unknown placeholder '{{aim}}'; "
            "placeholders allowed here: thinks, feels, needs, phase, aims, do, too_early");
  EXPECT_THAT(FaultOf(PromptText("{{phases}}", "{{feels}}")), HasSubstr("line 6: unknown"));
  EXPECT_THAT(FaultOf(PromptText("(Hello.)", "{{phase}}")),
              HasSubstr("line 12: [words]: unknown placeholder '{{phase}}'; "
                        "placeholders allowed here: none"));
}

TEST(PromptFaults, UnclosedPlaceholder) {
  EXPECT_EQ(FaultOf(PromptText("{{aims}}", "{{aims")),
            "data/prompts/mine.en.toml line 8: [cue]: a '{{' is not closed by '}}'");
}

TEST(PromptFaults, CueThatDoesNotBeginWithABracket) {
  EXPECT_EQ(FaultOf(PromptText("[Task reply]", "Task reply")),
            "data/prompts/mine.en.toml line 8: [cue]: cue 'reply' must begin with '['");
}

TEST(PromptFaults, CueOfTwoLines) {
  EXPECT_EQ(FaultOf(PromptText("[Task reply] ", "[Task reply]\\n")),
            "data/prompts/mine.en.toml line 8: [cue]: cue 'reply' must be one line");
}

TEST(PromptFaults, UnknownCue) {
  EXPECT_THAT(FaultOf(PromptText("reply = \"[", "repply = \"[")),
              HasSubstr("line 8: [cue]: unknown cue 'repply'; the cues are notes, reply, "));
}

TEST(PromptFaults, CueThatTellsWhatItsMethodDoesNotFind) {
  const auto fault = [](const std::string& cue, const std::string& placeholder) {
    return FaultOf(PromptText("reply = \"[Task reply] Phase: {{phase}}. {{aims}}\"",
                              cue + " = \"[Task reply] {{" + placeholder + "}}\""));
  };
  const auto allowed = [](const std::string& names) {
    return HasSubstr("placeholders allowed here: " + names);
  };
  for (const char* name : {"thinks", "feels", "needs", "phase", "aims", "do", "too_early"}) {
    EXPECT_EQ(fault("reply", name), "no fault");
  }
  EXPECT_THAT(fault("reply", "situation"), allowed("thinks, feels, needs, phase, aims,"))
      << "it is written beside the reply";
  EXPECT_THAT(fault("reply_from_labels", "thinks"), allowed("feels, needs, phase, aims,"));
  EXPECT_THAT(fault("reply_without_phase", "phase"), allowed("thinks, feels, needs"));
  EXPECT_THAT(fault("reply_without_perspective", "feels"), allowed("phase, aims, do, too_early"));
  EXPECT_THAT(fault("notes", "phase"), allowed("none")) << "the same for every question";
}

TEST(PromptFaults, SwitchThatIsNoMore) {
  EXPECT_THAT(FaultOf(PromptText("stop = ", "notes = \"restated\"\nstop = ")),
              HasSubstr("line 5: unknown key 'notes'"));
}

TEST(PromptFaults, UnknownLanguage) {
  EXPECT_EQ(FaultOf(PromptText("\"en\"", "\"fr\"")),
            "data/prompts/mine.en.toml line 4: language is 'fr'; it must be \"en\", \"zh\" or "
            "\"ja\"");
}

TEST(PromptFaults, FileNameThatSaysAnotherMethodOrLanguage) {
  EXPECT_EQ(FaultOf(PromptText(), "mine.zh"),
            "data/prompts/mine.zh.toml line 3: method and language make 'mine.en' but the file is "
            "called 'mine.zh.toml'; make them the same");
}

TEST(PromptFaults, MissingWord) {
  EXPECT_EQ(FaultOf(PromptText("cut = \"[…]\"\n", "")),
            "data/prompts/mine.en.toml line 11: [words]: 'cut' is missing");
}

TEST(PromptFaults, CueThatAShippedMethodNeeds) {
  EXPECT_EQ(FaultOf(PromptText("\"mine\"", "\"direct\""), "direct.en"),
            "data/prompts/direct.en.toml line 7: [cue]: 'summary' is missing");
}

TEST(PromptFaults, EmptyStop) {
  EXPECT_EQ(FaultOf(PromptText("\"\\nClient:\"", "\"\"")),
            "data/prompts/mine.en.toml line 5: 'stop' may hold only strings that are not empty");
}

TEST(PromptShape, LanguagesMustHaveTheSameKeysAndPlaceholders) {
  const PromptFile english = Read(PromptText());
  const auto fault_against_english = [&](const std::string& from, const std::string& to) {
    std::string text = PromptText(from, to);
    text.replace(text.find("\"en\""), 4, "\"zh\"");
    try {
      CheckSamePromptShape(Read(text, "mine.zh"), english);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kKnowledge);
      return std::string(error.what());
    }
    return std::string("no fault");
  };
  const std::string remedy = "; all languages of a method have the same keys and placeholders";
  const std::string other = " unlike data/prompts/mine.en.toml" + remedy;
  EXPECT_EQ(fault_against_english("Listen.", "听。"), "no fault");
  EXPECT_EQ(fault_against_english(" {{aims}}", ""),
            "data/prompts/mine.zh.toml: 'reply' under [cue] has other placeholders" + other);
  EXPECT_EQ(fault_against_english("{{phases}}", "{{needs}}"),
            "data/prompts/mine.zh.toml: 'system' has other placeholders" + other);
  EXPECT_EQ(fault_against_english("[words]\n", "[words]\nbye = \"\"\n"),
            "data/prompts/mine.zh.toml: has 'bye' under [words]" + other);
  EXPECT_EQ(fault_against_english("[prefix]\nreply = \"\"", "[prefix]"),
            "data/prompts/mine.zh.toml: lacks 'reply' under [prefix]" + other);
}

}  // namespace
}  // namespace emostage
