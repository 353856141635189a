#include "cli/chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "emostage/error.h"

namespace emostage {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Chart TwoBars() {
  Chart chart;
  chart.title = "Milliseconds a turn";
  chart.bars = {{"theirs", 200, "200 ms", false}, {"ours", 100, "100 ms", true}};
  chart.caption = {"one line", "and another"};
  return chart;
}

TEST(ChartTest, BarsAreInProportionAndOursStandsOut) {
  const std::string svg = DrawChart(TwoBars());
  EXPECT_THAT(svg, HasSubstr("width=\"602\" height=\"22\" rx=\"3\" class=\"bar\""));
  EXPECT_THAT(svg, HasSubstr("width=\"301\" height=\"22\" rx=\"3\" class=\"ours\""));
  for (const char* text : {">Milliseconds a turn<", ">200 ms<", ">one line<", ">and another<"}) {
    EXPECT_THAT(svg, HasSubstr(text));
  }
  EXPECT_TRUE(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
}

TEST(ChartTest, TextIsNeverMarkup) {
  Chart chart = TwoBars();
  chart.title = "a < b & \"c\"\x01 \xff";
  chart.bars[0].label = "</text><script>";
  const std::string svg = DrawChart(chart);
  EXPECT_THAT(svg, HasSubstr(">a &lt; b &amp; &quot;c&quot;"));
  EXPECT_THAT(svg, HasSubstr(">&lt;/text&gt;&lt;script&gt;<"));
  EXPECT_THAT(svg, Not(HasSubstr("<script>")));
  EXPECT_EQ(svg.find('\x01'), std::string::npos);
  EXPECT_EQ(svg.find('\xff'), std::string::npos);
}

TEST(ChartTest, NothingMeasuredIsStillAPicture) {
  Chart chart = TwoBars();
  for (ChartBar& bar : chart.bars) bar.value = 0;
  EXPECT_THAT(DrawChart(chart), HasSubstr("width=\"1\""));
  chart.bars.clear();
  EXPECT_TRUE(DrawChart(chart).ends_with("</svg>\n"));
}

TEST(ChartTest, FileThatCannotBeWrittenIsSaid) {
  EXPECT_THROW(WriteChart(TwoBars(), "/nowhere/at/all.svg"), Error);
}

}  // namespace
}  // namespace emostage
