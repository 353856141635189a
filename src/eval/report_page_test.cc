#include "eval/report_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace emostage {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kOpening = "<script type=\"application/json\" id=\"report\">";

// What a browser takes for the report: all up to the first end of a script.
std::string ReportIn(const std::string& page) {
  const size_t begin = page.find(kOpening);
  if (begin == std::string::npos) return "";
  const size_t text = begin + std::string(kOpening).size();
  return page.substr(text, page.find("</script", text) - text);
}

size_t Count(const std::string& text, const std::string& of) {
  size_t count = 0;
  for (size_t at = text.find(of); at != std::string::npos; at = text.find(of, at + 1)) ++count;
  return count;
}

TEST(ReportPage, HoldsTheReportAsItWasGiven) {
  const nlohmann::json report = {{"version", 1}, {"title", "六つの方法 · 六种方法"}, {"seed", 7}};
  EXPECT_EQ(nlohmann::json::parse(ReportIn(ReportPage(report.dump()))), report);
}

TEST(ReportPage, NoTextEndsTheScriptOrOpensAnother) {
  const std::string evil = "</script><script>alert(1)</script><!-- <script> ]]> \" \\ $& null";
  const nlohmann::json report = {{"title", evil}, {evil, {evil, nullptr}}};
  const std::string page = ReportPage(report.dump());
  EXPECT_EQ(ReportIn(page).find('<'), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(ReportIn(page)), report);
  EXPECT_THAT(page, Not(HasSubstr("alert(1)</script>")));
  const std::string empty = ReportPage("null");
  EXPECT_EQ(Count(page, "<script"), Count(empty, "<script"));
  EXPECT_EQ(Count(page, "</script"), Count(empty, "</script"));
}

TEST(ReportPage, IsOneFileThatMayAskNothingOfTheNetwork) {
  const std::string page = ReportPage("null");
  EXPECT_THAT(page, HasSubstr("<meta charset=\"utf-8\""));
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy\" content=\"default-src 'none'"));
  EXPECT_THAT(page, Not(HasSubstr("<link rel=\"stylesheet\"")));
  EXPECT_THAT(page, Not(HasSubstr("<script src")));
  EXPECT_THAT(page, Not(HasSubstr("<script type=\"module\"")));
}

}  // namespace
}  // namespace emostage
