#include "eval/report.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "emostage/error.h"
#include "emostage/session.h"
#include "emostage/version.h"
#include "eval/label_report.h"
#include "eval/metrics/diversity.h"
#include "eval/metrics/resampling.h"
#include "eval/metrics/statistics.h"
#include "eval/metrics/text_metrics.h"

namespace emostage {
namespace {

constexpr const char* kAll = "all";
constexpr const char* kTooFew = "fewer than 6 dialogues";

using Key = std::tuple<std::string_view, std::string_view, size_t>;  // method, dialogue, turn

bool InSlice(const ScoredItem& item, std::string_view language, std::string_view phase) {
  if (language != kAll && LanguageCode(item.dialogue->language) != language) return false;
  return phase == kAll || (item.labels != nullptr && item.labels->phase == phase);
}

// What one method scored in one metric, by dialogue.
using ByDialogue = std::map<std::string_view, std::vector<double>>;

ByDialogue ValuesOf(const std::vector<ScoredItem>& items, std::string_view method,
                    std::string_view metric, std::string_view language, std::string_view phase) {
  ByDialogue values;
  for (const ScoredItem& item : items) {
    if (item.item->method != method || !InSlice(item, language, phase)) continue;
    const auto found = item.values.find(metric);
    if (found != item.values.end()) values[item.item->dialogue].push_back(found->second);
  }
  return values;
}

OrderedJson ValueJson(const ByDialogue& values, const ReportOptions& options) {
  std::vector<std::pair<double, size_t>> sums;
  double sum = 0;
  size_t count = 0;
  for (const auto& [dialogue, some] : values) {
    double of = 0;
    for (const double value : some) of += value;
    sums.emplace_back(of, some.size());
    sum += of;
    count += some.size();
  }
  OrderedJson json = {{"n", count},     {"dialogues", sums.size()}, {"mean", nullptr},
                      {"low", nullptr}, {"high", nullptr},          {"why", nullptr}};
  if (count == 0) {
    json["why"] = "nothing to measure";
    return json;
  }
  json["mean"] = sum / static_cast<double>(count);
  const auto mean = [&sums](std::span<const std::size_t> drawn) -> std::optional<double> {
    double drawn_sum = 0;
    size_t drawn_count = 0;
    for (const std::size_t i : drawn) {
      drawn_sum += sums[i].first;
      drawn_count += sums[i].second;
    }
    if (drawn_count == 0) return std::nullopt;
    return drawn_sum / static_cast<double>(drawn_count);
  };
  const auto estimate =
      Bootstrap(sums.size(), mean, {.resamples = options.resamples, .seed = options.seed});
  if (estimate) {
    json["low"] = estimate->interval.low;
    json["high"] = estimate->interval.high;
  } else {
    json["why"] = kTooFew;
  }
  return json;
}

// Both methods' scores where both have one.
struct Paired {
  std::vector<DialogueDifferences> differences;
  std::vector<std::vector<ReplyPair>> lengths;
  std::vector<double> of_dialogues;  // mean difference of each
};

Paired Pair(const std::vector<const ScoredItem*>& a, const std::vector<const ScoredItem*>& b,
            std::string_view metric) {
  std::map<std::pair<std::string_view, size_t>, const ScoredItem*> other;
  for (const ScoredItem* item : b) other[{item->item->dialogue, item->item->turn}] = item;
  std::map<std::string_view, std::pair<DialogueDifferences, std::vector<ReplyPair>>> by_dialogue;
  for (const ScoredItem* item : a) {
    const auto found = other.find({item->item->dialogue, item->item->turn});
    if (found == other.end()) continue;
    const auto x = item->values.find(metric);
    const auto y = found->second->values.find(metric);
    if (x == item->values.end() || y == found->second->values.end()) continue;
    const double difference = x->second - y->second;
    auto& [differences, lengths] = by_dialogue[item->item->dialogue];
    differences.push_back(difference);
    lengths.push_back({difference, item->values.at("length"), found->second->values.at("length")});
  }
  Paired paired;
  for (auto& [dialogue, one] : by_dialogue) {
    double sum = 0;
    for (const double difference : one.first) sum += difference;
    paired.of_dialogues.push_back(sum / static_cast<double>(one.first.size()));
    paired.differences.push_back(std::move(one.first));
    paired.lengths.push_back(std::move(one.second));
  }
  return paired;
}

OrderedJson IntervalJson(const Estimate& estimate) {
  return {{"difference", estimate.value},
          {"low", estimate.interval.low},
          {"high", estimate.interval.high}};
}

OrderedJson ComparisonJson(const Paired& paired, const MetricInfo& metric,
                           const ReportOptions& options) {
  OrderedJson json = {{"difference", nullptr},
                      {"low", nullptr},
                      {"high", nullptr},
                      {"p", nullptr},
                      {"p_holm", nullptr},
                      {"effect", nullptr},
                      {"n", paired.differences.size()},
                      {"at_equal_length", nullptr},
                      {"why", nullptr}};
  const BootstrapOptions bootstrap = {.resamples = options.resamples, .seed = options.seed};
  const auto mean = MeanDifference(paired.differences, bootstrap);
  if (!mean) {
    json["why"] = kTooFew;
    return json;
  }
  json.update(IntervalJson(*mean));
  if (const auto test = SignFlipTest(paired.differences, options.resamples, options.seed)) {
    json["p"] = test->p;
  }
  if (const auto effect = CohensDz(paired.of_dialogues)) json["effect"] = *effect;
  if (metric.group == "cost" || metric.id == "length") return json;
  if (const auto equal = LengthControlledDifference(paired.lengths, bootstrap)) {
    json["at_equal_length"] = IntervalJson(equal->at_equal_length);
  }
  return json;
}

// Holm's correction over all methods that one metric is compared for in one language.
void CorrectTogether(OrderedJson& comparisons, size_t from) {
  std::vector<double> p;
  std::vector<size_t> where;
  for (size_t i = from; i < comparisons.size(); ++i) {
    if (comparisons[i]["p"].is_null()) continue;
    p.push_back(comparisons[i]["p"].get<double>());
    where.push_back(i);
  }
  const std::vector<double> corrected = Holm(p);
  for (size_t i = 0; i < where.size(); ++i) comparisons[where[i]]["p_holm"] = corrected[i];
}

class Builder {
 public:
  Builder(const FinishedRun& run, const Knowledge& knowledge, const ReportOptions& options)
      : run_(run),
        knowledge_(knowledge),
        options_(options),
        trivial_(TrivialItems(run, options.seed)),
        scored_(ScoreItems(run.items, run.dialogues)) {
    std::vector<ScoredItem> more = ScoreItems(trivial_, run.dialogues);
    std::ranges::move(more, std::back_inserter(scored_));
    metrics_ = ReplyMetrics();
    for (const MetricInfo& metric : options.extra_metrics) metrics_.push_back(metric);
    AddExtraScores();
    std::set<std::string> seen;
    for (const std::string& method : run.manifest.methods) {
      if (seen.insert(method).second) methods_.push_back(method);
    }
    if (run.manifest.mode == EvalMode::kNextTurn) {
      methods_.emplace_back(kCopyBaseline);
      methods_.emplace_back(kRandomBaseline);
    }
    languages_ = {kAll};
    for (const Language language : kAllLanguages) {
      if (std::ranges::any_of(scored_, [language](const ScoredItem& item) {
            return item.dialogue->language == language;
          })) {
        languages_.emplace_back(LanguageCode(language));
      }
    }
    if (languages_.size() == 2) languages_.erase(languages_.begin() + 1);  // "all" is that one
    baseline_ = options.baseline;
    if (baseline_.empty()) {
      baseline_ =
          std::ranges::find(methods_, "direct") != methods_.end() ? "direct" : methods_.front();
    }
    if (std::ranges::find(methods_, baseline_) == methods_.end()) {
      throw Error(ErrorCode::kUsage, "the run has no method '" + baseline_ + "' to compare with",
                  "give --baseline one of its methods");
    }
  }

