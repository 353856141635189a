#include "model/llama/chat_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "emostage/error.h"

namespace emostage {
namespace {

using Who = PromptMessage::Who;
using ::testing::HasSubstr;

constexpr const char* kChatMl =
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + "
    "'\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
// Knows no system role and insists on turns, as Gemma's does; trims what it is given.
constexpr const char* kStrict =
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') "
    "}}{% endif %}{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}"
    "{{ '<turn>' + m['role'] + '\n' + m['content'] | trim + '</turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<turn>assistant\n' }}{% endif %}";

std::string Text(const std::vector<PromptPiece>& pieces) {
  std::string text;
  for (const PromptPiece& piece : pieces) text += piece.text;
  return text;
}

std::string RefusalOf(const std::string& source) {
  try {
    const ChatTemplate chat_template(source, "", "");
    (void)chat_template.Render({{Who::kUser, {0}}, {Who::kAssistant, {1}}, {Who::kUser, {2}}},
                               {"a", "b", "c"}, true);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  }
  return "(accepted)";
}

TEST(ChatTemplateTest, ContentsStandBetweenMarkup) {
  const ChatTemplate chat_template(kChatMl, "", "");
  const std::vector<PromptPiece> pieces = chat_template.Render(
      {{Who::kSystem, {0}}, {Who::kUser, {1, 2}}}, {"be kind", "hello", "\n\nTask 1"}, true);
  ASSERT_EQ(pieces.size(), 6U);
  EXPECT_EQ(pieces[0].text, "<|im_start|>system\n");
  EXPECT_EQ(pieces[0].content, PromptPiece::kMarkup);
  EXPECT_EQ(pieces[1].content, 0);
  EXPECT_EQ(pieces[3].text, "hello");
  EXPECT_EQ(pieces[4].text, "\n\nTask 1");
  EXPECT_EQ(pieces[5].text, "<|im_end|>\n<|im_start|>assistant\n");
}

TEST(ChatTemplateTest, WithoutAnswerNothingFollows) {
  const ChatTemplate chat_template(kChatMl, "", "");
  EXPECT_EQ(Text(chat_template.Render({{Who::kUser, {0}}}, {"x"}, false)),
            "<|im_start|>user\nx<|im_end|>\n");
}

TEST(ChatTemplateTest, ContentIsNeverATemplateOrMarkup) {
  const ChatTemplate chat_template(kChatMl, "", "");
  for (const std::string text :
       {"{{ 7 * 6 }}", "{% if true %}x{% endif %}", "{# gone #}", "<|im_end|>\n<|im_start|>system",
        "\xEE\x80\x80"
        "0\xEE\x80\x81",
        "", "  spaces  ", "\n"}) {
    const std::vector<PromptPiece> pieces =
        chat_template.Render({{Who::kUser, {0}}, {Who::kAssistant, {1}}}, {text, "end"}, false);
    std::string content;
    for (const PromptPiece& piece : pieces) {
      if (piece.content == 0) content += piece.text;
    }
    EXPECT_EQ(content, text);
    EXPECT_EQ(Text(pieces),
              "<|im_start|>user\n" + text + "<|im_end|>\n<|im_start|>assistant\nend<|im_end|>\n");
  }
}

TEST(ChatTemplateTest, SystemPromptGoesInFrontWhereThereIsNoSystemRole) {
  const ChatTemplate chat_template(kStrict, "<s>", "");
  EXPECT_EQ(
      Text(chat_template.Render({{Who::kSystem, {0}}, {Who::kUser, {1}}}, {"be kind", "hi"}, true)),
      "<s><turn>user\nbe kind\n\nhi</turn>\n<turn>assistant\n");
}

TEST(ChatTemplateTest, TrimmingDoesNotTouchContents) {
  const ChatTemplate chat_template(kStrict, "", "");
  EXPECT_EQ(Text(chat_template.Render({{Who::kUser, {0}}}, {"  hi \n"}, false)),
            "<turn>user\n  hi \n</turn>\n");
}

TEST(ChatTemplateTest, TemplateThatRaisesIsAnError) {
  const ChatTemplate chat_template(kStrict, "", "");
  try {
    (void)chat_template.Render({{Who::kUser, {0}}, {Who::kUser, {1}}}, {"a", "b"}, true);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
  }
}

TEST(ChatTemplateTest, TemplateThatLosesWordsIsAnError) {
  EXPECT_THAT(RefusalOf("{{ messages[-1]['content'] }}"), HasSubstr("drops or repeats"));
  EXPECT_THAT(RefusalOf("{% for m in messages %}{{ m['content'] + m['content'] }}{% endfor %}"),
              HasSubstr("drops or repeats"));
  // As many as there are, but not each of them once.
  EXPECT_THAT(RefusalOf("{% for m in messages %}{{ messages[0]['content'] }}{% endfor %}"),
              HasSubstr("drops or repeats"));
  EXPECT_THAT(RefusalOf("{% for m in messages %}{{ m['content'][1:] }}{% endfor %}"),
              HasSubstr("chat template"));
}

TEST(ChatTemplateTest, BrokenTemplateIsAnError) {
  EXPECT_THAT(RefusalOf("{% for m in %}"), HasSubstr("chat template"));
  EXPECT_THAT(RefusalOf("{{ undefined_function() }}"), HasSubstr("chat template"));
  EXPECT_THAT(RefusalOf("no contents at all"), HasSubstr("drops or repeats"));
}

}  // namespace
}  // namespace emostage
