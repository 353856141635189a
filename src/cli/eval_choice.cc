#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/draw.h"
#include "cli/eval_report.h"
#include "cli/interrupt.h"
#include "emostage/error.h"
#include "eval/choice_questions.h"
#include "eval/wilson.h"

namespace emostage {
namespace {

struct Arguments {
  ModelArguments model;
  std::vector<std::string> files;
  size_t orders = 4;
  bool json = false;
};

struct Tally {
  size_t right = 0;
  size_t of = 0;
  double chance = 0;  // expected by drawing evenly
};

OrderedJson TallyJson(const Tally& tally) {
  const Interval interval = Wilson(tally.right, tally.of);
  const auto of = static_cast<double>(tally.of);
  return {{"right", tally.right},
          {"of", tally.of},
          {"accuracy", static_cast<double>(tally.right) / of},
          {"low", interval.low},
          {"high", interval.high},
          {"chance", tally.chance / of}};
}

void Print(const std::string& name, const Tally& tally) {
  const Interval interval = Wilson(tally.right, tally.of);
  const auto of = static_cast<double>(tally.of);
  std::printf("  %-44s %5.1f %% [%.1f, %.1f]  %zu of %zu, by chance %.1f %%\n", name.c_str(),
              100 * static_cast<double>(tally.right) / of, 100 * interval.low, 100 * interval.high,
              tally.right, tally.of, 100 * tally.chance / of);
}

// How far the share of right answers swings with the order of the options.
double SpreadOverOrders(const std::vector<ChoiceResult>& results, size_t orders) {
  std::vector<double> shares(orders);
  for (const ChoiceResult& one : results) {
    for (size_t i = 0; i < orders; ++i) {
      shares[i] += one.right_in_order[i] ? 1.0 / static_cast<double>(results.size()) : 0;
    }
  }
  double mean = 0;
  for (const double share : shares) mean += share / static_cast<double>(orders);
  double square = 0;
  for (const double share : shares) square += (share - mean) * (share - mean);
  return orders < 2 ? 0 : std::sqrt(square / static_cast<double>(orders - 1));
}

int Choose(const Arguments& arguments) {
  const std::vector<EvalTexts> texts = ReadEvalTexts(arguments.model.data);
  ChoiceSet all;
  for (const std::string& file : arguments.files) {
    ChoiceSet set = ReadChoiceQuestions(ReadFile(file), file);
    for (const std::string& remark : set.remarks) std::fprintf(stderr, "%s\n", remark.c_str());
    // Ids are a file's own.
    for (ChoiceQuestion& question : set.questions) {
      question.id = file + "#" + std::string(LanguageCode(question.language)) + question.id;
      all.questions.push_back(std::move(question));
    }
  }
  ModelArguments model = arguments.model;
  model.steady = true;
  const Interrupt interrupt;
  ChoiceOptions options;
  options.orders = arguments.orders;
  options.stop = interrupt.token();
  if (isatty(STDERR_FILENO) != 0) {
    options.progress = [](size_t done, size_t of) {
      std::fprintf(stderr, "\r%zu of %zu questions%s", done, of, done == of ? "\r\x1b[K" : "");
    };
  }
  const std::vector<ChoiceResult> results =
      AnswerChoices(model.Load(), texts, all.questions, options);

  std::map<std::string, Tally> parts;
  std::map<std::string, Tally> categories;
  // Emotion and cause of a scenario count together only where both are right.
  std::map<std::string, std::pair<bool, double>> joint;
  std::map<std::string, std::string> joint_language;
  for (const ChoiceResult& one : results) {
    const std::string language(LanguageCode(one.question->language));
    const double chance = 1.0 / static_cast<double>(one.question->options.size());
    const auto count = [&](Tally& tally) {
      tally.right += one.right() ? 1 : 0;
      ++tally.of;
      tally.chance += chance;
    };
    count(parts[language + " " + one.question->part]);
    count(categories[language + " " + one.question->part + ", " + one.question->category]);
    if (one.question->part != "emotion" && one.question->part != "cause") continue;
    auto [found, added] = joint.try_emplace(one.question->id, true, 1.0);
    found->second.first = found->second.first && one.right();
    found->second.second *= chance;
    joint_language[one.question->id] = language;
  }
  for (const auto& [id, both] : joint) {
    Tally& tally = parts[joint_language[id] + " emotion and cause"];
    tally.right += both.first ? 1 : 0;
    ++tally.of;
    tally.chance += both.second;
  }
  const double spread = SpreadOverOrders(results, std::max<size_t>(1, arguments.orders));
  if (arguments.json) {
    OrderedJson json = {{"questions", results.size()},
                        {"orders", arguments.orders},
                        {"spread_over_orders", spread}};
    for (const auto& [name, tally] : parts) json["parts"][name] = TallyJson(tally);
    for (const auto& [name, tally] : categories) json["categories"][name] = TallyJson(tally);
    std::printf("%s\n", DumpJson(json).c_str());
    return 0;
  }
  DrawHeading("Right answers");
  for (const auto& [name, tally] : parts) Print(name, tally);
  DrawHeading("By category");
  for (const auto& [name, tally] : categories) Print(name, tally);
  std::printf(
      "\n%zu questions, options in %zu orders; between orders the share of right answers "
      "swings by %.1f points (standard deviation).\n",
      results.size(), arguments.orders, 100 * spread);
  return 0;
}

}  // namespace

void AddEvalChoice(CLI::App& eval, Run& run) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* choice = eval.add_subcommand(
      "choice", "Questions with options (EmoBench's form), answered by likelihood");
  choice->add_option("FILE", arguments->files, "Lines of EmoBench: EU or EA")->required();
  choice->add_option("--orders", arguments->orders, "Orders that the options are shown in")
      ->check(CLI::Range(1, 8))
      ->capture_default_str();
  choice->add_flag("--json", arguments->json, "Print one JSON object");
  arguments->model.AddTo(*choice);
  choice->callback([arguments, &run] { run = [arguments] { return Choose(*arguments); }; });
}

}  // namespace emostage