  OrderedJson Build() {
    OrderedJson report = Head();
    const bool replies = run_.manifest.mode != EvalMode::kTask;
    report["metrics"] = replies ? Metrics() : OrderedJson::array();
    report["corpus"] = replies ? Corpus() : OrderedJson::array();
    report["labels"] = LabelReport(scored_, knowledge_, options_.seed);
    report["strategies"] = StrategyReport(scored_, knowledge_);
    report["agreement"] = Agreement();
    report["cost"] = Cost();
    report["examples"] = replies ? Examples() : OrderedJson::array();
    return report;
  }

  [[nodiscard]] const std::vector<ScoredItem>& scored() const { return scored_; }
  [[nodiscard]] const std::vector<MetricInfo>& metrics() const { return metrics_; }
  [[nodiscard]] const std::vector<std::string>& languages() const { return languages_; }

  [[nodiscard]] std::vector<const ScoredItem*> Of(std::string_view method,
                                                  std::string_view language) const {
    std::vector<const ScoredItem*> some;
    for (const ScoredItem& item : scored_) {
      if (item.item->method == method && InSlice(item, language, kAll)) some.push_back(&item);
    }
    return some;
  }

  OrderedJson Head() {
    const RunManifest& manifest = run_.manifest;
    std::map<std::string, size_t> languages;
    for (const EvalDialogue& dialogue : run_.dialogues) {
      ++languages[std::string(LanguageCode(dialogue.language))];
    }
    std::map<std::string, std::pair<size_t, size_t>> counts;
    for (const EvalItem& item : run_.items) {
      auto& [items, failed] = counts[item.method];
      ++items;
      failed += item.error.empty() ? 0 : 1;
    }
    std::vector<std::string> notes = manifest.remarks;
    OrderedJson methods = OrderedJson::array();
    for (const std::string& method : methods_) {
      const auto [items, failed] = counts[method];
      methods.push_back({{"id", method},
                         {"summary", SummaryOf(method)},
                         {"trivial", IsTrivialBaseline(method)},
                         {"items", items},
                         {"failed", failed}});
      if (failed > 0) {
        notes.push_back(method + ": " + std::to_string(failed) + " of " + std::to_string(items) +
                        " turns have no answer and no figure (" + FirstError(method) + ")");
      }
    }
    for (const std::string& note : options_.notes) notes.push_back(note);
    OrderedJson head = {{"version", 1},
                        {"title", "Evaluation on " + DataName()},
                        {"made", manifest.made},
                        {"command", manifest.command},
                        {"emostage", manifest.program},
                        {"model", {{"name", manifest.model_name}, {"id", manifest.model_id}}},
                        {"judges", options_.judges},
                        {"data",
                         {{"name", DataName()},
                          {"sha256", manifest.data_sha256},
                          {"dialogues", run_.dialogues.size()},
                          {"items", run_.items.size()},
                          {"languages", languages}}},
                        {"mode", EvalModeName(manifest.mode)},
                        {"seed", manifest.seed}};
    head["shard"] = nullptr;
    head["notes"] = notes;
    head["baseline"] = baseline_;
    head["methods"] = std::move(methods);
    return head;
  }

