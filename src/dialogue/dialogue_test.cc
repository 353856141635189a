#include "emostage/dialogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "emostage/error.h"

namespace emostage {
namespace {

using ::testing::HasSubstr;

// A dialogue of which the client says `texts`, oldest first, with the counsellor nodding in English
// between, whose words must not matter.
Dialogue ClientSays(const std::vector<std::string>& texts) {
  Dialogue dialogue;
  for (const std::string& text : texts) {
    dialogue.turns.push_back({Role::kClient, text, ""});
    dialogue.turns.push_back({Role::kCounsellor, "I see. Would you tell me more about it?", ""});
  }
  return dialogue;
}

TEST(LanguageCodeTest, CodesAndLanguagesAreInverses) {
  for (const Language language : {Language::kEnglish, Language::kChinese, Language::kJapanese}) {
    EXPECT_EQ(LanguageFromCode(LanguageCode(language)), language);
  }
  EXPECT_EQ(LanguageCode(Language::kJapanese), "ja");
  EXPECT_EQ(LanguageFromCode("auto"), std::nullopt);
  EXPECT_EQ(LanguageFromCode("EN"), std::nullopt);
  EXPECT_EQ(LanguageFromCode(""), std::nullopt);
}

TEST(RoleNameTest, UsesTheWordsOfTheWire) {
  EXPECT_EQ(RoleName(Role::kClient), "client");
  EXPECT_EQ(RoleName(Role::kCounsellor), "counsellor");
}

TEST(DetectLanguageTest, TellsByScript) {
  EXPECT_EQ(DetectLanguage(ClientSays({"I can't sleep lately."})), Language::kEnglish);
  EXPECT_EQ(DetectLanguage(ClientSays({"最近总是睡不着。"})), Language::kChinese);
  EXPECT_EQ(DetectLanguage(ClientSays({"最近、なかなか眠れません。"})), Language::kJapanese);
  EXPECT_EQ(DetectLanguage(ClientSays({"Я плохо сплю."})), Language::kEnglish);
  EXPECT_EQ(DetectLanguage(ClientSays({"요즘 잠을 못 자요."})), Language::kEnglish);
}

TEST(DetectLanguageTest, NothingToGoByIsEnglish) {
  EXPECT_EQ(DetectLanguage(Dialogue{}), Language::kEnglish);
  Dialogue thumbs;
  thumbs.turns = {{Role::kClient, "👍", ""}};
  EXPECT_EQ(DetectLanguage(thumbs), Language::kEnglish);
}

TEST(DetectLanguageTest, ClientWithoutWordsIsAnsweredInTheCounsellorsLanguage) {
  Dialogue dialogue;
  dialogue.turns = {{Role::kCounsellor, "今日はどうされましたか？", ""}, {Role::kClient, "😢", ""}};
  EXPECT_EQ(DetectLanguage(dialogue), Language::kJapanese);
}

TEST(DetectLanguageTest, ShortTurnsDoNotFlipATalk) {
  const std::string japanese = "仕事のことで、ずっと悩んでいます。";
  EXPECT_EQ(DetectLanguage(ClientSays({japanese, "ok"})), Language::kJapanese);
  EXPECT_EQ(DetectLanguage(ClientSays({japanese, "ok", "😂😂", "thanks lol"})),
            Language::kJapanese);
  EXPECT_EQ(DetectLanguage(ClientSays({japanese, "大丈夫"})), Language::kJapanese);
  EXPECT_EQ(DetectLanguage(ClientSays({japanese, "全然大丈夫"})), Language::kJapanese);
  EXPECT_EQ(DetectLanguage(ClientSays({"我最近工作压力很大，很累。", "ok"})), Language::kChinese);
  EXPECT_EQ(DetectLanguage(ClientSays({"I feel alone at my new school.", "はい"})),
            Language::kEnglish);
}

TEST(DetectLanguageTest, OneFullSentenceSwitchesTheLanguage) {
  const std::string english =
      "I have been arguing with my mother every evening and I do not know how to stop.";
  EXPECT_EQ(
      DetectLanguage(ClientSays({english, english, english, "我还是用中文说吧，这样更容易。"})),
      Language::kChinese);
  EXPECT_EQ(DetectLanguage(ClientSays({"我最近工作压力很大，很累。", english})),
            Language::kEnglish);
}

TEST(DetectLanguageTest, TalkOfShortTurnsOnlyIsJudgedAsAWhole) {
  EXPECT_EQ(DetectLanguage(ClientSays({"はい", "うん", "そう", "ok"})), Language::kJapanese);
}

TEST(DetectLanguageTest, BorrowedWordsDoNotCount) {
  EXPECT_EQ(DetectLanguage(ClientSays({"我的boss天天让我加班，我真的很stressful，想辞职。"})),
            Language::kChinese);
  EXPECT_EQ(DetectLanguage(ClientSays({"这是我最喜欢の奶茶店，今天却关门了。"})),
            Language::kChinese);
  EXPECT_EQ(DetectLanguage(ClientSays({"My grandmother keeps telling me that I am 不孝."})),
            Language::kEnglish);
}

TEST(ParseDialogueTest, ReadsOneDialogue) {
  const Dialogue dialogue = ParseDialogue(R"([{"role": "client", "text": " Hi \r\n you "},
                                              {"role": "counsellor", "text": "Hello."}])");
  ASSERT_EQ(dialogue.turns.size(), 2U);
  EXPECT_EQ(dialogue.turns[0].role, Role::kClient);
  EXPECT_EQ(dialogue.turns[0].text, "Hi \n you");
  EXPECT_EQ(dialogue.turns[1].role, Role::kCounsellor);
}

TEST(ParseDialogueTest, SeveralDialoguesAreAFault) {
  constexpr std::string_view kTwo =
      R"([[{"role": "client", "text": "a"}], [{"role": "client", "text": "b"}]])";
  try {
    const Dialogue dialogue = ParseDialogue(kTwo);
    FAIL() << "read " << dialogue.turns.size() << " turns";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInput);
    EXPECT_THAT(error.what(), HasSubstr("holds 2 dialogues where one is wanted"));
  }
}

TEST(DialogueToJsonTest, IsReadBackUnchanged) {
  Dialogue dialogue;
  for (const char* const id : {"", "talk 7"}) {
    dialogue.id = id;
    dialogue.turns = {{Role::kClient, "\"quoted\"\n语👍", ""},
                      {Role::kCounsellor, "Yes.", "Question"},
                      {Role::kCounsellor, "And?", ""}};
    const Dialogue read = ParseDialogue(DialogueToJson(dialogue));
    EXPECT_EQ(read.id, dialogue.id);
    ASSERT_EQ(read.turns.size(), dialogue.turns.size());
    for (std::size_t i = 0; i < read.turns.size(); ++i) {
      EXPECT_EQ(read.turns[i].role, dialogue.turns[i].role);
      EXPECT_EQ(read.turns[i].text, dialogue.turns[i].text);
      EXPECT_EQ(read.turns[i].strategy, dialogue.turns[i].strategy);
    }
  }
}

TEST(DialogueToJsonTest, HasAPlainForm) {
  Dialogue dialogue;
  dialogue.turns = {{Role::kClient, "Hi", ""}};
  EXPECT_EQ(DialogueToJson(dialogue), R"([{"role":"client","text":"Hi"}])");
  dialogue.id = "a";
  EXPECT_EQ(DialogueToJson(dialogue), R"({"id":"a","dialogue":[{"role":"client","text":"Hi"}]})");
}

}  // namespace
}  // namespace emostage
