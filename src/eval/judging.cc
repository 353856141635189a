#include "eval/judging.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "emostage/error.h"
#include "eval/journal.h"
#include "eval/judge_check.h"

namespace emostage {
namespace {

constexpr const char* kJudgements = "judgements.jsonl";

std::string ItemId(const std::string& dialogue, size_t turn) {
  return dialogue + '#' + std::to_string(turn);
}

// The inverse; a session's item stands at its last turn.
std::pair<std::string, size_t> PlaceOf(const std::string& id) {
  const size_t mark = id.rfind('#');
  if (mark == std::string::npos) throw Error(ErrorCode::kInput, "a judgement names no place");
  return {id.substr(0, mark), std::stoul(id.substr(mark + 1))};
}

std::string MetricId(const JudgeScore& score) {
  return "judge-" + score.rubric + '-' + score.dimension;
}

std::string Fixed(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

}  // namespace

std::vector<JudgeItem> JudgeItems(const FinishedRun& run, RubricScope scope) {
  const bool sessions = run.manifest.mode == EvalMode::kWholeSession;
  if (scope == RubricScope::kSession && !sessions) return {};
  std::map<std::string_view, const EvalDialogue*> by_id;
  for (const EvalDialogue& dialogue : run.dialogues) by_id[dialogue.id] = &dialogue;
  std::vector<JudgeItem> items;
  Dialogue talk;  // of a session, as it went
  for (size_t i = 0; i < run.items.size(); ++i) {
    const EvalItem& item = run.items[i];
    const bool begins = i == 0 || run.items[i - 1].method != item.method ||
                        run.items[i - 1].dialogue != item.dialogue;
    if (begins) talk = {};
    const auto found = by_id.find(item.dialogue);
    if (!item.error.empty() || found == by_id.end()) continue;
    JudgeItem one;
    one.id = ItemId(item.dialogue, item.turn);
    one.language = found->second->language;
    one.method = item.method;
    one.reply = item.answer.reply;
    if (sessions) {
      talk.turns.push_back({Role::kClient, item.client, ""});
      one.history = talk;
      talk.turns.push_back({Role::kCounsellor, item.answer.reply, ""});
    } else {
      one.history = found->second->UpTo(item.turn + 1);
    }
    const bool ends = i + 1 == run.items.size() || run.items[i + 1].method != item.method ||
                      run.items[i + 1].dialogue != item.dialogue;
    if (scope == RubricScope::kSession && !ends) continue;
    items.push_back(std::move(one));
  }
  return items;
}

std::vector<JudgeScore> RunJudges(const FinishedRun& run, const std::filesystem::path& folder,
                                  std::span<const Judge> judges,
                                  std::span<const Rubric* const> rubrics,
                                  const JudgingOptions& options) {
  {
    Journal journal(folder / kJudgements, [](const Json&) {});
    struct Unit {
      const Judge* judge;
      const Rubric* rubric;
      std::vector<JudgeItem> items;
    };
    std::map<std::string, Unit> open;
    size_t units = 0;
    for (const Rubric* rubric : rubrics) {
      for (const JudgeItem& item : JudgeItems(run, rubric->scope)) {
        for (const Judge& judge : judges) {
          // Another version of a rubric is another question.
          const std::string name = judge.name() + '/' + rubric->file.id + '@' +
                                   std::to_string(rubric->file.version) + '/' + item.method + '/' +
                                   PlaceOf(item.id).first;
          if (journal.Has(name)) continue;
          auto [unit, added] = open.try_emplace(name, Unit{&judge, rubric, {}});
          units += added ? 1 : 0;
          unit->second.items.push_back(item);
        }
      }
    }
    size_t done = 0;
    for (const auto& [name, unit] : open) {
      std::vector<OrderedJson> lines;
      for (const JudgeItem& item : unit.items) {
        if (options.stop.stop_requested()) throw Error(ErrorCode::kCancelled, "stopped");
        for (const JudgeScore& score : unit.judge->Score(item, *unit.rubric, options.stop)) {
          lines.push_back(JudgeScoreToJson(score));
        }
      }
      journal.Append(name, lines);
      if (options.progress) options.progress(++done, units);
    }
  }
  return ReadJudgements(folder);
}

std::vector<JudgeScore> ReadJudgements(const std::filesystem::path& folder) {
  std::vector<JudgeScore> scores;
  if (!std::filesystem::exists(folder / kJudgements)) return scores;
  const Journal journal(folder / kJudgements, [&scores](const Json& line) {
    scores.push_back(JudgeScoreFromJson(line));
  });
  std::ranges::stable_sort(scores, [](const JudgeScore& a, const JudgeScore& b) {
    return std::tie(a.item, a.method, a.judge, a.rubric, a.dimension) <
           std::tie(b.item, b.method, b.judge, b.rubric, b.dimension);
  });
  return scores;
}

void AddJudgements(const std::vector<JudgeScore>& scores, const std::vector<HumanScore>& people,
                   const Knowledge& knowledge, ReportOptions& report) {
  if (scores.empty()) return;
  std::map<std::tuple<std::string, std::string, std::string>, std::pair<double, size_t>> means;
  std::map<std::string, std::set<std::string>> judges;
  for (const JudgeScore& score : scores) {
    auto& [sum, count] = means[{MetricId(score), score.method, score.item}];
    sum += score.expectation;
    ++count;
    judges[score.judge].insert(score.rubric);
  }
  std::set<std::string> metrics;
  for (const JudgeScore& score : scores) {
    if (!metrics.insert(MetricId(score)).second) continue;
    const RubricDimension* dimension = nullptr;
    for (const Rubric& rubric : knowledge.rubrics()) {
      if (rubric.file.id == score.rubric) dimension = rubric.Find(score.dimension);
    }
    MetricInfo metric;
    metric.id = MetricId(score);
    metric.title =
        (dimension == nullptr ? score.dimension : dimension->name.en) + " (" + score.rubric + ")";
    metric.group = "judge";
    metric.better = "higher";
    metric.about = (dimension == nullptr ? "" : dimension->question.en + " ") +
                   std::to_string(score.lowest) + " to " + std::to_string(score.highest()) +
                   ", expected score by likelihood";
    report.extra_metrics.push_back(std::move(metric));
  }
  for (const auto& [key, mean] : means) {
    const auto& [metric, method, item] = key;
    const auto [dialogue, turn] = PlaceOf(item);
    report.extra_scores.push_back(
        {metric, method, dialogue, turn, mean.first / static_cast<double>(mean.second)});
  }
  const std::vector<Agreement> agreements = CheckAgreement(scores, people);
  for (const auto& [judge, rubrics] : judges) {
    const bool checked = std::ranges::any_of(
        agreements, [&name = judge](const Agreement& one) { return one.judge == name; });
    report.judges.push_back({{"name", judge}, {"rubrics", rubrics}, {"checked", checked}});
    if (!checked) {
      report.notes.push_back(
          "Judge " + judge +
          " was held against nobody's scores: what it says of methods is its own "
          "taste until a rating sheet was filled (see 'eval' and 'report sheet').");
    }
  }
  for (const Agreement& one : agreements) {
    report.notes.push_back(
        "Judge " + one.judge + " beside people, " + one.rubric + " " + one.dimension +
        ": Spearman " + (one.spearman.value ? Fixed(*one.spearman.value) : "-") +
        ", quadratic kappa " + (one.kappa.value ? Fixed(*one.kappa.value) : "-") + ", on " +
        std::to_string(one.n) + " items.");
  }
  for (const std::string& warning : JudgeWarnings(scores)) report.notes.push_back(warning);
}

}  // namespace emostage
