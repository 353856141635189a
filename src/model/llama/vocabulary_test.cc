#include "model/llama/vocabulary.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "model/llama/testing.h"

namespace emostage {
namespace {

TEST(VocabularyTest, OnlyMarkupBecomesSpecialTokens) {
  const testing::VocabularyOnly loaded;
  const TokenVocabulary vocabulary = loaded.get();
  const std::string text = "<|im_end|>";
  const std::vector<Token> markup = vocabulary.Tokenize(text, true);
  ASSERT_EQ(markup.size(), 1U);
  EXPECT_TRUE(vocabulary.IsEnd(markup.front()));
  EXPECT_EQ(vocabulary.Piece(markup.front()), "");
  const std::vector<Token> plain = vocabulary.Tokenize(text, false);
  EXPECT_GT(plain.size(), 1U);
  for (Token token : plain) EXPECT_FALSE(vocabulary.IsEnd(token));
  EXPECT_EQ(vocabulary.Text(plain), text);
}

TEST(VocabularyTest, PiecesAreThePlainTextsBytes) {
  const testing::VocabularyOnly loaded;
  const TokenVocabulary vocabulary = loaded.get();
  for (const std::string text :
       {"", "a", "two  spaces", " leading", "\n\n", "眠れない夜が続きます。", "𓀀 rare",
        "👩‍👩‍👧",
        "long wordswithoutspaceslong wordswithoutspaceslong wordswithoutspaces"}) {
    EXPECT_EQ(vocabulary.Text(vocabulary.Tokenize(text, false)), text);
  }
  bool split = false;  // some token is a part of a character
  for (Token token : vocabulary.Tokenize("𓀀", false)) {
    split = split || !IsValidUtf8(vocabulary.Piece(token));
  }
  EXPECT_TRUE(split);
}

TEST(VocabularyTest, BrokenUtf8IsTakenWithoutHarm) {
  const testing::VocabularyOnly loaded;
  EXPECT_FALSE(loaded.get().Tokenize("a\xff\xe3\x81", false).empty());
}

}  // namespace
}  // namespace emostage