 private:
  void AddExtraScores() {
    std::map<Key, ScoredItem*> by_key;
    for (ScoredItem& item : scored_) {
      by_key[{item.item->method, item.item->dialogue, item.item->turn}] = &item;
    }
    for (const ExtraScore& score : options_.extra_scores) {
      const auto found = by_key.find({score.method, score.dialogue, score.turn});
      if (found != by_key.end()) found->second->values[score.metric] = score.value;
    }
  }

  [[nodiscard]] std::string DataName() const {
    const std::string& source = run_.manifest.data_source;
    const size_t slash = source.find_last_of('/');
    std::string name = slash == std::string::npos ? source : source.substr(slash + 1);
    if (name == "scenarios") name += " (" + run_.manifest.filter.split + ")";
    return name;
  }

  static std::string SummaryOf(const std::string& method) {
    if (method == kCopyBaseline) return "no method: the client's own words given back";
    if (method == kRandomBaseline) return "no method: a reply recorded at another place";
    for (const auto& [name, summary] : MethodList()) {
      if (name == method) return summary;
    }
    return "";
  }

  [[nodiscard]] std::string FirstError(const std::string& method) const {
    for (const EvalItem& item : run_.items) {
      if (item.method == method && !item.error.empty()) return item.error;
    }
    return "";
  }

  [[nodiscard]] std::vector<std::string> Phases() const {
    std::vector<std::string> phases = {kAll};
    for (const Phase& phase : knowledge_.scheme("five-phase").phases) {
      if (std::ranges::any_of(scored_, [&phase](const ScoredItem& item) {
            return item.labels != nullptr && item.labels->phase == phase.id;
          })) {
        phases.push_back(phase.id);
      }
    }
    return phases;
  }

