#include "knowledge/knowledge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/text.h"
#include "emostage/error.h"
#include "knowledge/embedded.h"

namespace emostage {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using ::testing::SizeIs;

// The shipped files, whatever the environment says.
const Knowledge& Shipped() {
  static const Knowledge knowledge =
      Knowledge::Load(std::filesystem::path(EMOSTAGE_SOURCE_DIR) / "data");
  return knowledge;
}

std::size_t WordCount(const std::string& text) {
  std::istringstream words(text);
  std::string word;
  std::size_t count = 0;
  while (words >> word) ++count;
  return count;
}

std::string ErrorOf(const auto& action, ErrorCode code) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    return error.what();
  }
  return "no error";
}

TEST(Knowledge, MovingKeepsReferencesValid) {
  Knowledge first = Knowledge::Load();
  const PhaseScheme* scheme = &first.scheme("five-phase");
  const PromptFile* prompts = &first.prompts("emostage", Language::kJapanese);
  const Knowledge second = std::move(first);
  EXPECT_EQ(&second.scheme("five-phase"), scheme);
  EXPECT_EQ(&second.prompts("emostage", Language::kJapanese), prompts);
}

TEST(Emotions, NamesAreShortAndDoNotBeginAlike) {
  const Emotions& emotions = Shipped().emotions();
  EXPECT_THAT(emotions.entries, SizeIs(AllOf(Ge(20U), Le(30U))));
  std::set<std::string> beginnings;
  for (const Emotion& emotion : emotions) {
    EXPECT_EQ(emotion.name.en.find(' '), std::string::npos) << emotion.id;
    EXPECT_LE(CountCodepoints(emotion.name.zh), 2U) << emotion.id;
    EXPECT_LE(CountCodepoints(emotion.name.ja), 4U) << emotion.id;
    for (const Language language : {Language::kChinese, Language::kJapanese}) {
      const std::string& name = emotion.name.in(language);
      const std::string beginning(Utf8Prefix(name, 3));
      const std::string code(LanguageCode(language));
      EXPECT_TRUE(beginnings.insert(code + beginning).second) << name;
    }
  }
  EXPECT_EQ(emotions.Find("neutral")->valence, Valence::kNeutral);
  EXPECT_EQ(emotions.Find("sadness")->name.in(Language::kJapanese), "悲しみ");
  EXPECT_EQ(emotions.FindByName("悲伤", Language::kChinese)->id, "sadness");
  EXPECT_EQ(emotions.FindByName("悲伤", Language::kEnglish), nullptr);
  EXPECT_EQ(emotions.Find("melancholy"), nullptr);
}

TEST(Needs, AreTheFiveKindsOfSupportWithSpaceAndSafety) {
  std::vector<std::string> ids;
  for (const Need& need : Shipped().needs()) ids.push_back(need.id);
  EXPECT_THAT(ids, ElementsAre("emotional", "esteem", "informational", "network", "tangible",
                               "space", "safety"));
}

TEST(Strategies, CoverEveryLabelThatEsconvUses) {
  const Strategies& strategies = Shipped().strategies();
  EXPECT_THAT(strategies.entries, SizeIs(8));
  for (const char* label :
       {"Question", "Questions", "Restatement or Paraphrasing", "Reflection of Feelings",
        "Reflection of feelings", "Self-disclosure", "Affirmation and Reassurance",
        "Providing Suggestions", "Information", "Others", "Other"}) {
    EXPECT_NE(FindByEsconvLabel(strategies, label), nullptr) << label;
  }
  EXPECT_EQ(FindByEsconvLabel(strategies, "Other")->id, "others");
  EXPECT_EQ(FindByEsconvLabel(strategies, "None"), nullptr);
}

TEST(Schemes, AreTheFourOfTheDesign) {
  std::vector<std::string> names;
  for (const PhaseScheme& scheme : Shipped().schemes()) names.push_back(scheme.file.id);
  EXPECT_THAT(names, ElementsAre("cpsycoun", "esconv", "five-phase", "hill"));
  std::vector<std::string> phases;
  for (const Phase& phase : Shipped().scheme("five-phase").phases) {
    phases.push_back(phase.id);
    EXPECT_EQ(phase.five_phase, phase.id);
  }
  EXPECT_THAT(phases, ElementsAre("rapport", "problem-identification", "exploration",
                                  "problem-solving", "wrap-up"));
}

