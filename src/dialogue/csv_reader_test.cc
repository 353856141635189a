#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dialogue/readers.h"
#include "dialogue/testing.h"

namespace emostage {
namespace {

using ::testing::HasSubstr;

const std::string kHeader =
    "conv_id,utterance_idx,context,prompt,speaker_idx,utterance,selfeval,tags\n";

TEST(EmpatheticDialoguesFormatTest, GroupsByConversationAndFirstSpeakerIsTheClient) {
  const auto dialogues = ReadDialogues(kHeader +
                                       "c1,1,sad,p,7,My cat is gone_comma_ sadly.,5|5,\n"
                                       "c2,1,joy,p,3,I won!,5|5,\n"
                                       "c1,2,sad,p,4,Oh no.,5|5,\n"
                                       "c1,3,sad,p,7,Yes.,5|5,<TAG>\n");
  ASSERT_EQ(dialogues.size(), 2U);
  EXPECT_EQ(dialogues[0].id, "c1");
  EXPECT_EQ(Show(dialogues[0]),
            "client: My cat is gone, sadly. | counsellor: Oh no. | client: Yes. | ");
  EXPECT_EQ(Show(dialogues[1]), "client: I won! | ");
}

TEST(EmpatheticDialoguesFormatTest, UtterancesAreOrderedByTheirNumber) {
  EXPECT_EQ(ShowOne(kHeader + "c,2,x,p,1,second,,\nc,10,x,p,0,third,,\nc,1,x,p,0,first,,\n"),
            "client: first | counsellor: second | client: third | ");
}

TEST(EmpatheticDialoguesFormatTest, QuotedFieldsMayHoldCommasMarksAndLineBreaks) {
  EXPECT_EQ(ShowOne(kHeader + "c,1,x,\"p, q\",0,\"He said \"\"no\"\", twice\",,\n"
                              "c,2,x,p,1,\"One\nTwo\",,\n"),
            "client: He said \"no\", twice | counsellor: One\nTwo | ");
}

TEST(EmpatheticDialoguesFormatTest, StrayQuotationMarksAreText) {
  EXPECT_EQ(ShowOne(kHeader + "c,1,x,p,0,\"Wow\" she said,,\n"
                              "c,2,x,p,1,\"unclosed,,\n"
                              "c,3,x,p,0,next row,,\n"),
            "client: \"Wow\" she said | counsellor: \"unclosed | client: next row | ");
}

TEST(EmpatheticDialoguesFormatTest, RaggedRowsAreLeftOut) {
  EXPECT_EQ(ShowOne(kHeader + "c,1,x,p,0,kept\n"
                              "c,2,x,p\n"
                              "\n"
                              "c,two,x,p,1,no number,,\n"
                              "c,3,x,p,1,also kept,,,,,extra\n"),
            "client: kept | counsellor: also kept | ");
}

TEST(EmpatheticDialoguesFormatTest, ColumnsAreFoundByName) {
  EXPECT_EQ(ShowOne("\"utterance\",speaker_idx, utterance_idx ,conv_id\r\nHi,0,1,c\r\n"),
            "client: Hi | ");
}

TEST(EmpatheticDialoguesFormatTest, TableWithoutHeaderOrRowsIsAFault) {
  EXPECT_THAT(ReadingFault("a,b\n1,2\n", DialogueFormat::kEmpatheticDialogues),
              HasSubstr("does not name conv_id"));
  EXPECT_THAT(ReadingFault(kHeader), HasSubstr("no rows with words"));
  EXPECT_THAT(ReadingFault(kHeader + "c,1,x,p,0, ,,\n"), HasSubstr("no rows with words"));
}

TEST(EmpatheticDialoguesFormatTest, HostileQuotingIsReadInLinearTime) {
  // Quadratic time would take minutes here, and meet the test's time limit.
  std::string row = "c,1,x,p,0,kept";
  for (int i = 0; i < 200'000; ++i) row += ",\"a";
  EXPECT_EQ(ShowOne(kHeader + row), "client: kept | ");
  std::string lines = "c,1,x,p,0,\"kept\n";
  for (int i = 0; i < 50'000; ++i) lines += "\"a\n";
  EXPECT_EQ(ShowOne(kHeader + lines), "client: \"kept | ");
}

}  // namespace
}  // namespace emostage