  OrderedJson Metrics() {
    OrderedJson metrics = OrderedJson::array();
    const std::vector<std::string> phases = Phases();
    for (const MetricInfo& metric : metrics_) {
      OrderedJson values = OrderedJson::array();
      OrderedJson comparisons = OrderedJson::array();
      for (const std::string& language : languages_) {
        for (const std::string& method : methods_) {
          for (const std::string& phase : phases) {
            const ByDialogue some = ValuesOf(scored_, method, metric.id, language, phase);
            if (some.empty()) continue;
            OrderedJson value = {{"method", method}, {"language", language}, {"phase", phase}};
            value.update(ValueJson(some, options_));
            values.push_back(std::move(value));
          }
        }
        if (!metric.compared) continue;
        const size_t from = comparisons.size();
        const std::vector<const ScoredItem*> baseline = Of(baseline_, language);
        for (const std::string& method : methods_) {
          if (method == baseline_) continue;
          const Paired paired = Pair(Of(method, language), baseline, metric.id);
          if (paired.differences.empty()) continue;
          OrderedJson one = {{"method", method}, {"against", baseline_}, {"language", language}};
          one.update(ComparisonJson(paired, metric, options_));
          comparisons.push_back(std::move(one));
        }
        CorrectTogether(comparisons, from);
      }
      if (values.empty()) continue;
      metrics.push_back({{"id", metric.id},
                         {"title", metric.title},
                         {"group", metric.group},
                         {"better", metric.better},
                         {"unit", metric.unit},
                         {"about", metric.about},
                         {"values", std::move(values)},
                         {"comparisons", std::move(comparisons)}});
    }
    return metrics;
  }

  // Figures of all replies together, which no single reply has.
  OrderedJson Corpus() const {
    OrderedJson rows = OrderedJson::array();
    for (const Language language : kAllLanguages) {
      const TextUnits units =
          language == Language::kEnglish ? TextUnits::kWords : TextUnits::kCharacters;
      const MetricTokens tokens = language == Language::kEnglish   ? MetricTokens::k13a
                                  : language == Language::kChinese ? MetricTokens::kZh
                                                                   : MetricTokens::kChar;
      for (const std::string& method : methods_) {
        std::vector<std::string> replies;
        std::vector<std::string> answered;
        std::vector<std::string> references;
        for (const ScoredItem* item : Of(method, LanguageCode(language))) {
          replies.push_back(item->item->answer.reply);
          if (item->reference.empty()) continue;
          answered.push_back(item->item->answer.reply);
          references.push_back(item->reference);
        }
        if (replies.empty()) continue;
        OrderedJson row = {
            {"method", method}, {"language", LanguageCode(language)}, {"replies", replies.size()}};
        if (!references.empty()) {
          const Bleu bleu = CorpusBleu(answered, references, tokens);
          for (size_t order = 1; order <= 4; ++order) {
            row["bleu_" + std::to_string(order)] = bleu.scores[order - 1];
          }
          row["chrf"] = CorpusChrf(answered, references);
        }
        for (size_t n = 1; n <= 3; ++n) {
          const auto distinct = Distinct(replies, n, units);
          row["distinct_" + std::to_string(n)] =
              distinct ? OrderedJson(*distinct) : OrderedJson(nullptr);
        }
        rows.push_back(std::move(row));
      }
    }
    return rows;
  }

  // How far two people who labelled the same turns agree: the ceiling for any method.
  OrderedJson Agreement() const { return LabelAgreement(run_.dialogues, knowledge_); }

  OrderedJson Cost() const {
    OrderedJson rows = OrderedJson::array();
    for (const std::string& method : methods_) {
      if (IsTrivialBaseline(method)) continue;
      const auto mean = [&](std::string_view metric) {
        return ValueJson(ValuesOf(scored_, method, metric, kAll, kAll), options_);
      };
      const OrderedJson ms = mean("ms");
      if (ms["n"] == 0) continue;
      rows.push_back({{"method", method},
                      {"ms", {{"mean", ms["mean"]}, {"low", ms["low"]}, {"high", ms["high"]}}},
                      {"first_token_ms", mean("first_token_ms")["mean"]},
                      {"calls", mean("calls")["mean"]},
                      {"read", mean("read")["mean"]},
                      {"reused", mean("reused")["mean"]},
                      {"written", mean("written")["mean"]}});
    }
    return rows;
  }

