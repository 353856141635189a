#include "eval/label_report.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "emostage/error.h"
#include "eval/metrics/calibration.h"
#include "eval/metrics/label_metrics.h"
#include "eval/metrics/resampling.h"
#include "eval/metrics/statistics.h"
#include "eval/tasks.h"

namespace emostage {
namespace {

constexpr size_t kResamples = 2000;

// One turn as labelled and as read. Where several labels are true, the strongest is `truth`.
struct Reading {
  std::string dialogue;
  size_t truth = 0;
  std::vector<size_t> all_true;  // empty: `truth` alone
  size_t chosen = 0;
  std::vector<double> probabilities;  // of every label; empty: not told
};
using Readings = std::vector<Reading>;

std::optional<size_t> IndexOf(const std::vector<std::string>& labels, std::string_view label) {
  const auto found = std::ranges::find(labels, label);
  if (found == labels.end()) return std::nullopt;
  return static_cast<size_t>(found - labels.begin());
}

bool Right(const Reading& one) {
  if (one.all_true.empty()) return one.chosen == one.truth;
  return std::ranges::find(one.all_true, one.chosen) != one.all_true.end();
}

// The readings of each dialogue, to be drawn as a whole.
std::vector<std::vector<const Reading*>> Clusters(const Readings& readings) {
  std::map<std::string, std::vector<const Reading*>> by_dialogue;
  for (const Reading& one : readings) by_dialogue[one.dialogue].push_back(&one);
  std::vector<std::vector<const Reading*>> clusters;
  for (auto& [id, members] : by_dialogue) clusters.push_back(std::move(members));
  return clusters;
}

OrderedJson FigureJson(std::optional<double> value, const std::optional<Estimate>& estimate) {
  OrderedJson json = {{"value", nullptr}, {"low", nullptr}, {"high", nullptr}};
  if (value) json["value"] = *value;
  if (estimate) {
    json["low"] = estimate->interval.low;
    json["high"] = estimate->interval.high;
  }
  return json;
}

using Statistic = std::function<std::optional<double>(const std::vector<const Reading*>&)>;

OrderedJson Figure(const Readings& readings, const Statistic& statistic, uint64_t seed) {
  const auto clusters = Clusters(readings);
  const auto of = [&](std::span<const std::size_t> drawn) {
    std::vector<const Reading*> members;
    for (const std::size_t i : drawn) {
      members.insert(members.end(), clusters[i].begin(), clusters[i].end());
    }
    return statistic(members);
  };
  std::vector<const Reading*> all;
  for (const auto& cluster : clusters) all.insert(all.end(), cluster.begin(), cluster.end());
  return FigureJson(statistic(all),
                    Bootstrap(clusters.size(), of, {.resamples = kResamples, .seed = seed}));
}

Confusion ConfusionOf(const std::vector<const Reading*>& readings, size_t labels) {
  Confusion confusion(labels);
  for (const Reading* one : readings) confusion.Add(one->truth, one->chosen);
  return confusion;
}

std::optional<double> Accuracy(const std::vector<const Reading*>& readings) {
  if (readings.empty()) return std::nullopt;
  const auto right =
      std::ranges::count_if(readings, [](const Reading* one) { return Right(*one); });
  return static_cast<double>(right) / static_cast<double>(readings.size());
}

OrderedJson CalibrationJson(const Readings& readings, OrderedJson row) {
  row["ece"] = nullptr;
  row["brier"] = nullptr;
  row["reliability"] = OrderedJson::array();
  std::vector<size_t> truth;
  std::vector<std::vector<double>> probabilities;
  for (const Reading& one : readings) {
    if (one.probabilities.empty()) return row;
    truth.push_back(one.truth);
    probabilities.push_back(one.probabilities);
  }
  const auto calibration = Calibrate(truth, probabilities);
  if (!calibration) return row;
  row["ece"] = calibration->ece;
  row["brier"] = calibration->brier;
  for (const CalibrationBin& bin : calibration->bins) {
    row["reliability"].push_back({{"from", bin.low},
                                  {"to", bin.high},
                                  {"n", bin.items},
                                  {"confidence", bin.confidence},
                                  {"accuracy", bin.accuracy}});
  }
  return row;
}

struct Row {
  std::string name;
  bool baseline = false;
  Readings readings;
};

// `ordered`: the labels are steps in time, so that a wrong one is too early or too late.
OrderedJson RowJson(const Row& row, size_t labels, bool ordered, uint64_t seed) {
  const Readings& readings = row.readings;
  OrderedJson json = {{"method", row.name}, {"baseline", row.baseline}, {"n", readings.size()}};
  json["accuracy"] = Figure(readings, Accuracy, seed);
  json["macro_f1"] = Figure(
      readings,
      [labels](const auto& some) -> std::optional<double> {
        const auto scores = ScoreLabels(ConfusionOf(some, labels));
        return scores ? std::optional(scores->macro_f1) : std::nullopt;
      },
      seed);
  json["kappa"] = Figure(
      readings,
      [labels](const auto& some) {
        return CohensKappa(ConfusionOf(some, labels), KappaWeights::kNone);
      },
      seed);
  std::vector<const Reading*> all;
  for (const Reading& one : readings) all.push_back(&one);
  const Confusion confusion = ConfusionOf(all, labels);
  json["confusion"] = OrderedJson::array();
  size_t early = 0;
  size_t late = 0;
  for (size_t truth = 0; truth < labels; ++truth) {
    OrderedJson cells = OrderedJson::array();
    for (size_t chosen = 0; chosen < labels; ++chosen) {
      const size_t count = confusion.At(truth, chosen);
      cells.push_back(count);
      (chosen > truth ? early : late) += chosen == truth ? 0 : count;
    }
    json["confusion"].push_back(std::move(cells));
  }
  if (ordered && !readings.empty()) {
    const auto of = static_cast<double>(readings.size());
    json["early"] = static_cast<double>(early) / of;
    json["late"] = static_cast<double>(late) / of;
  }
  return CalibrationJson(readings, std::move(json));
}

// The rows that come for nothing, over the turns of `like`.
std::vector<Row> TrivialRows(const Readings& like, size_t labels, uint64_t seed) {
  std::vector<size_t> times(labels);
  for (const Reading& one : like) ++times[one.truth];
  const auto most = static_cast<size_t>(std::ranges::max_element(times) - times.begin());
  Row majority{"most frequent label", true, like};
  Row even{"drawn evenly", true, like};
  SeededDraws draws(seed);
  for (Reading& one : majority.readings) {
    one.chosen = most;
    one.probabilities.clear();
  }
  for (Reading& one : even.readings) {
    one.chosen = draws.Below(labels);
    one.probabilities.assign(labels, 1.0 / static_cast<double>(labels));
  }
  return {std::move(majority), std::move(even)};
}

// Accuracy of the first row less that of the second, turn by turn on the same turns.
OrderedJson CompareRows(const Row& a, const Row& b, uint64_t seed) {
  std::map<std::string, DialogueDifferences> by_dialogue;
  for (size_t i = 0; i < a.readings.size(); ++i) {
    by_dialogue[a.readings[i].dialogue].push_back((Right(a.readings[i]) ? 1.0 : 0.0) -
                                                  (Right(b.readings[i]) ? 1.0 : 0.0));
  }
  std::vector<DialogueDifferences> differences;
  for (auto& [id, one] : by_dialogue) differences.push_back(std::move(one));
  OrderedJson json = {{"method", a.name},       {"against", b.name}, {"difference", nullptr},
                      {"low", nullptr},         {"high", nullptr},   {"p", nullptr},
                      {"n", differences.size()}};
  if (const auto mean = MeanDifference(differences, {.resamples = kResamples, .seed = seed})) {
    json["difference"] = mean->value;
    json["low"] = mean->interval.low;
    json["high"] = mean->interval.high;
  }
  if (const auto test = SignFlipTest(differences, kResamples, seed)) json["p"] = test->p;
  return json;
}

const Step* FindStep(const Answer& answer, std::string_view name) {
  const auto found = std::ranges::find(answer.steps, name, &Step::name);
  return found == answer.steps.end() ? nullptr : &*found;
}

// The distribution that a step chose from, in the order of `names`.
std::vector<double> Distribution(const Step& step, const std::vector<std::string>& names) {
  const Json output = Json::parse(step.output, nullptr, /*allow_exceptions=*/false);
  const Json given = output.is_object() ? output.value("probabilities", Json::object()) : Json();
  std::vector<double> probabilities;
  for (const std::string& name : names) {
    const auto found = given.find(name);
    if (found == given.end() || !found->is_number()) return {};
    probabilities.push_back(found->get<double>());
  }
  return probabilities;
}

size_t Likeliest(const std::vector<double>& probabilities) {
  return static_cast<size_t>(std::ranges::max_element(probabilities) - probabilities.begin());
}

struct Task {
  std::string id;
  std::string title;
  bool ordered = false;
  std::vector<std::string> labels;
  // Readings of an item by row name; nothing where it has none.
  std::function<std::vector<std::pair<std::string, Reading>>(const ScoredItem&)> read;
};

OrderedJson TaskJson(const Task& task, const std::vector<ScoredItem>& items, Language language,
                     uint64_t seed) {
  std::vector<Row> rows;
  for (const ScoredItem& item : items) {
    if (item.dialogue->language != language || item.labels == nullptr) continue;
    for (auto& [name, reading] : task.read(item)) {
      reading.dialogue = item.item->dialogue;
      auto row = std::ranges::find(rows, name, &Row::name);
      if (row == rows.end()) row = rows.insert(rows.end(), Row{name, false, {}});
      row->readings.push_back(std::move(reading));
    }
  }
  if (rows.empty()) return nullptr;
  OrderedJson json = {{"task", task.id},
                      {"title", task.title},
                      {"language", LanguageCode(language)},
                      {"labels", task.labels},
                      {"rows", OrderedJson::array()},
                      {"comparisons", OrderedJson::array()}};
  const size_t labels = task.labels.size();
  std::vector<Row> trivial = TrivialRows(rows.front().readings, labels, seed);
  for (const Row& row : rows) {
    json["rows"].push_back(RowJson(row, labels, task.ordered, seed));
    if (row.readings.size() != trivial.front().readings.size()) continue;
    json["comparisons"].push_back(CompareRows(row, trivial.front(), seed));
    // A filtered belief beside what was said of the turn alone.
    const auto single = std::ranges::find(rows, row.name + ", one turn", &Row::name);
    if (single != rows.end() && single->readings.size() == row.readings.size()) {
      json["comparisons"].push_back(CompareRows(row, *single, seed));
    }
  }
  for (const Row& row : trivial) json["rows"].push_back(RowJson(row, labels, task.ordered, seed));
  return json;
}

std::vector<std::string> PhaseNames(const PhaseScheme& scheme, Language language) {
  std::vector<std::string> names;
  for (const Phase& phase : scheme.phases) names.push_back(phase.name.in(language));
  return names;
}

// A distribution over another scheme's phases as one over the five.
std::vector<double> OverFive(const std::vector<double>& probabilities, const PhaseScheme& scheme,
                             const PhaseScheme& five) {
  std::vector<double> over(five.phases.size());
  for (size_t i = 0; i < probabilities.size(); ++i) {
    const auto index = five.IndexOf(scheme.phases[i].five_phase);
    if (index) over[*index] += probabilities[i];
  }
  return over;
}

Task PhaseTask(const Knowledge& knowledge) {
  const PhaseScheme& five = knowledge.scheme("five-phase");
  Task task{"phase", "Phase of the talk at the client's turn", true, {}, {}};
  for (const Phase& phase : five.phases) task.labels.push_back(phase.id);
  task.read = [&knowledge, &five](const ScoredItem& item) {
    std::vector<std::pair<std::string, Reading>> readings;
    const auto truth = five.IndexOf(item.labels->phase);
    const Answer& answer = item.item->answer;
    if (!truth || !answer.phase) return readings;
    const PhaseScheme& scheme = knowledge.scheme(answer.phase->scheme);
    Reading reading;
    reading.truth = *truth;
    std::vector<double> belief;
    for (const auto& [id, probability] : answer.phase->probabilities) belief.push_back(probability);
    if (belief.size() == scheme.phases.size()) {
      reading.probabilities = OverFive(belief, scheme, five);
      reading.chosen = Likeliest(reading.probabilities);
      readings.emplace_back(item.item->method, reading);
    }
    const Step* step = FindStep(answer, "phase");
    if (step == nullptr) return readings;
    const std::vector<double> alone =
        Distribution(*step, PhaseNames(scheme, item.dialogue->language));
    if (alone.empty()) return readings;
    reading.probabilities = OverFive(alone, scheme, five);
    reading.chosen = Likeliest(reading.probabilities);
    readings.emplace_back(item.item->method + ", one turn", reading);
    return readings;
  };
  return task;
}

Task EmotionTask(const Knowledge& knowledge) {
  Task task{
      "emotion", "Strongest emotion of the client (right: one of those labelled)", false, {}, {}};
  for (const Emotion& one : knowledge.emotions()) task.labels.push_back(one.id);
  task.read = [labels = task.labels](const ScoredItem& item) {
    std::vector<std::pair<std::string, Reading>> readings;
    const Answer& answer = item.item->answer;
    Reading reading;
    for (const Feeling& one : item.labels->emotions) {
      if (const auto index = IndexOf(labels, one.emotion)) reading.all_true.push_back(*index);
    }
    if (reading.all_true.empty() || !answer.state || answer.state->feels.empty()) return readings;
    const auto chosen = IndexOf(labels, answer.state->feels.front().emotion);
    if (!chosen) return readings;
    reading.truth = reading.all_true.front();
    reading.chosen = *chosen;
    readings.emplace_back(item.item->method, reading);
    return readings;
  };
  return task;
}

Task NeedTask(const Knowledge& knowledge) {
  Task task{"need", "What the client needs first (right: one of those labelled)", false, {}, {}};
  for (const Need& one : knowledge.needs()) task.labels.push_back(one.id);
  task.read = [labels = task.labels](const ScoredItem& item) {
    std::vector<std::pair<std::string, Reading>> readings;
    const Answer& answer = item.item->answer;
    Reading reading;
    for (const std::string& one : item.labels->needs) {
      if (const auto index = IndexOf(labels, one)) reading.all_true.push_back(*index);
    }
    if (reading.all_true.empty() || !answer.state || answer.state->needs.empty()) return readings;
    const auto chosen = IndexOf(labels, answer.state->needs.front());
    if (!chosen) return readings;
    reading.truth = reading.all_true.front();
    reading.chosen = *chosen;
    readings.emplace_back(item.item->method, reading);
    return readings;
  };
  return task;
}

// The strategy that was recorded after a client turn, by our id.
std::optional<size_t> RecordedStrategy(const ScoredItem& item, const Strategies& strategies) {
  const size_t next = item.item->turn + 1;
  if (!item.item->client.empty() || next >= item.dialogue->turns.size()) return std::nullopt;
  const std::string& recorded = item.dialogue->turns[next].strategy;
  for (size_t i = 0; i < strategies.size(); ++i) {
    if (strategies[i].id == recorded) return i;
  }
  const Strategy* spelt = FindByEsconvLabel(strategies, recorded);
  if (spelt == nullptr) return std::nullopt;
  return static_cast<size_t>(spelt - &strategies[0]);
}

Task StrategyTask(const Knowledge& knowledge) {
  Task task{"strategy", "Strategy of the counsellor's next turn", false, {}, {}};
  for (const Strategy& one : knowledge.strategies()) task.labels.push_back(one.id);
  task.read = [&knowledge](const ScoredItem& item) {
    std::vector<std::pair<std::string, Reading>> readings;
    const auto truth = RecordedStrategy(item, knowledge.strategies());
    const Step* step = FindStep(item.item->answer, kStrategyStep);
    if (!truth || step == nullptr) return readings;
    std::vector<std::string> names;
    for (const Strategy& one : knowledge.strategies()) {
      names.push_back(one.name.in(item.dialogue->language));
    }
    Reading reading;
    reading.truth = *truth;
    reading.probabilities = Distribution(*step, names);
    if (reading.probabilities.empty()) return readings;
    reading.chosen = Likeliest(reading.probabilities);
    readings.emplace_back(item.item->method, reading);
    return readings;
  };
  return task;
}

}  // namespace

OrderedJson LabelReport(const std::vector<ScoredItem>& items, const Knowledge& knowledge,
                        uint64_t seed) {
  OrderedJson report = OrderedJson::array();
  for (const Task& task : {PhaseTask(knowledge), EmotionTask(knowledge), NeedTask(knowledge),
                           StrategyTask(knowledge)}) {
    for (const Language language : kAllLanguages) {
      OrderedJson one = TaskJson(task, items, language, seed);
      if (!one.is_null()) report.push_back(std::move(one));
    }
  }
  return report;
}

OrderedJson StrategyReport(const std::vector<ScoredItem>& items, const Knowledge& knowledge) {
  const Task task = StrategyTask(knowledge);
  std::map<std::pair<std::string, Language>, Readings> by_method;
  for (const ScoredItem& item : items) {
    if (item.labels == nullptr) continue;
    for (auto& [name, reading] : task.read(item)) {
      by_method[{name, item.dialogue->language}].push_back(std::move(reading));
    }
  }
  OrderedJson report = OrderedJson::array();
  for (const auto& [key, readings] : by_method) {
    std::vector<const Reading*> all;
    for (const Reading& one : readings) all.push_back(&one);
    const Confusion confusion = ConfusionOf(all, task.labels.size());
    const auto bias = PreferenceBias(confusion);
    if (!bias) continue;
    OrderedJson preference = OrderedJson::array();
    for (const auto& one : bias->preferences) {
      preference.push_back(one ? OrderedJson(*one) : OrderedJson(nullptr));
    }
    const auto scores = ScoreLabels(confusion);
    report.push_back({{"method", key.first},
                      {"language", LanguageCode(key.second)},
                      {"labels", task.labels},
                      {"preference", std::move(preference)},
                      {"bias", bias->bias},
                      {"macro_f1", scores ? OrderedJson(scores->macro_f1) : OrderedJson(nullptr)}});
  }
  return report;
}

OrderedJson LabelAgreement(const std::vector<EvalDialogue>& dialogues, const Knowledge& knowledge) {
  using Of = std::function<std::pair<std::string, std::string>(const EvalTurn&)>;
  const auto ids = [](const auto& entries) {
    std::vector<std::string> labels;
    for (const auto& one : entries) labels.push_back(one.id);
    return labels;
  };
  const auto both = [](const EvalTurn& turn, const auto& label) {
    if (!turn.second) return std::pair<std::string, std::string>();
    return std::pair<std::string, std::string>(label(turn.client), label(*turn.second));
  };
  const std::vector<std::tuple<std::string, std::vector<std::string>, Of>> tasks = {
      {"phase", ids(knowledge.scheme("five-phase").phases),
       [&](const EvalTurn& turn) {
         return both(turn, [](const ClientLabels& labels) { return labels.phase; });
       }},
      {"emotion", ids(knowledge.emotions()),
       [&](const EvalTurn& turn) {
         return both(turn, [](const ClientLabels& labels) {
           return labels.emotions.empty() ? "" : labels.emotions.front().emotion;
         });
       }},
      {"need", ids(knowledge.needs()),
       [&](const EvalTurn& turn) {
         return both(turn, [](const ClientLabels& labels) {
           return labels.needs.empty() ? "" : labels.needs.front();
         });
       }},
      {"risk",
       {"none", "low", "moderate", "high", "imminent"},
       [&](const EvalTurn& turn) {
         return both(turn, [](const ClientLabels& labels) { return labels.risk; });
       }},
      {"strategy", ids(knowledge.strategies()),
       [](const EvalTurn& turn) { return std::pair(turn.strategy, turn.second_strategy); }},
      {"timing", {"well", "early", "late", "off"}, [](const EvalTurn& turn) {
         return std::pair(turn.timing, turn.second_timing);
       }}};
  OrderedJson report = OrderedJson::array();
  for (const auto& [task, labels, of] : tasks) {
    for (const Language language : kAllLanguages) {
      Confusion confusion(labels.size());
      size_t same = 0;
      for (const EvalDialogue& dialogue : dialogues) {
        if (dialogue.language != language) continue;
        for (const EvalTurn& turn : dialogue.turns) {
          const auto [first, second] = of(turn);
          const auto a = IndexOf(labels, first);
          const auto b = IndexOf(labels, second);
          if (!a || !b) continue;
          confusion.Add(*a, *b);
          same += *a == *b ? 1 : 0;
        }
      }
      if (confusion.Total() == 0) continue;
      const auto kappa = CohensKappa(confusion, KappaWeights::kNone);
      report.push_back(
          {{"task", task},
           {"language", LanguageCode(language)},
           {"n", confusion.Total()},
           {"same", static_cast<double>(same) / static_cast<double>(confusion.Total())},
           {"kappa", kappa ? OrderedJson(*kappa) : OrderedJson(nullptr)}});
    }
  }
  return report;
}

}  // namespace emostage
