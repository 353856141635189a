#include "eval/metrics/text_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/text.h"
#include "emostage/error.h"
#include "eval/metrics/diversity.h"
#include "eval/metrics/testing.h"
#include "eval/metrics/tokens.h"

namespace emostage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Texts = std::vector<std::string>;
using Cut = std::vector<std::u32string>;

const std::map<std::string, MetricTokens> kTokens = {
    {"13a", MetricTokens::k13a}, {"zh", MetricTokens::kZh}, {"char", MetricTokens::kChar}};
const std::map<std::string, TextUnits> kUnits = {{"words", TextUnits::kWords},
                                                 {"characters", TextUnits::kCharacters}};

Cut Expected(const Json& tokens) {
  Cut result;
  for (const Json& token : tokens) result.push_back(Codepoints(token.get<std::string>()));
  return result;
}

// Calls check(corpus, its replies, its references, its tokens, its units) for each language.
template <typename Check>
void ForEachCorpus(Check check) {
  ASSERT_EQ(Reference().at("text").size(), 3U);
  for (const Json& corpus : Reference().at("text")) {
    SCOPED_TRACE(corpus.at("language").get<std::string>());
    check(corpus, corpus.at("replies").get<Texts>(), corpus.at("references").get<Texts>(),
          kTokens.at(corpus.at("tokens").get<std::string>()),
          kUnits.at(corpus.at("units").get<std::string>()));
  }
}

// `theirs` was asked for runs of up to `order` tokens.
void ExpectBleu(const Bleu& ours, std::size_t order, const Json& theirs) {
  ExpectFigure(ours.scores[order - 1], theirs.at("score"));
  ExpectFigure(ours.brevity_penalty, theirs.at("brevity"));
  EXPECT_EQ(ours.reply_tokens, theirs.at("reply_tokens").get<std::size_t>());
  EXPECT_EQ(ours.reference_tokens, theirs.at("reference_tokens").get<std::size_t>());
  ASSERT_EQ(theirs.at("precisions").size(), order);
  for (std::size_t n = 0; n < order; ++n) {
    ExpectFigure(ours.precisions[n], theirs.at("precisions")[n]);
  }
}

TEST(Tokenize, AgreesWithSacreBleu) {
  ForEachCorpus([](const Json& corpus, Texts texts, const Texts& references, auto, auto) {
    texts.insert(texts.end(), references.begin(), references.end());
    for (const auto& [name, tokens] : kTokens) {
      for (std::size_t i = 0; i < texts.size(); ++i) {
        EXPECT_EQ(Tokenize(texts[i], tokens), Expected(corpus.at("tokenized").at(name)[i]))
            << name << ": " << texts[i];
      }
    }
  });
}

TEST(Units, AgreeWithAnotherWayToFindThem) {
  ForEachCorpus([](const Json& corpus, const Texts& replies, const Texts&, auto, auto) {
    for (const auto& [name, units] : kUnits) {
      for (std::size_t i = 0; i < replies.size(); ++i) {
        const Cut expected = Expected(corpus.at("units_of").at(name)[i]);
        EXPECT_EQ(Units(replies[i], units), expected) << name << ": " << replies[i];
        EXPECT_EQ(TextLength(replies[i], units), expected.size());
      }
    }
  });
}

TEST(Units, AreWordsOrCharactersWithoutPunctuation) {
  EXPECT_THAT(Units("Don't — twenty-one, 'quoted' -x-", TextUnits::kWords),
              ElementsAre(U"don't", U"twenty-one", U"quoted", U"x"));
  EXPECT_THAT(Units("はい、Ok。😀", TextUnits::kCharacters), ElementsAre(U"は", U"い", U"o", U"k"));
  EXPECT_THAT(Units(" …！ \n", TextUnits::kWords), IsEmpty());
  EXPECT_EQ(TextLength("\xFF\xFE", TextUnits::kCharacters), 0U);
}

TEST(Bleu, AgreesWithSacreBleu) {
  ForEachCorpus([](const Json& corpus, const Texts& replies, const Texts& references,
                   MetricTokens tokens, auto) {
    const Bleu corpus_bleu = CorpusBleu(replies, references, tokens);
    for (std::size_t n = 1; n <= 4; ++n) ExpectBleu(corpus_bleu, n, corpus.at("bleu")[n - 1]);
    for (std::size_t i = 0; i < replies.size(); ++i) {
      SCOPED_TRACE(replies[i]);
      const Bleu sentence = SentenceBleu(replies[i], references[i], tokens);
      for (std::size_t n = 1; n <= 4; ++n) {
        ExpectBleu(sentence, n, corpus.at("sentence_bleu")[i][n - 1]);
      }
    }
  });
}

TEST(Chrf, AgreesWithSacreBleu) {
  ForEachCorpus([](const Json& corpus, const Texts& replies, const Texts& references, auto, auto) {
    ExpectFigure(CorpusChrf(replies, references), corpus.at("chrf"));
    for (std::size_t i = 0; i < replies.size(); ++i) {
      SCOPED_TRACE(replies[i]);
      ExpectFigure(SentenceChrf(replies[i], references[i]), corpus.at("sentence_chrf")[i]);
    }
  });
}

