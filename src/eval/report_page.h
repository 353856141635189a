#ifndef EMOSTAGE_EVAL_REPORT_PAGE_H_
#define EMOSTAGE_EVAL_REPORT_PAGE_H_

#include <string>

namespace emostage {

// report.html of an evaluation: the page built from web/report/ with the figures in it, one file
// that opens from a disk and asks nothing of the network. `report_json` is report.json's text: one
// JSON value in UTF-8, which may hold any words of clients and models. It is not checked here; what
// is no report shows as an empty page. Safe to call from any thread.
[[nodiscard]] std::string ReportPage(const std::string& report_json);

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_REPORT_PAGE_H_