TEST(Schemes, UnknownNameListsTheKnownOnes) {
  EXPECT_EQ(ErrorOf([] { (void)Shipped().scheme("jung"); }, ErrorCode::kUsage),
            "there is no phase scheme 'jung'; the schemes are cpsycoun, esconv, five-phase, hill");
}

TEST(Schemes, PriorsSumToOneAndStayingIsMostLikely) {
  for (const PhaseScheme& scheme : Shipped().schemes()) {
    const std::size_t count = scheme.phases.size();
    ASSERT_EQ(scheme.initial.size(), count);
    ASSERT_EQ(scheme.transition.size(), count);
    EXPECT_NEAR(std::accumulate(scheme.initial.begin(), scheme.initial.end(), 0.0), 1.0, 1e-12);
    for (std::size_t from = 0; from < count; ++from) {
      const std::vector<double>& row = scheme.transition[from];
      ASSERT_EQ(row.size(), count);
      EXPECT_NEAR(std::accumulate(row.begin(), row.end(), 0.0), 1.0, 1e-12);
      EXPECT_EQ(std::max_element(row.begin(), row.end()) - row.begin(),
                static_cast<std::ptrdiff_t>(from))
          << scheme.file.id << " " << scheme.phases[from].id;
    }
  }
}

TEST(Schemes, TextsStayShort) {
  for (const PhaseScheme& scheme : Shipped().schemes()) {
    EXPECT_THAT(scheme.file.source, AllOf(HasSubstr("our reading of"), HasSubstr("not measured")));
    for (const Phase& phase : scheme.phases) {
      const std::string where = scheme.file.id + " " + phase.id;
      EXPECT_LE(WordCount(phase.definition.en), 20U) << where;
      EXPECT_LE(WordCount(phase.aims.en), 12U) << where;
      EXPECT_LE(WordCount(phase.actions.en), 20U) << where;
      EXPECT_LE(WordCount(phase.too_early.en), 12U) << where;
      for (const Localized* text : {&phase.definition, &phase.actions}) {
        EXPECT_LE(CountCodepoints(text->zh), 40U) << where << text->zh;
        EXPECT_LE(CountCodepoints(text->ja), 50U) << where << text->ja;
      }
    }
  }
}

TEST(Schemes, NamesOfPhasesDoNotBeginAlike) {
  for (const PhaseScheme& scheme : Shipped().schemes()) {
    for (const Language language : kAllLanguages) {
      std::set<std::string> beginnings;
      for (const Phase& phase : scheme.phases) {
        beginnings.emplace(Utf8Prefix(phase.name.in(language), 3));
      }
      EXPECT_EQ(beginnings.size(), scheme.phases.size()) << scheme.file.id;
    }
  }
}

TEST(Prompts, EveryMethodSpeaksEveryLanguage) {
  std::set<std::string> methods;
  for (const PromptFile& file : Shipped().prompt_files()) methods.insert(file.method);
  EXPECT_THAT(methods, ::testing::IsSupersetOf({"direct", "emostage", "one-call"}));
  std::string listed;
  for (const std::string& method : methods) {
    listed += (listed.empty() ? "" : ", ") + method;
    for (const Language language : kAllLanguages) {
      const PromptFile& prompts = Shipped().prompts(method, language);
      EXPECT_EQ(prompts.method, method);
      EXPECT_EQ(prompts.language, language);
      EXPECT_THAT(prompts.stop, Not(IsEmpty()));
    }
  }
  EXPECT_EQ(
      ErrorOf([] { (void)Shipped().prompts("magic", Language::kEnglish); }, ErrorCode::kUsage),
      "there are no prompts for a method 'magic'; the methods with prompts are " + listed);
}

