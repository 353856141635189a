#include "cli/eval_report.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <iterator>
#include <memory>
#include <set>
#include <utility>

#include "base/file.h"
#include "cli/command.h"
#include "cli/draw.h"
#include "emostage/error.h"
#include "eval/human_sheet.h"
#include "eval/judging.h"
#include "eval/report.h"
#include "eval/report_page.h"
#include "eval/run_folder.h"

namespace emostage {
namespace {

std::string Number(const OrderedJson& value, int digits = 2) {
  if (value.is_null()) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, value.get<double>());
  return text;
}

std::string WithInterval(const OrderedJson& one, const char* value) {
  std::string text = Number(one[value]);
  if (!one["low"].is_null()) text += " [" + Number(one["low"]) + ", " + Number(one["high"]) + "]";
  return text;
}

std::string Mark(const OrderedJson& comparison) {
  const OrderedJson p = comparison.value("p_holm", OrderedJson());
  return !p.is_null() && p.get<double>() < 0.05 ? " *" : "";
}

void PrintMetrics(const OrderedJson& report) {
  for (const OrderedJson& metric : report["metrics"]) {
    const std::string group = metric["group"];
    if (group == "cost" && metric["id"] != "ms") continue;
    DrawHeading(metric["title"].get<std::string>() +
                " (better: " + metric["better"].get<std::string>() + ")");
    for (const OrderedJson& value : metric["values"]) {
      if (value["phase"] != "all") continue;
      std::string mark;
      for (const OrderedJson& one : metric["comparisons"]) {
        if (one["method"] == value["method"] && one["language"] == value["language"]) {
          mark = Mark(one);
        }
      }
      std::printf("  %-32s %-4s %s%s\n", value["method"].get<std::string>().c_str(),
                  value["language"].get<std::string>().c_str(), WithInterval(value, "mean").c_str(),
                  mark.c_str());
    }
  }
  std::printf("\n  [95 %% interval over dialogues]   * differs from %s, p < 0.05 after Holm\n",
              report["baseline"].get<std::string>().c_str());
}

void PrintLabels(const OrderedJson& report) {
  for (const OrderedJson& task : report["labels"]) {
    DrawHeading(task["title"].get<std::string>() + ", " + task["language"].get<std::string>());
    std::printf("  %-32s %-24s %-24s %-24s %s\n", "", "accuracy", "macro-F1", "kappa", "ECE");
    for (const OrderedJson& row : task["rows"]) {
      std::printf("  %-32s %-24s %-24s %-24s %s\n", row["method"].get<std::string>().c_str(),
                  WithInterval(row["accuracy"], "value").c_str(),
                  WithInterval(row["macro_f1"], "value").c_str(),
                  WithInterval(row["kappa"], "value").c_str(), Number(row["ece"]).c_str());
    }
    for (const OrderedJson& one : task["comparisons"]) {
      std::printf("  %s less %s: accuracy %s, p = %s\n", one["method"].get<std::string>().c_str(),
                  one["against"].get<std::string>().c_str(),
                  WithInterval(one, "difference").c_str(), Number(one["p"], 4).c_str());
    }
  }
}

// What people said, from a filled sheet's folder (sheet.csv beside its key.json) or a file of
// lines.
std::vector<HumanScore> PeoplesScores(const std::string& path, const Knowledge& knowledge,
                                      std::vector<std::string>& notes) {
  if (path.empty()) return {};
  if (std::filesystem::is_directory(path)) {
    const std::filesystem::path folder = path;
    SheetReading reading =
        ReadHumanSheet(ReadFile(folder / "sheet.csv"), ReadFile(folder / "key.json"));
    for (const std::string& remark : reading.remarks) notes.push_back("Rating sheet: " + remark);
    return std::move(reading.scores);
  }
  HumanFile file = ReadHumanLines(ReadFile(path), path, knowledge);
  for (const std::string& remark : file.remarks) notes.push_back("People's scores: " + remark);
  return std::move(file.scores);
}

std::vector<const Rubric*> RubricsOf(const std::vector<std::string>& names,
                                     const Knowledge& knowledge) {
  std::vector<const Rubric*> rubrics;
  for (const std::string& name : names) rubrics.push_back(&knowledge.rubric(name));
  return rubrics;
}

struct SheetArguments {
  std::string folder;
  std::string out;
  std::vector<std::string> rubrics = {"esc"};
  std::string language = "en";
  uint64_t seed = 1;
  size_t limit = 0;
};

int Sheet(const SheetArguments& arguments) {
  const auto knowledge = LoadKnowledge();
  const std::vector<const Rubric*> rubrics = RubricsOf(arguments.rubrics, *knowledge);
  const FinishedRun run = ReadRun({arguments.folder});
  std::vector<JudgeItem> items = JudgeItems(run, rubrics.front()->scope);
  // So many places, each with every method's reply.
  if (arguments.limit > 0) {
    std::set<std::string> places;
    std::erase_if(items, [&](const JudgeItem& item) {
      if (places.size() < arguments.limit) places.insert(item.id);
      return !places.contains(item.id);
    });
  }
  SheetOptions options;
  options.seed = arguments.seed;
  options.language = LanguageFromCode(arguments.language).value_or(Language::kEnglish);
  std::filesystem::create_directories(arguments.out);
  WriteHumanSheet(MakeHumanSheet(items, rubrics, *knowledge, options), arguments.out);
  std::printf(
      "Written: sheet.html and sheet.csv in %s (either is enough), %zu replies to rate.\n"
      "Keep key.json from the raters. Back in: emostage report %s --people %s\n",
      arguments.out.c_str(), items.size(), arguments.folder.c_str(), arguments.out.c_str());
  return 0;
}

struct Arguments {
  std::vector<std::string> folders;
  std::string out;
  std::string data;
  EvalReportArguments report;
};

int Compare(const Arguments& arguments) {
  const auto knowledge = LoadKnowledge(arguments.data);
  ReportOptions options;
  options.baseline = arguments.report.baseline;
  options.resamples = arguments.report.resamples;
  const FinishedRun a = ReadRun({arguments.folders[0]});
  const FinishedRun b = ReadRun({arguments.folders[1]});
  const OrderedJson report = CompareRuns(a, b, *knowledge, options);
  for (const OrderedJson& one : report["compare"]) {
    std::printf("%-24s %-24s %-4s %8s %8s  %s, p %s after Holm\n",
                one["title"].get<std::string>().c_str(), one["method"].get<std::string>().c_str(),
                one["language"].get<std::string>().c_str(), Number(one["a"]).c_str(),
                Number(one["b"]).c_str(), WithInterval(one, "difference").c_str(),
                Number(one["p_holm"], 4).c_str());
  }
  if (!arguments.out.empty()) {
    std::filesystem::create_directories(arguments.out);
    WriteReportFiles(report, arguments.out);
  }
  return 0;
}

}  // namespace

