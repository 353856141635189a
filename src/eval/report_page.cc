#include "eval/report_page.h"

#include <span>
#include <string_view>

#include "emostage/error.h"
#include "knowledge/embedded.h"

namespace emostage {

std::span<const EmbeddedEntry> ReportFiles();  // written by EmostageEmbed.cmake

namespace {

// Where the figures stand, in web/report/report.html; "null" holds their place.
constexpr std::string_view kBefore = "<script type=\"application/json\" id=\"report\">";
constexpr std::string_view kPlaceholder = "null";

std::string_view Template() {
  for (const EmbeddedEntry& entry : ReportFiles()) {
    if (entry.path == "report.html") return entry.text;
  }
  throw Error(ErrorCode::kInternal, "the report's page was not built in");
}

}  // namespace

std::string ReportPage(const std::string& report_json) {
  const std::string_view page = Template();
  const size_t before = page.find(kBefore);
  if (before == std::string_view::npos ||
      page.substr(before + kBefore.size(), kPlaceholder.size()) != kPlaceholder) {
    throw Error(ErrorCode::kInternal, "the report's page has no place for its figures");
  }
  const size_t begin = before + kBefore.size();
  std::string out;
  out.reserve(page.size() + report_json.size() + report_json.size() / 16);
  out.append(page.substr(0, begin));
  // In JSON '<' stands in strings only, and may be written so there: no text can end the script or
  // open a comment in it.
  for (const char c : report_json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  out.append(page.substr(begin + kPlaceholder.size()));
  return out;
}

}  // namespace emostage
