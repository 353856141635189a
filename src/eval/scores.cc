#include "eval/scores.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "eval/metrics/diversity.h"
#include "eval/metrics/resampling.h"
#include "eval/metrics/text_metrics.h"

namespace emostage {
namespace {

TextUnits UnitsOf(Language language) {
  return language == Language::kEnglish ? TextUnits::kWords : TextUnits::kCharacters;
}

MetricTokens TokensOf(Language language) {
  switch (language) {
    case Language::kChinese:
      return MetricTokens::kZh;
    case Language::kJapanese:
      return MetricTokens::kChar;
    case Language::kEnglish:
      break;
  }
  return MetricTokens::k13a;
}

std::string ReferenceOf(const EvalDialogue& dialogue, const EvalItem& item) {
  // A simulated client went another way than the recorded one.
  if (!item.client.empty() || item.turn + 1 >= dialogue.turns.size()) return "";
  const EvalTurn& next = dialogue.turns[item.turn + 1];
  return next.role == Role::kCounsellor ? next.text : "";
}

void Measure(ScoredItem& scored) {
  const Answer& answer = scored.item->answer;
  const std::string& reply = answer.reply;
  const Language language = scored.dialogue->language;
  const TextUnits units = UnitsOf(language);
  auto& values = scored.values;
  if (!scored.reference.empty()) {
    values["chrf"] = SentenceChrf(reply, scored.reference);
    values["rouge_l"] = 100 * SentenceRougeL(reply, scored.reference, units).f1;
    values["bleu"] = SentenceBleu(reply, scored.reference, TokensOf(language)).scores[3];
  }
  if (scored.item->log_perplexity) values["log_perplexity"] = *scored.item->log_perplexity;
  if (scored.item->similarity) values["similarity"] = *scored.item->similarity;
  values["length"] = static_cast<double>(TextLength(reply, units));
  values["question"] = HoldsQuestion(reply) ? 1 : 0;
  if (const auto repeated = Repetition(reply, units)) values["repetition"] = *repeated;
  if (IsTrivialBaseline(scored.item->method)) return;
  values["took_over"] = answer.risk.took_over ? 1 : 0;
  values["held_back"] = answer.risk.held_back.empty() ? 0 : 1;
  values["ms"] = answer.total_ms;
  values["first_token_ms"] = answer.first_token_ms;
  double read = 0;
  double reused = 0;
  double written = 0;
  for (const Step& step : answer.steps) {
    read += step.prompt_tokens - step.reused_tokens;
    reused += step.reused_tokens;
    written += step.output_tokens;
  }
  values["calls"] = static_cast<double>(answer.steps.size());
  values["read"] = read;
  values["reused"] = reused;
  values["written"] = written;
}

}  // namespace

bool IsTrivialBaseline(std::string_view method) {
  return method == kCopyBaseline || method == kRandomBaseline;
}

std::vector<EvalItem> TrivialItems(const FinishedRun& run, uint64_t seed) {
  std::vector<EvalItem> items;
  if (run.manifest.mode != EvalMode::kNextTurn) return items;
  std::map<Language, std::vector<const std::string*>> recorded;
  for (const EvalDialogue& dialogue : run.dialogues) {
    for (const EvalTurn& turn : dialogue.turns) {
      if (turn.role == Role::kCounsellor) recorded[dialogue.language].push_back(&turn.text);
    }
  }
  std::map<std::string, std::vector<size_t>> answered;
  for (const EvalItem& item : run.items) {
    if (item.error.empty()) answered[item.dialogue].push_back(item.turn);
  }
  for (const EvalDialogue& dialogue : run.dialogues) {
    std::vector<size_t> turns = answered[dialogue.id];
    std::ranges::sort(turns);
    const auto repeated = std::ranges::unique(turns);
    turns.erase(repeated.begin(), repeated.end());
    for (const size_t turn : turns) {
      EvalItem item;
      item.dialogue = dialogue.id;
      item.turn = turn;
      item.answer.language = dialogue.language;
      item.method = kCopyBaseline;
      item.answer.reply = dialogue.turns[turn].text;
      items.push_back(item);
      const auto& pool = recorded[dialogue.language];
      if (pool.empty()) continue;
      SeededDraws draws(ItemSeed(seed, dialogue.id, turn));
      item.method = kRandomBaseline;
      item.answer.reply = *pool[draws.Below(pool.size())];
      items.push_back(std::move(item));
    }
  }
  return items;
}

const std::vector<MetricInfo>& ReplyMetrics() {
  static const auto& metrics = *new const std::vector<MetricInfo>{
      {"chrf", "chrF", "overlap", "higher", "",
       "runs of up to six characters shared with the recorded reply, 0 to 100 (sacreBLEU's chrF2)"},
      {"rouge_l", "ROUGE-L", "overlap", "higher", "",
       "longest common subsequence with the recorded reply, F1, 0 to 100; words in en, characters "
       "in zh and ja"},
      {"bleu", "BLEU-4, a reply", "overlap", "higher", "",
       "runs of up to four tokens shared with the recorded reply, 0 to 100, mean over replies"},
      {"similarity", "Embedding similarity", "overlap", "higher", "",
       "cosine of the reply's and the recorded reply's embeddings by the model itself "
       "(--model-metrics)"},
      {"log_perplexity", "Log-perplexity", "text", "neither", "nats",
       "mean surprise of a reply's token under the model itself, asked as a plain listener; its "
       "exponential is the perplexity (--model-metrics)"},
      {"length", "Length", "text", "neither", "",
       "words of a reply in en, characters in zh and ja"},
      {"question", "Asks", "text", "neither", "", "share of replies that hold a question"},
      {"repetition", "Repetition", "text", "lower", "",
       "share of a reply's runs of three units that it held before"},
      {"took_over", "Safety answered", "safety", "neither", "",
       "share of turns that the safety protocol answered in the method's place", false},
      {"held_back", "Held back", "safety", "lower", "",
       "share of replies of which a draft broke a safety rule", false},
      {"ms", "Time of a turn", "cost", "lower", "ms", "from the client's words to the reply's end"},
      {"first_token_ms", "First characters", "cost", "lower", "ms",
       "from the client's words to the reply's first characters"},
      {"calls", "Questions", "cost", "lower", "", "steps of a turn", false},
      {"read", "Tokens read", "cost", "lower", "", "prompt tokens that had to be read", false},
      {"reused", "Tokens reused", "cost", "neither", "", "prompt tokens found read already", false},
      {"written", "Tokens written", "cost", "lower", "", "of all steps", false},
  };
  return metrics;
}

std::vector<ScoredItem> ScoreItems(const std::vector<EvalItem>& items,
                                   const std::vector<EvalDialogue>& dialogues) {
  std::unordered_map<std::string_view, const EvalDialogue*> by_id;
  for (const EvalDialogue& dialogue : dialogues) by_id[dialogue.id] = &dialogue;
  std::vector<ScoredItem> scored;
  for (const EvalItem& item : items) {
    const auto found = by_id.find(item.dialogue);
    if (!item.error.empty() || found == by_id.end()) continue;
    ScoredItem one;
    one.item = &item;
    one.dialogue = found->second;
    one.reference = ReferenceOf(*one.dialogue, item);
    if (item.client.empty() && item.turn < one.dialogue->turns.size()) {
      one.labels = &one.dialogue->turns[item.turn].client;
    }
    Measure(one);
    scored.push_back(std::move(one));
  }
  return scored;
}

}  // namespace emostage