void EvalReportArguments::AddTo(CLI::App& command) {
  command.add_option("--baseline", baseline,
                     "The method that others are compared with (default: direct)");
  command.add_option("--people", people,
                     "People's scores to hold judges against: the folder of a filled rating sheet, "
                     "or a file of JSON lines");
  command.add_option("--resamples", resamples, "Draws for intervals and tests")
      ->check(CLI::Range(100, 1'000'000))
      ->capture_default_str();
  command.add_option("--examples", examples, "Worst and best replies of each method to show")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
}

int WriteEvalReport(const std::vector<std::filesystem::path>& folders,
                    const std::filesystem::path& out, const Knowledge& knowledge,
                    const EvalReportArguments& arguments) {
  const FinishedRun run = ReadRun(folders);
  ReportOptions options;
  options.baseline = arguments.baseline;
  options.resamples = arguments.resamples;
  options.examples = arguments.examples;
  const std::vector<HumanScore> people = PeoplesScores(arguments.people, knowledge, options.notes);
  std::vector<JudgeScore> judged;
  for (const std::filesystem::path& folder : folders) {
    std::vector<JudgeScore> some = ReadJudgements(folder);
    std::ranges::move(some, std::back_inserter(judged));
  }
  AddJudgements(judged, people, knowledge, options);
  const OrderedJson report = BuildReport(run, knowledge, options);
  WriteReportFiles(report, out);
  PrintMetrics(report);
  PrintLabels(report);
  std::printf("\nWritten: %s, with report.json and report.csv beside it.\n",
              (out / "report.html").string().c_str());
  return 0;
}

void JudgeRun(const std::filesystem::path& out, const std::vector<std::string>& models,
              const std::vector<std::string>& rubrics, const ModelArguments& like,
              const std::shared_ptr<const Knowledge>& knowledge, const std::stop_token& stop) {
  std::vector<Judge> judges;
  for (const std::string& model : models) {
    ModelArguments arguments = like;
    arguments.model = model;
    judges.emplace_back(arguments.Load(), knowledge);
  }
  JudgingOptions options;
  options.stop = stop;
  if (isatty(STDERR_FILENO) != 0) {
    options.progress = [](size_t done, size_t of) {
      std::fprintf(stderr, "\rjudged %zu of %zu talks%s", done, of, done == of ? "\r\x1b[K" : "");
    };
  }
  const std::vector<const Rubric*> asked = RubricsOf(rubrics, *knowledge);
  const FinishedRun run = ReadRun({out});
  for (const Rubric* rubric : asked) {
    if (JudgeItems(run, rubric->scope).empty()) {
      throw Error(
          ErrorCode::kUsage,
          "the rubric '" + rubric->file.id + "' judges whole sessions, and this run has none",
          "use --mode session, or another --rubric");
    }
  }
  static_cast<void>(RunJudges(run, out, judges, asked, options));
}

