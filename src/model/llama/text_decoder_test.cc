#include "model/llama/text_decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "model/llama/testing.h"

namespace emostage {
namespace {

class TextDraftTest : public ::testing::Test {
 protected:
  // Lets a greedy draft write `tokens`, then the end, as far as it will go.
  Completion Write(const std::vector<Token>& tokens, Sampling sampling) {
    streamed_.clear();
    TextDraft draft(&vocabulary_, sampling, [this](std::string_view piece) {
      EXPECT_TRUE(IsValidUtf8(piece));
      streamed_ += piece;
    });
    std::vector<float> logits(static_cast<size_t>(vocabulary_.size()), 0.0F);
    const Token end = vocabulary_.Tokenize("<|im_end|>", true).front();
    for (size_t i = 0; i <= tokens.size(); ++i) {
      const auto token = static_cast<size_t>(i < tokens.size() ? tokens[i] : end);
      logits[token] = 9;
      const bool goes_on = draft.Step(logits);
      logits[token] = 0;
      if (!goes_on) break;
    }
    const Completion completion = draft.Finish(false);
    EXPECT_EQ(streamed_, completion.text);
    return completion;
  }
  [[nodiscard]] std::vector<Token> Pieces(const std::vector<std::string>& texts) const {
    std::vector<Token> tokens;
    for (const std::string& text : texts) {
      for (Token token : vocabulary_.Tokenize(text, false)) tokens.push_back(token);
    }
    return tokens;
  }

  testing::VocabularyOnly loaded_;
  TokenVocabulary vocabulary_ = loaded_.get();
  std::string streamed_;
};

TEST_F(TextDraftTest, EndsAtTheModelsEnd) {
  const Completion completion = Write(Pieces({"All", " is", " well", "."}), {});
  EXPECT_EQ(completion.text, "All is well.");
  EXPECT_EQ(completion.finish, FinishReason::kEnd);
}

TEST_F(TextDraftTest, StopStringAcrossTokensIsCutOffAndNeverStreamed) {
  Sampling sampling;
  sampling.stop = {"\nClient:", "", "zzz"};
  const Completion completion =
      Write(Pieces({"I see.", "\n", "Cl", "ient", ": and", " more"}), sampling);
  EXPECT_EQ(completion.text, "I see.");
  EXPECT_EQ(completion.finish, FinishReason::kStop);
}

TEST_F(TextDraftTest, WhatOnlyLooksLikeAStopStringIsGivenInTheEnd) {
  Sampling sampling;
  sampling.stop = {"\nClient:"};
  EXPECT_EQ(Write(Pieces({"I see.", "\n", "Cl", "ear"}), sampling).text, "I see.\nClear");
  EXPECT_EQ(Write(Pieces({"I see.", "\n", "Cl"}), sampling).text, "I see.\nCl");
}

TEST_F(TextDraftTest, EarliestStopStringCounts) {
  Sampling sampling;
  sampling.stop = {"three", "two"};
  EXPECT_EQ(Write(Pieces({"one", " two", " three"}), sampling).text, "one ");
}

TEST_F(TextDraftTest, CharactersAreNeverSplit) {
  EXPECT_EQ(Write(Pieces({"夜𓀀👩‍👩‍👧"}), {}).text, "夜𓀀👩‍👩‍👧");
  std::vector<Token> cut = Pieces({"a𓀀"});
  cut.pop_back();
  Sampling sampling;
  sampling.max_tokens = static_cast<int>(cut.size());
  EXPECT_EQ(Write(cut, sampling).text, "a");
}

TEST_F(TextDraftTest, LineEndInTwoTokensIsOne) {
  EXPECT_EQ(Write(Pieces({"a", "\r", "\n", "b"}), {}).text, "a\nb");
}

TEST_F(TextDraftTest, UntilTheLeastNumberOfTokensNoEndIsTaken) {
  Sampling sampling;
  sampling.min_tokens = 5;
  sampling.max_tokens = 5;
  TextDraft draft(&vocabulary_, sampling, {});
  std::vector<float> logits(static_cast<size_t>(vocabulary_.size()), 0.0F);
  logits[static_cast<size_t>(vocabulary_.Tokenize("<|im_end|>", true).front())] = 9;
  int steps = 1;
  while (draft.Step(logits)) ++steps;
  EXPECT_EQ(steps, 5);
  EXPECT_EQ(draft.Finish(false).finish, FinishReason::kLength);
}

}  // namespace
}  // namespace emostage