  [[nodiscard]] const MetricInfo* FirstQuality() const {
    const MetricInfo* first = nullptr;
    for (const MetricInfo& metric : metrics_) {
      const bool measured = std::ranges::any_of(
          scored_, [&](const ScoredItem& item) { return item.values.contains(metric.id); });
      if (!measured) continue;
      if (metric.group == "judge") return &metric;
      if (first == nullptr && metric.group == "overlap") first = &metric;
    }
    return first;
  }

  OrderedJson Examples() const {
    OrderedJson examples = OrderedJson::array();
    const MetricInfo* metric = FirstQuality();
    if (metric == nullptr) return examples;
    for (const std::string& method : methods_) {
      if (IsTrivialBaseline(method)) continue;
      std::vector<const ScoredItem*> some;
      for (const ScoredItem* item : Of(method, kAll)) {
        if (item->values.contains(metric->id)) some.push_back(item);
      }
      std::ranges::stable_sort(some, {},
                               [&](const ScoredItem* item) { return item->values.at(metric->id); });
      const size_t each = std::min(options_.examples, some.size() / 2);
      for (size_t i = 0; i < each; ++i) {
        examples.push_back(ExampleJson(*some[i], "lowest " + metric->title));
        examples.push_back(ExampleJson(*some[some.size() - 1 - i], "highest " + metric->title));
      }
    }
    return examples;
  }

  [[nodiscard]] OrderedJson ExampleJson(const ScoredItem& item, const std::string& why) const {
    OrderedJson history = OrderedJson::array();
    const auto add = [&history](Role role, const std::string& text) {
      history.push_back({{"role", RoleName(role)}, {"text", text}});
    };
    if (item.item->client.empty()) {
      for (size_t i = 0; i <= item.item->turn && i < item.dialogue->turns.size(); ++i) {
        add(item.dialogue->turns[i].role, item.dialogue->turns[i].text);
      }
    } else {
      for (const EvalItem& before : run_.items) {
        if (before.method != item.item->method || before.dialogue != item.item->dialogue ||
            before.turn > item.item->turn) {
          continue;
        }
        add(Role::kClient, before.client);
        if (before.turn < item.item->turn) add(Role::kCounsellor, before.answer.reply);
      }
    }
    OrderedJson scores = OrderedJson::object();
    for (const MetricInfo& metric : metrics_) {
      const auto found = item.values.find(metric.id);
      if (metric.group != "cost" && found != item.values.end()) {
        scores[metric.title] = found->second;
      }
    }
    return {{"why", why},
            {"method", item.item->method},
            {"dialogue", item.item->dialogue},
            {"turn", item.item->turn},
            {"history", std::move(history)},
            {"reply", item.item->answer.reply},
            {"reference", item.reference},
            {"scores", std::move(scores)},
            {"answer", OrderedJson::parse(AnswerToJson(item.item->answer))}};
  }

  const FinishedRun& run_;
  const Knowledge& knowledge_;
  const ReportOptions& options_;
  const std::vector<EvalItem> trivial_;
  std::vector<ScoredItem> scored_;
  std::vector<MetricInfo> metrics_;
  std::vector<std::string> methods_;
  std::vector<std::string> languages_;
  std::string baseline_;
};

std::string CsvField(const OrderedJson& value) {
  if (value.is_null()) return "";
  std::string text = value.is_string() ? value.get<std::string>() : DumpJson(value);
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char letter : text) {
    quoted += letter;
    if (letter == '"') quoted += '"';
  }
  return quoted + '"';
}

std::string CsvRow(const std::vector<OrderedJson>& fields) {
  std::string row;
  for (const OrderedJson& field : fields) {
    if (!row.empty() || &field != fields.data()) row += ',';
    row += CsvField(field);
  }
  return row + "\r\n";
}

}  // namespace

OrderedJson BuildReport(const FinishedRun& run, const Knowledge& knowledge,
                        const ReportOptions& options) {
  return Builder(run, knowledge, options).Build();
}