void WriteReportFiles(const OrderedJson& report, const std::filesystem::path& out) {
  const std::string json = DumpJson(report, 1) + '\n';
  WriteFileAtomically(out / "report.json", json);
  WriteFileAtomically(out / "report.html", ReportPage(json));
  WriteFileAtomically(out / "report.csv", ReportCsv(report));
}

std::string UtcNow() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string TypedCommand() {
  // The system keeps the arguments apart by NUL. Where it keeps none, nothing is told.
  std::string raw;
  try {
    raw = ReadFile("/proc/self/cmdline");
  } catch (const Error&) {
    return "";
  }
  std::string command;
  for (size_t at = 0; at < raw.size();) {
    const size_t end = std::min(raw.find('\0', at), raw.size());
    std::string word = raw.substr(at, end - at);
    if (at == 0) word = std::filesystem::path(word).filename().string();
    const bool plain = !word.empty() && std::ranges::all_of(word, [](char letter) {
      return std::isalnum(static_cast<unsigned char>(letter)) != 0 ||
             std::string_view("-_./,:=+@%").find(letter) != std::string_view::npos;
    });
    if (!plain) {
      std::string quoted = "'";
      for (const char letter : word) quoted += letter == '\'' ? "'\\''" : std::string(1, letter);
      word = quoted + "'";
    }
    command += (command.empty() ? "" : " ") + word;
    at = end + 1;
  }
  return command;
}

void AddReport(CLI::App& app, Run& run) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "report", "Makes the report of a run of 'eval' again, or compares two runs");
  command->require_subcommand(0, 1);
  command->add_option("FOLDER", arguments->folders,
                      "What 'eval --out' wrote; several: shards of one run");
  command->add_option("--out", arguments->out, "Where to write (default: the first folder)");
  command->add_option("--data-files", arguments->data,
                      "A folder in place of the built-in prompts and phase schemes");
  arguments->report.AddTo(*command);
  CLI::App* compare = command->add_subcommand("compare", "Two runs over the same data");
  auto two = std::make_shared<Arguments>();
  compare->add_option("A B", two->folders, "The two folders")->required()->expected(2);
  compare->add_option("--out", two->out, "A folder for a report of the comparison");
  two->report.AddTo(*compare);
  compare->callback([two, &run] { run = [two] { return Compare(*two); }; });
  CLI::App* sheet = command->add_subcommand(
      "sheet", "Rating sheets for people, as a table and as a page, blinded and shuffled");
  auto rated = std::make_shared<SheetArguments>();
  sheet->add_option("FOLDER", rated->folder, "What 'eval --out' wrote")->required();
  sheet->add_option("--out", rated->out, "A folder for the sheets and their key")->required();
  sheet->add_option("--rubric", rated->rubrics, "What is asked, of data/rubrics/")
      ->delimiter(',')
      ->capture_default_str();
  sheet->add_option("--lang", rated->language, "Of the page's own words")->capture_default_str();
  sheet->add_option("--seed", rated->seed, "Of order and codes")->capture_default_str();
  sheet->add_option("--limit", rated->limit, "So many places, each with every method's reply");
  sheet->callback([rated, &run] { run = [rated] { return Sheet(*rated); }; });
  command->callback([arguments, compare, sheet, &run] {
    if (compare->parsed() || sheet->parsed()) return;
    run = [arguments] {
      if (arguments->folders.empty()) {
        throw Error(ErrorCode::kUsage, "no folder was given",
                    "give the folder that 'eval --out' wrote");
      }
      const auto knowledge = LoadKnowledge(arguments->data);
      std::vector<std::filesystem::path> folders(arguments->folders.begin(),
                                                 arguments->folders.end());
      const std::filesystem::path out =
          arguments->out.empty() ? folders.front() : std::filesystem::path(arguments->out);
      std::filesystem::create_directories(out);
      return WriteEvalReport(folders, out, *knowledge, arguments->report);
    };
  });
}

}  // namespace emostage
