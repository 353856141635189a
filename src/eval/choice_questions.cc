#include "eval/choice_questions.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "emostage/error.h"
#include "knowledge/prompts.h"

namespace emostage {
namespace {

constexpr size_t kMostOptions = 8;
constexpr std::string_view kLetters = "ABCDEFGH";

// The options with the right one among them; throws where it is not.
void SetOptions(ChoiceQuestion& question, const Json& options, const std::string& right) {
  question.options = options.get<std::vector<std::string>>();
  if (question.options.size() < 2 || question.options.size() > kMostOptions) {
    throw Error(ErrorCode::kInput, "has fewer than two options, or more than eight");
  }
  const auto found = std::ranges::find(question.options, right);
  if (found == question.options.end()) {
    throw Error(ErrorCode::kInput, "has a right answer that is none of its options");
  }
  question.right = static_cast<size_t>(found - question.options.begin());
}

std::vector<ChoiceQuestion> QuestionsOf(const Json& json) {
  ChoiceQuestion question;
  question.id = json.at("qid").get<std::string>();
  const auto language = LanguageFromCode(json.at("language").get<std::string>());
  if (!language) throw Error(ErrorCode::kInput, "is in a language that is not en, zh or ja");
  question.language = *language;
  question.scenario = RepairUtf8(json.at("scenario").get<std::string>());
  question.subject = json.at("subject").get<std::string>();
  std::vector<ChoiceQuestion> questions;
  if (json.contains("emotion_choices")) {
    question.category = json.value("coarse_category", "");
    question.part = "emotion";
    SetOptions(question, json.at("emotion_choices"), json.at("emotion_label").get<std::string>());
    questions.push_back(question);
    question.part = "cause";
    SetOptions(question, json.at("cause_choices"), json.at("cause_label").get<std::string>());
    questions.push_back(std::move(question));
  } else {
    question.category = json.value("category", "");
    question.part = json.value("question type", "Action") == "Response" ? "response" : "action";
    SetOptions(question, json.at("choices"), json.at("label").get<std::string>());
    questions.push_back(std::move(question));
  }
  return questions;
}

Ask AskFor(const ChoiceQuestion& question, const EvalTexts& texts, size_t shift,
           const std::stop_token& stop) {
  std::string text =
      question.scenario + "\n\n" +
      Fill(texts.choice_questions.at(question.part), {{"subject", question.subject}});
  const size_t count = question.options.size();
  for (size_t place = 0; place < count; ++place) {
    text += "\n";
    text += kLetters[place];
    text += ") " + question.options[(place + shift) % count];
  }
  Ask ask;
  ask.system = texts.choice_system;
  ask.messages = {{Speaker::kClient, std::move(text)}};
  ask.instruction = texts.choice_cue;
  ask.answer_prefix = texts.choice_prefix;
  ask.stop = stop;
  return ask;
}

}  // namespace

ChoiceSet ReadChoiceQuestions(std::string_view content, const std::string& name) {
  ChoiceSet set;
  std::map<std::string, std::pair<size_t, int>> faults;
  int number = 0;
  for (const std::string_view line : SplitLines(content)) {
    ++number;
    if (Trim(line).empty()) continue;
    std::string fault;
    try {
      std::vector<ChoiceQuestion> questions = QuestionsOf(ParseJson(line, "the question"));
      std::ranges::move(questions, std::back_inserter(set.questions));
    } catch (const Error& error) {
      fault = error.what();
    } catch (const Json::exception&) {
      fault = "lacks a field";
    }
    if (fault.empty()) continue;
    auto& [times, first] = faults[fault];
    if (times++ == 0) first = number;
  }
  for (const auto& [fault, where] : faults) {
    set.remarks.push_back(std::to_string(where.first) + " lines left out (the first: " + name +
                          " line " + std::to_string(where.second) + " " + fault + ")");
  }
  if (set.questions.empty()) {
    throw Error(ErrorCode::kInput, name + " holds no question in EmoBench's form",
                set.remarks.empty() ? "" : set.remarks.front());
  }
  return set;
}

std::vector<ChoiceResult> AnswerChoices(const std::shared_ptr<Model>& model,
                                        const std::vector<EvalTexts>& texts,
                                        const std::vector<ChoiceQuestion>& questions,
                                        const ChoiceOptions& options) {
  std::vector<ChoiceResult> results;
  for (const ChoiceQuestion& question : questions) {
    if (options.stop.stop_requested()) throw Error(ErrorCode::kCancelled, "stopped");
    const EvalTexts& words = texts[static_cast<size_t>(question.language)];
    const std::unique_ptr<Context> context = model->Open();
    const size_t count = question.options.size();
    std::vector<std::string> letters;
    for (size_t i = 0; i < count; ++i) letters.push_back(std::string(" ") + kLetters[i]);
    std::vector<std::pair<size_t, Future<Choice>>> asked;
    for (size_t order = 0; order < std::max<size_t>(1, options.orders); ++order) {
      // Turned by evenly spread steps, so that the right option stands in many places.
      const size_t shift = order * count / std::max<size_t>(1, options.orders);
      asked.emplace_back(shift,
                         context->choose(AskFor(question, words, shift, options.stop), letters));
    }
    ChoiceResult result;
    result.question = &question;
    result.probabilities.resize(count);
    for (auto& [shift, future] : asked) {
      const Choice choice = future.get();
      result.right_in_order.push_back((choice.best + shift) % count == question.right);
      for (size_t place = 0; place < count; ++place) {
        result.probabilities[(place + shift) % count] +=
            choice.probabilities[place] / static_cast<double>(asked.size());
      }
    }
    result.chosen = static_cast<size_t>(std::ranges::max_element(result.probabilities) -
                                        result.probabilities.begin());
    results.push_back(std::move(result));
    if (options.progress) options.progress(results.size(), questions.size());
  }
  return results;
}

}  // namespace emostage