OrderedJson CompareRuns(const FinishedRun& a, const FinishedRun& b, const Knowledge& knowledge,
                        const ReportOptions& options) {
  Builder first(a, knowledge, options);
  Builder second(b, knowledge, options);
  OrderedJson report = first.Head();
  report["title"] = "Two runs compared: " + a.manifest.model_name + " and " + b.manifest.model_name;
  report["runs"] = OrderedJson::array();
  for (const FinishedRun* run : {&a, &b}) {
    report["runs"].push_back({{"model", run->manifest.model_name},
                              {"command", run->manifest.command},
                              {"made", run->manifest.made},
                              {"methods", run->manifest.methods}});
  }
  report["compare"] = OrderedJson::array();
  for (const MetricInfo& metric : first.metrics()) {
    for (const std::string& language : first.languages()) {
      const size_t from = report["compare"].size();
      for (const std::string& method : a.manifest.methods) {
        const auto ours = first.Of(method, language);
        const auto theirs = second.Of(method, language);
        const Paired paired = Pair(theirs, ours, metric.id);
        if (paired.differences.empty()) continue;
        const auto mean = [&](const std::vector<const ScoredItem*>& items) {
          double sum = 0;
          size_t count = 0;
          for (const ScoredItem* item : items) {
            const auto found = item->values.find(metric.id);
            if (found == item->values.end()) continue;
            sum += found->second;
            ++count;
          }
          return count == 0 ? OrderedJson(nullptr) : OrderedJson(sum / static_cast<double>(count));
        };
        OrderedJson one = {{"metric", metric.id},   {"title", metric.title},
                           {"group", metric.group}, {"better", metric.better},
                           {"method", method},      {"language", language},
                           {"a", mean(ours)},       {"b", mean(theirs)}};
        one.update(ComparisonJson(paired, metric, options));
        report["compare"].push_back(std::move(one));
      }
      CorrectTogether(report["compare"], from);
    }
  }
  if (report["compare"].empty()) {
    throw Error(ErrorCode::kUsage, "the two runs have no method on the same turns in common",
                "run the same methods over the same data");
  }
  return report;
}

std::string ReportCsv(const OrderedJson& report) {
  std::string csv = CsvRow({"kind", "metric", "method", "against", "language", "phase", "n",
                            "dialogues", "value", "low", "high", "p", "p_holm", "effect", "why"});
  const auto at = [](const OrderedJson& json, const char* key) {
    return json.value(key, OrderedJson());
  };
  if (report.contains("metrics")) {
    for (const OrderedJson& metric : report["metrics"]) {
      for (const OrderedJson& one : metric["values"]) {
        csv += CsvRow({"mean", metric["id"], one["method"], nullptr, one["language"], one["phase"],
                       one["n"], one["dialogues"], one["mean"], one["low"], one["high"], nullptr,
                       nullptr, nullptr, one["why"]});
      }
      for (const OrderedJson& one : metric["comparisons"]) {
        csv += CsvRow({"difference", metric["id"], one["method"], one["against"], one["language"],
                       kAll, nullptr, one["n"], one["difference"], one["low"], one["high"],
                       one["p"], one["p_holm"], one["effect"], one["why"]});
      }
    }
  }
  if (report.contains("compare")) {
    for (const OrderedJson& one : report["compare"]) {
      csv += CsvRow({"run difference", one["metric"], one["method"], nullptr, one["language"], kAll,
                     nullptr, one["n"], one["difference"], one["low"], one["high"], one["p"],
                     one["p_holm"], one["effect"], one["why"]});
    }
  }
  if (report.contains("labels")) {
    for (const OrderedJson& task : report["labels"]) {
      for (const OrderedJson& row : task["rows"]) {
        for (const char* figure : {"accuracy", "macro_f1", "kappa"}) {
          csv +=
              CsvRow({"label", task["task"].get<std::string>() + " " + figure, row["method"],
                      nullptr, task["language"], kAll, row["n"], nullptr, row[figure]["value"],
                      row[figure]["low"], row[figure]["high"], nullptr, nullptr, nullptr, nullptr});
        }
        for (const char* figure : {"ece", "brier"}) {
          if (at(row, figure).is_null()) continue;
          csv += CsvRow({"label", task["task"].get<std::string>() + " " + figure, row["method"],
                         nullptr, task["language"], kAll, row["n"], nullptr, row[figure], nullptr,
                         nullptr, nullptr, nullptr, nullptr, nullptr});
        }
      }
    }
  }
  return csv;
}

}  // namespace emostage
