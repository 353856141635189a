#include "eval/judge.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/text.h"
#include "emostage/error.h"

namespace emostage {
namespace {

constexpr int kMarkupTokens = 64;       // a template's own, and what the sum of parts is too low by
constexpr int kLeastTokens = 64;        // of a talk: a context with less room is of no use
constexpr size_t kLongestText = 65536;  // bytes of one turn that are looked at

// One line that begins no cue: whoever wrote it can forge neither a turn nor a task.
std::string OnOneLine(std::string_view text) {
  std::string line;
  const std::string repaired = RepairUtf8(Utf8Prefix(text, kLongestText));
  for (size_t i = 0; i < repaired.size(); ++i) {
    const std::string_view rest = std::string_view(repaired).substr(i);
    const bool separator = rest.starts_with("\u2028") || rest.starts_with("\u2029");
    if (separator) i += 2;
    const char c = separator ? ' ' : repaired[i];
    if (c == '\n' || c == '\t' || c == ' ') {
      if (!line.empty() && line.back() != ' ') line += ' ';
    } else {
      line += c == '[' ? '(' : c == ']' ? ')' : c;
    }
  }
  return std::string(Trim(line));
}

std::string TurnLine(const Turn& turn, const JudgeTexts& texts) {
  return (turn.role == Role::kClient ? texts.client : texts.listener) + OnOneLine(turn.text);
}

// What a dimension is asked by.
std::string ScoreCue(const RubricDimension& dimension, RubricScope scope, Language language,
                     const JudgeTexts& texts) {
  return Fill(
      scope == RubricScope::kReply ? texts.score_reply : texts.score_session,
      {{"question", dimension.question.in(language)}, {"anchors", dimension.AnchorList(language)}});
}

std::vector<std::string> ScoreLabels(const RubricDimension& dimension, const JudgeTexts& texts) {
  std::vector<std::string> labels;
  for (int score = dimension.lowest; score <= dimension.highest(); ++score) {
    labels.push_back(texts.score_gap + std::to_string(score));
  }
  return labels;
}

Ask NewAsk(const JudgeTexts& texts, const std::string& shown, std::string cue,
           const std::string& prefix, const std::stop_token& stop) {
  Ask ask;
  ask.system = texts.system;
  ask.messages = {{Speaker::kClient, shown}};
  ask.instruction = std::move(cue);
  ask.answer_prefix = prefix;
  ask.stop = stop;
  return ask;
}

Dialogue Talk(const JudgeItem& item, RubricScope scope) {
  Dialogue talk = item.history;
  if (talk.turns.empty()) throw Error(ErrorCode::kInput, "item '" + item.id + "' has no talk");
  const bool reply = !Trim(item.reply).empty();
  if (scope == RubricScope::kReply && !reply) {
    throw Error(ErrorCode::kInput, "item '" + item.id + "' has no reply to judge");
  }
  if (scope == RubricScope::kSession && reply) {
    talk.turns.push_back({Role::kCounsellor, item.reply, ""});
  }
  return talk;
}

}  // namespace

Judge::Judge(std::shared_ptr<Model> model, std::shared_ptr<const Knowledge> knowledge,
             std::string name)
    : model_(std::move(model)), knowledge_(std::move(knowledge)), name_(std::move(name)) {
  if (name_.empty()) name_ = model_->info().name;
}

Judge::Shown Judge::Show(const Dialogue& talk, const std::string& tail, const JudgeTexts& texts,
                         const std::vector<std::string>& cues) const {
  std::deque<std::string> lines;
  for (const Turn& turn : talk.turns) lines.push_back(TurnLine(turn, texts));
  size_t left_out = 0;
  const auto text = [&] {
    std::string all = texts.talk;
    for (size_t i = 0; i < lines.size(); ++i) {
      // The opening stays: it tells what the talk is about.
      if (i == 1 && left_out > 0) all += "\n" + texts.cut;
      all += "\n" + lines[i];
    }
    return all + tail;
  };
  const int context = model_->info().context_tokens;
  if (context <= 0) return {text(), 0};
  int room = context - model_->CountTokens(texts.system) - kMarkupTokens;
  int longest = 0;
  for (const std::string& cue : cues) longest = std::max(longest, model_->CountTokens(cue));
  room -= longest;
  if (room < kLeastTokens) {
    throw Error(ErrorCode::kInput,
                "a context of " + std::to_string(context) + " tokens leaves a judge no room",
                "use a larger --context");
  }
  const int fixed = model_->CountTokens(texts.talk + "\n" + texts.cut + tail);
  std::deque<int> tokens;
  int sum = fixed;
  for (const std::string& line : lines) {
    tokens.push_back(model_->CountTokens(line) + 2);
    sum += tokens.back();
  }
  while (sum > room && lines.size() > 2) {
    sum -= tokens[1];
    tokens.erase(tokens.begin() + 1);
    lines.erase(lines.begin() + 1);
    ++left_out;
  }
  if (sum > room && lines.size() == 2) {  // the client's last words matter more than their first
    sum -= tokens.front();
    tokens.pop_front();
    lines.pop_front();
    ++left_out;
  }
  while (sum > room) {
    std::string& line = lines.back();
    const std::string_view kept = Utf8Prefix(line, line.size() * 3 / 4);
    if (kept.size() < 16) {
      throw Error(ErrorCode::kInput, "a reply is too long for the judge's context",
                  "use a larger --context");
    }
    line = std::string(kept) + " " + texts.cut;
    sum += model_->CountTokens(line) + 2 - tokens.back();
    tokens.back() = model_->CountTokens(line) + 2;
    left_out = std::max<size_t>(left_out, 1);
  }
  return {text(), left_out};
}

std::vector<JudgeScore> Judge::Score(const JudgeItem& item, std::span<const Rubric* const> rubrics,
                                     const std::stop_token& stop) const {
  const JudgeTexts& texts = knowledge_->judge_texts(item.language);
  const bool exact = model_->info().capabilities.log_probabilities;
  const std::unique_ptr<Context> context = model_->Open();
  std::vector<JudgeScore> scores;
  // A rubric at a time, so that a long list of them asks no more at once than a short one.
  for (const Rubric* rubric : rubrics) {
    const Dialogue talk = Talk(item, rubric->scope);
    std::vector<std::string> cues;
    for (const RubricDimension& dimension : rubric->dimensions) {
      cues.push_back(ScoreCue(dimension, rubric->scope, item.language, texts));
    }
    const std::string tail = rubric->scope == RubricScope::kReply
                                 ? "\n\n" + texts.reply + "\n" + OnOneLine(item.reply)
                                 : "";
    const Shown shown = Show(talk, tail, texts, cues);
    std::vector<Future<Choice>> asked;
    for (size_t i = 0; i < cues.size(); ++i) {
      asked.push_back(context->choose(NewAsk(texts, shown.text, cues[i], texts.score_prefix, stop),
                                      ScoreLabels(rubric->dimensions[i], texts)));
    }
    for (size_t i = 0; i < asked.size(); ++i) {
      const RubricDimension& dimension = rubric->dimensions[i];
      JudgeScore score;
      score.judge = name_;
      score.item = item.id;
      score.method = item.method;
      score.rubric = rubric->file.id;
      score.rubric_version = rubric->file.version;
      score.dimension = dimension.id;
      score.lowest = dimension.lowest;
      // A model without likelihoods answers choose with one label, bound by a schema.
      score.exact = exact;
      score.left_out = shown.left_out;
      score.Set(asked[i].get().probabilities);
      scores.push_back(std::move(score));
    }
  }
  return scores;
}

std::vector<JudgeScore> Judge::Score(const JudgeItem& item, const Rubric& rubric,
                                     const std::stop_token& stop) const {
  const Rubric* one = &rubric;
  return Score(item, std::span(&one, 1), stop);
}

std::vector<PairScore> Judge::Compare(const JudgePair& pair, const Rubric& rubric,
                                      std::string_view dimension,
                                      const std::stop_token& stop) const {
  if (rubric.scope != RubricScope::kReply) {
    throw Error(ErrorCode::kUsage,
                "the rubric '" + rubric.file.id + "' judges whole sessions, not pairs of replies",
                "compare by a rubric that judges replies");
  }
  if (!dimension.empty() && rubric.Find(dimension) == nullptr) {
    throw Error(ErrorCode::kUsage, "the rubric '" + rubric.file.id + "' has no dimension '" +
                                       std::string(dimension) + "'");
  }
  if (pair.history.turns.empty()) {
    throw Error(ErrorCode::kInput, "pair '" + pair.id + "' has no talk");
  }
  const JudgeTexts& texts = knowledge_->judge_texts(pair.language);
  std::vector<PairScore> scores;
  std::vector<std::string> cues;
  for (const RubricDimension& one : rubric.dimensions) {
    if (!dimension.empty() && one.id != dimension) continue;
    cues.push_back(Fill(texts.compare, {{"question", one.question.in(pair.language)}}));
    PairScore score;
    score.judge = name_;
    score.item = pair.id;
    score.method_a = pair.method_a;
    score.method_b = pair.method_b;
    score.rubric = rubric.file.id;
    score.rubric_version = rubric.file.version;
    score.dimension = one.id;
    score.exact = model_->info().capabilities.log_probabilities;
    scores.push_back(std::move(score));
  }
  const std::vector<std::string> letters = {texts.compare_gap + "A", texts.compare_gap + "B"};
  const std::unique_ptr<Context> context = model_->Open();
  for (const bool a_first : {true, false}) {
    const std::string& first = a_first ? pair.reply_a : pair.reply_b;
    const std::string& second = a_first ? pair.reply_b : pair.reply_a;
    const Shown shown =
        Show(pair.history,
             "\n\n" + texts.reply_a + OnOneLine(first) + "\n" + texts.reply_b + OnOneLine(second),
             texts, cues);
    std::vector<Future<Choice>> asked;
    for (const std::string& cue : cues) {
      asked.push_back(
          context->choose(NewAsk(texts, shown.text, cue, texts.compare_prefix, stop), letters));
    }
    for (size_t i = 0; i < asked.size(); ++i) {
      const double of_first = asked[i].get().probabilities.front();
      (a_first ? scores[i].a_first : scores[i].a_second) = a_first ? of_first : 1 - of_first;
      scores[i].left_out = shown.left_out;
    }
  }
  return scores;
}

}  // namespace emostage