TEST(RougeL, AgreesWithRougeScore) {
  ForEachCorpus(
      [](const Json& corpus, const Texts& replies, const Texts& references, auto, TextUnits units) {
        for (std::size_t i = 0; i < replies.size(); ++i) {
          SCOPED_TRACE(replies[i]);
          const RougeL ours = SentenceRougeL(replies[i], references[i], units);
          const Json& theirs = corpus.at("rouge_l")[i];
          ExpectFigure(ours.precision, theirs[0]);
          ExpectFigure(ours.recall, theirs[1]);
          ExpectFigure(ours.f1, theirs[2]);
        }
      });
}

TEST(Diversity, AgreesWithSetsOfRuns) {
  ForEachCorpus([](const Json& corpus, const Texts& replies, const Texts&, auto, TextUnits units) {
    const auto distinct = DistinctUpTo(replies, 3, units);
    ASSERT_EQ(distinct.size(), 3U);
    for (std::size_t n = 0; n < 3; ++n) {
      ExpectFigure(distinct[n], corpus.at("distinct")[n]);
      EXPECT_EQ(Distinct(replies, n + 1, units), distinct[n]);
    }
    for (std::size_t i = 0; i < replies.size(); ++i) {
      SCOPED_TRACE(replies[i]);
      ExpectFigure(Repetition(replies[i], units), corpus.at("repetition")[i]);
    }
  });
}

TEST(TextMetrics, AReplyThatIsItsReferenceHasFullMarks) {
  const Texts same = {"You were so sure this time.", "昨天你说过你很害怕。",
                      "本当につらかったですね。"};
  for (const auto& [name, tokens] : kTokens) {
    SCOPED_TRACE(name);
    EXPECT_NEAR(CorpusBleu(same, same, tokens).scores[3], 100, 1e-9);
  }
  EXPECT_NEAR(SentenceBleu("Yes", "Yes", MetricTokens::k13a).scores[3], 100, 1e-9);
  EXPECT_NEAR(CorpusChrf(same, same), 100, 1e-9);
  for (const std::string& text : same) {
    EXPECT_EQ(SentenceRougeL(text, text, TextUnits::kCharacters).f1, 1);
  }
}

// Far beyond one machine word of the subsequence's bits, with a carry from one into the next.
TEST(RougeL, LongTextsKeepCountAcrossMachineWords) {
  std::string long_text;
  for (int i = 0; i < 300; ++i) long_text += "a" + std::to_string(i % 7) + " b ";
  EXPECT_EQ(SentenceRougeL(long_text, long_text, TextUnits::kWords).f1, 1);
  const std::string only_b = [] {
    std::string text;
    for (int i = 0; i < 300; ++i) text += "b ";
    return text;
  }();
  EXPECT_EQ(SentenceRougeL(long_text, only_b, TextUnits::kWords).precision, 0.5);
  EXPECT_EQ(SentenceRougeL(only_b, long_text, TextUnits::kWords).recall, 0.5);
}

TEST(TextMetrics, NothingSaidScoresNothing) {
  const Texts silent = {"", " "};
  const Texts references = {"I hear you.", "Take your time."};
  EXPECT_EQ(CorpusBleu(silent, references, MetricTokens::k13a).scores[3], 0);
  EXPECT_EQ(CorpusBleu(silent, references, MetricTokens::k13a).brevity_penalty, 0);
  EXPECT_EQ(CorpusBleu(Texts{}, Texts{}, MetricTokens::k13a).scores[3], 0);
  EXPECT_EQ(CorpusChrf(silent, references), 0);
  EXPECT_EQ(SentenceRougeL("", "", TextUnits::kWords).f1, 0);
  EXPECT_EQ(Distinct(silent, 1, TextUnits::kWords), std::nullopt);
  EXPECT_EQ(Repetition("two words", TextUnits::kWords), std::nullopt);
  EXPECT_EQ(QuestionRate(Texts{}), std::nullopt);
}

TEST(TextMetrics, WhatDoesNotFitTogetherIsRefused) {
  const Texts one = {"a"};
  const Texts two = {"a", "b"};
  EXPECT_THROW(static_cast<void>(CorpusBleu(one, two, MetricTokens::k13a)), Error);
  EXPECT_THROW(static_cast<void>(CorpusChrf(two, one)), Error);
  EXPECT_THROW(static_cast<void>(Distinct(one, 0, TextUnits::kWords)), Error);
}

TEST(Distinct, RunsDoNotReachFromOneReplyIntoTheNext) {
  EXPECT_EQ(Distinct(Texts{"a b", "a b"}, 2, TextUnits::kWords), 0.5);
  EXPECT_EQ(Distinct(Texts{"a", "b", "a", "b"}, 2, TextUnits::kWords), std::nullopt);
}

TEST(HoldsQuestion, InThreeLanguages) {
  EXPECT_TRUE(HoldsQuestion("What happened? Tell me."));
  EXPECT_TRUE(HoldsQuestion("后来呢？"));
  EXPECT_TRUE(HoldsQuestion("どんなお気持ちですか。話してください。"));
  EXPECT_TRUE(HoldsQuestion("どうされましたか \n"));
  EXPECT_FALSE(HoldsQuestion("I hear you."));
  EXPECT_FALSE(HoldsQuestion("たしかにそうです。"));
  EXPECT_FALSE(HoldsQuestion(""));
  EXPECT_EQ(QuestionRate(Texts{"Why?", "I see.", "そうですか。", "嗯。"}), 0.5);
}

}  // namespace
}  // namespace emostage