TEST(Prompts, FilledSystemPromptsHaveNoPlaceholderLeftAndStayShort) {
  const Knowledge& shipped = Shipped();
  for (const PromptFile& prompts : shipped.prompt_files()) {
    const PhaseScheme& scheme = shipped.scheme("five-phase");
    const std::string filled = Fill(
        prompts.system, {{"emotions", NameList(shipped.emotions(), prompts.language)},
                         {"needs", DefinitionList(shipped.needs(), prompts.language)},
                         {"strategies", DefinitionList(shipped.strategies(), prompts.language)},
                         {"phases", DefinitionList(scheme, prompts.language)},
                         {"phase_guides", GuideList(scheme, prompts.language)}});
    EXPECT_EQ(filled.find("{{"), std::string::npos);
    if (prompts.language == Language::kEnglish) {
      EXPECT_LE(WordCount(filled), 540U) << prompts.file.path;
    } else {
      EXPECT_LE(CountCodepoints(filled), 1450U) << prompts.file.path;
    }
  }
}

// All lines of the notes have one cue: what each of them is for stands in the system prompt alone.
TEST(Prompts, EveryLineOfTheNotesIsExplainedAndLikeNoOther) {
  for (const Language language : kAllLanguages) {
    const PromptFile& prompts = Shipped().prompts("emostage", language);
    std::set<std::string> begun;
    for (const char* line : {"thinks", "situation", "feels", "strength", "needs", "phase"}) {
      const std::string prefix(Trim(prompts.Prefix(line)));
      EXPECT_FALSE(prefix.empty()) << line;
      EXPECT_TRUE(begun.insert(prefix).second) << line;
      EXPECT_THAT(prompts.system, HasSubstr("\n" + prefix)) << prompts.file.path;
    }
    for (const std::string& one : begun) {
      for (const std::string& other : begun) {
        EXPECT_TRUE(one == other || !other.starts_with(one)) << one << " " << other;
      }
    }
  }
}

// A talk cannot tell which rules a method was given unless all are given the same ones.
TEST(Prompts, AllMethodsGiveTheSameFixedWords) {
  for (const Language language : kAllLanguages) {
    const PromptFile& emostage = Shipped().prompts("emostage", language);
    for (const PromptFile& prompts : Shipped().prompt_files()) {
      if (prompts.language != language) continue;
      for (const auto& [name, word] : emostage.words) EXPECT_EQ(prompts.Word(name), word);
      EXPECT_EQ(prompts.stop, emostage.stop);
      EXPECT_EQ(prompts.Cue("summary"), emostage.Cue("summary"));
    }
  }
}

TEST(Prompts, ListsAreWrittenAsTheirLanguageDoes) {
  const Knowledge& shipped = Shipped();
  EXPECT_THAT(NameList(shipped.emotions(), Language::kEnglish), HasSubstr("sadness, grief, "));
  EXPECT_THAT(NameList(shipped.emotions(), Language::kChinese), HasSubstr("悲伤、哀痛、"));
  EXPECT_THAT(DefinitionList(shipped.needs(), Language::kEnglish),
              HasSubstr("\n- encouragement: "));
  EXPECT_THAT(DefinitionList(shipped.scheme("hill"), Language::kJapanese), HasSubstr("\n- 洞察："));
  EXPECT_THAT(
      GuideList(shipped.scheme("hill"), Language::kEnglish),
      HasSubstr("\n- action: a small change the client chooses and believes in | ask what "));
  EXPECT_THAT(DefinitionList(shipped.strategies(), Language::kChinese),
              HasSubstr("\n- 提供建议："));
}

TEST(Demos, AreShortTalksInTheirOwnLanguageEndingWithTheClient) {
  for (const Language language : kAllLanguages) {
    const Dialogue& demo = Shipped().demo(language);
    EXPECT_THAT(demo.turns, SizeIs(AllOf(Ge(7U), Le(9U))));
    EXPECT_EQ(demo.turns.back().role, Role::kClient);
    for (std::size_t i = 1; i < demo.turns.size(); ++i) {
      EXPECT_NE(demo.turns[i].role, demo.turns[i - 1].role);
    }
    EXPECT_EQ(DetectLanguage(demo), language);
  }
}

}  // namespace
}  // namespace emostage
