#ifndef EMOSTAGE_CLI_EVAL_REPORT_H_
#define EMOSTAGE_CLI_EVAL_REPORT_H_

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/command.h"
#include "knowledge/knowledge.h"

namespace emostage {

// What 'eval' and 'report' have in common: turning a run's folder into a report.
struct EvalReportArguments {
  std::string baseline;
  std::string people;  // a folder with a filled rating sheet, or a file of people's scores
  size_t resamples = 2000;
  size_t examples = 3;
  void AddTo(CLI::App& command);
};

// Reads the run in `folders` (shards of one), writes report.json, report.csv and report.html into
// `out`, and prints the main figures. Returns the exit code.
int WriteEvalReport(const std::vector<std::filesystem::path>& folders,
                    const std::filesystem::path& out, const Knowledge& knowledge,
                    const EvalReportArguments& arguments);

// Lets the judges score what stands in `out`; see judging.h. Prints its progress on stderr.
void JudgeRun(const std::filesystem::path& out, const std::vector<std::string>& models,
              const std::vector<std::string>& rubrics, const ModelArguments& like,
              const std::shared_ptr<const Knowledge>& knowledge, const std::stop_token& stop);

// Writes the three files of a report that was built already.
void WriteReportFiles(const OrderedJson& report, const std::filesystem::path& out);

// 'eval choice'.
void AddEvalChoice(CLI::App& eval, Run& run);

[[nodiscard]] std::string UtcNow();  // ISO 8601
// The command line of this process, quoted so that a shell reads it back.
[[nodiscard]] std::string TypedCommand();

}  // namespace emostage

#endif  // EMOSTAGE_CLI_EVAL_REPORT_H_
