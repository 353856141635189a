#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "cli/chart.h"
#include "cli/command.h"
#include "cli/draw.h"
#include "emostage/error.h"
#include "eval/safety_eval.h"
#include "eval/wilson.h"
#include "knowledge/knowledge.h"

namespace emostage {
namespace {

constexpr int kMonthsFresh = 12;
constexpr double kModelAlarms = 0.01;  // that the model alone may raise where thresholds are tuned

struct EvalArguments {
  std::vector<std::string> files;
  ModelArguments model;
  std::string country;
  bool ordinary = false;
  bool patterns_only = false;
  bool no_words = false;
  bool tune = false;
  bool quiet_misses = false;
  std::string json;
};

std::string Share(size_t hits, size_t of) {
  if (of == 0) return "-";
  const Interval interval = Wilson(hits, of);
  char text[96];
  std::snprintf(text, sizeof text, "%5.1f %% [%.1f, %.1f]  %zu of %zu",
                100 * static_cast<double>(hits) / static_cast<double>(of), 100 * interval.low,
                100 * interval.high, hits, of);
  return text;
}

OrderedJson ShareJson(size_t hits, size_t of) {
  const Interval interval = Wilson(hits, of);
  return {{"hits", hits}, {"of", of}, {"low", interval.low}, {"high", interval.high}};
}

using ByName = std::map<std::string, SafetyRates>;

void DrawRates(const std::string& title, const ByName& rates) {
  DrawHeading(title);
  std::printf("  %-22s %-34s %s\n", "", "in charge, of turns in danger",
              "false alarms, of the rest");
  for (const auto& [name, one] : rates) {
    std::printf("  %-22s %-34s %s\n", name.c_str(), Share(one.caught, one.danger).c_str(),
                Share(one.alarms, one.calm).c_str());
  }
}

void DrawConfusion(const SafetyRates& rates) {
  DrawHeading("Level of the talk: labelled (rows), read (columns)");
  constexpr RiskLevel kLevels[] = {RiskLevel::kNone, RiskLevel::kLow, RiskLevel::kModerate,
                                   RiskLevel::kHigh, RiskLevel::kImminent};
  std::printf("  %-10s", "");
  for (const RiskLevel level : kLevels) {
    std::printf("%16s", std::string(RiskLevelName(level)).c_str());
  }
  std::printf("\n");
  for (const RiskLevel label : kLevels) {
    const auto& row = rates.confusion[static_cast<size_t>(label)];
    size_t all = 0;
    for (const size_t count : row) all += count;
    std::printf("  %-10s", std::string(RiskLevelName(label)).c_str());
    for (const size_t count : row) {
      const double share = all == 0 ? 0 : static_cast<double>(count) / static_cast<double>(all);
      std::printf("  %s %5zu", Padded(Bar(share, 8), 8).c_str(), count);
    }
    std::printf("\n");
  }
}

OrderedJson RatesJson(const ByName& rates) {
  OrderedJson json = OrderedJson::object();
  for (const auto& [name, one] : rates) {
    json[name] = {{"recall", ShareJson(one.caught, one.danger)},
                  {"false_alarms", ShareJson(one.alarms, one.calm)},
                  {"confusion", one.confusion}};
  }
  return json;
}

int Evaluate(const EvalArguments& arguments) {
  const auto knowledge = LoadKnowledge(arguments.model.data);
  std::vector<SafetyCase> cases;
  for (const std::string& file : arguments.files) {
    for (SafetyCase& one : arguments.ordinary ? ReadOrdinaryTurns(file) : ReadSafetyCases(file)) {
      cases.push_back(std::move(one));
    }
  }
  SafetyEvalOptions options;
  if (!arguments.patterns_only) options.model = arguments.model.Load();
  options.words = !arguments.no_words;
  if (isatty(STDERR_FILENO) != 0) {
    options.progress = [](size_t done, size_t of) {
      std::fprintf(stderr, "\rreading %zu of %zu%s", done, of, done == of ? "\r\x1b[K" : "");
    };
  }
  const std::vector<SafetyResult> results = EvaluateSafety(knowledge, cases, options);
  ByName languages;
  ByName kinds;
  ByName forms;
  SafetyRates all;
  OrderedJson misses = OrderedJson::array();
  OrderedJson alarms = OrderedJson::array();
  for (const SafetyResult& one : results) {
    const std::string language(LanguageCode(one.of->language));
    Count(all, one);
    Count(languages[language], one);
    Count(kinds[one.turn->kind.empty() ? "-" : one.turn->kind], one);
    Count(forms[one.of->form], one);
    const bool danger = one.turn->level >= RiskLevel::kModerate;
    if (danger == one.in_charge) continue;
    (danger ? misses : alarms)
        .push_back({{"id", one.of->id},
                    {"form", one.of->form},
                    {"level", RiskLevelName(one.turn->level)},
                    {"text", one.turn->text},
                    {"why", one.why}});
  }
  std::string readers = arguments.no_words ? "patterns" : "patterns and words";
  readers += options.model ? " and " + options.model->info().name : " alone";
  std::printf("%zu talks, %zu client turns, read by %s\n", cases.size(), results.size(),
              readers.c_str());
  DrawRates("By language", languages);
  if (!arguments.ordinary) {
    DrawRates("By kind", kinds);
    DrawRates("By form", forms);
    DrawConfusion(all);
  }
  if (!arguments.quiet_misses) {
    for (const auto& [title, list] : {std::pair("Missed", misses), {"False alarms", alarms}}) {
      if (list.empty()) continue;
      DrawHeading(title);
      std::vector<std::pair<std::string, std::string>> rows;
      for (const OrderedJson& one : list) {
        const std::string why = one["why"].get<std::string>();
        rows.emplace_back(one["id"].get<std::string>(),
                          one["text"].get<std::string>() + (why.empty() ? "" : "  ← " + why));
      }
      DrawList(rows);
    }
  }
  if (arguments.tune && options.model) {
    DrawHeading("Thresholds for data/safety/thresholds.toml");
    std::fputs(TuneThresholds(results, options.model->info().name, kModelAlarms).c_str(), stdout);
  }
  if (!arguments.json.empty()) {
    const OrderedJson json = {
        {"words", options.words},
        {"model", options.model ? OrderedJson(options.model->info().name) : OrderedJson()},
        {"talks", cases.size()},
        {"turns", results.size()},
        {"all", RatesJson({{"all", all}})["all"]},
        {"languages", RatesJson(languages)},
        {"kinds", RatesJson(kinds)},
        {"forms", RatesJson(forms)},
        {"missed", misses},
        {"false_alarms", alarms}};
    WriteFileAtomically(arguments.json, DumpJson(json, 1) + "\n");
  }
  return 0;
}

int PrintFeatures(const EvalArguments& arguments) {
  const auto knowledge = LoadKnowledge(arguments.model.data);
  for (const std::string& file : arguments.files) {
    const std::vector<SafetyCase> cases =
        arguments.ordinary ? ReadOrdinaryTurns(file) : ReadSafetyCases(file);
    std::fputs(FeatureLines(*knowledge, cases).c_str(), stdout);
  }
  return 0;
}

// "2026-11-21" a year earlier.
std::string AYearBefore(const std::string& day) {
  return std::to_string(std::stoi(day.substr(0, 4)) - kMonthsFresh / 12) + day.substr(4);
}

int CheckFiles(const std::string& data, const std::string& day) {
  const auto knowledge = LoadKnowledge(data);
  const SafetyKnowledge& safety = knowledge->safety();
  for (const Language language : {Language::kEnglish, Language::kChinese, Language::kJapanese}) {
    const SafetyKnowledge::Words& words = safety.in(language);
    std::printf("%s  %zu pattern rules (version %d), protocol texts version %d\n",
                std::string(LanguageCode(language)).c_str(), words.risk.rules(),
                words.risk.file().version, words.texts.file().version);
  }
  const std::string oldest = AYearBefore(day);
  size_t lines = 0;
  size_t old = 0;
  for (const HelplineCountry& country : safety.helplines.countries()) {
    for (const Helpline& line : country.lines) {
      ++lines;
      if (line.checked_on >= oldest) continue;
      ++old;
      std::printf("older than a year: %s %s (%s), checked on %s\n", country.code.c_str(),
                  line.name.c_str(), line.number.c_str(), line.checked_on.c_str());
    }
  }
  std::printf("helplines: %zu countries, %zu lines, %zu older than a year on %s\n",
              safety.helplines.countries().size(), lines, old, day.c_str());
  if (old > 0) std::printf("check these with the provider, and set checked_on anew\n");
  return old > 0 ? 1 : 0;
}

int ShowHelplines(const std::string& data, const std::string& code) {
  const auto knowledge = LoadKnowledge(data);
  const Helplines& helplines = knowledge->safety().helplines;
  if (code.empty()) {
    for (const HelplineCountry& country : helplines.countries()) {
      std::printf("%s  %s (%zu lines)\n", country.code.c_str(), country.name.en.c_str(),
                  country.lines.size());
    }
    return 0;
  }
  const HelplineCountry* country = helplines.Find(code);
  if (country == nullptr) {
    throw Error(ErrorCode::kUsage, "no confirmed numbers for '" + code + "' are known here",
                "'safety helplines' lists the countries");
  }
  for (const Emergency& one : country->emergency) {
    std::printf("%-14s emergency: %s\n", one.number.c_str(), one.what.c_str());
  }
  for (const Helpline& line : country->lines) {
    std::printf("%-14s %s%s%s  %s  (%s, checked on %s)\n", line.number.c_str(), line.name.c_str(),
                line.local.empty() ? "" : " / ", line.local.c_str(), line.hours.c_str(),
                line.kind.c_str(), line.checked_on.c_str());
    for (const std::string& source : line.sources)
      std::printf("               %s\n", source.c_str());
  }
  return 0;
}

}  // namespace

void AddSafety(CLI::App& app, Run& run) {
  CLI::App* safety = app.add_subcommand("safety", "Measures and checks the safety layer");
  safety->require_subcommand(1);

  auto arguments = std::make_shared<EvalArguments>();
  CLI::App* eval = safety->add_subcommand(
      "eval", "How much danger is recognised, and how often by mistake, on labelled turns");
  eval->add_option("FILE", arguments->files, "Labelled talks, JSON Lines (data/safety/cases/)")
      ->required();
  arguments->model.AddTo(*eval);
  eval->add_flag("--patterns-only", arguments->patterns_only,
                 "Without a model: by patterns and learned weights");
  eval->add_flag("--no-words", arguments->no_words, "Without the learned weights");
  eval->add_flag("--ordinary", arguments->ordinary,
                 "Each line is an ordinary turn, up to its first tab: count false alarms");
  eval->add_flag("--tune", arguments->tune, "Also print thresholds for this model");
  eval->add_flag("--no-list", arguments->quiet_misses, "Do not list what went wrong");
  eval->add_option("--json", arguments->json, "Also write the figures into this file");
  eval->callback([arguments, &run] { run = [arguments] { return Evaluate(*arguments); }; });

  auto feature_arguments = std::make_shared<EvalArguments>();
  CLI::App* features = safety->add_subcommand(
      "features", "What learned weights see of labelled turns, for tools/train_risk_words.py");
  features->add_option("FILE", feature_arguments->files, "As for eval")->required();
  features
      ->add_option("--data", feature_arguments->model.data,
                   "A folder in place of the built-in files")
      ->envname("EMOSTAGE_DATA");
  features->add_flag("--ordinary", feature_arguments->ordinary,
                     "Each line is an ordinary turn, up to its first tab");
  features->callback([feature_arguments, &run] {
    run = [feature_arguments] { return PrintFeatures(*feature_arguments); };
  });

  struct CheckArguments {
    std::string data;
    std::string day = Today();
    std::string country;
  };
  auto check_arguments = std::make_shared<CheckArguments>();
  CLI::App* check =
      safety->add_subcommand("check", "Reads all safety files; names helplines not checked lately");
  check->add_option("--data", check_arguments->data, "A folder in place of the built-in files")
      ->envname("EMOSTAGE_DATA");
  check->add_option("--day", check_arguments->day, "As if it were this day")
      ->check(CLI::Validator(
          [](const std::string& text) {
            return text.size() == 10 && text[4] == '-' && text[7] == '-' &&
                           DigitsOf(text).size() == 8
                       ? ""
                       : "write YYYY-MM-DD";
          },
          ""))
      ->capture_default_str();
  check->callback([check_arguments, &run] {
    run = [check_arguments] { return CheckFiles(check_arguments->data, check_arguments->day); };
  });

  CLI::App* helplines =
      safety->add_subcommand("helplines", "Numbers by country, with their sources");
  helplines->add_option("COUNTRY", check_arguments->country, "Two letters; empty: list all");
  helplines->add_option("--data", check_arguments->data, "A folder in place of the built-in files")
      ->envname("EMOSTAGE_DATA");
  helplines->callback([check_arguments, &run] {
    run = [check_arguments] {
      return ShowHelplines(check_arguments->data, check_arguments->country);
    };
  });
}

}  // namespace emostage
