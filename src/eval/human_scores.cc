#include "eval/human_scores.h"

#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "emostage/error.h"

namespace emostage {
namespace {

class Reader {
 public:
  explicit Reader(const Knowledge& knowledge) : knowledge_(knowledge) {}

  void Read(const Json& json) {
    HumanScore score;
    score.dimension = json.at("dimension").get<std::string>();
    score.rubric = json.value("rubric", "");
    const size_t slash = score.dimension.find('/');
    if (slash != std::string::npos) {
      score.rubric = score.dimension.substr(0, slash);
      score.dimension.erase(0, slash + 1);
    }
    const Rubric& rubric = knowledge_.rubric(score.rubric);
    const RubricDimension* dimension = rubric.Find(score.dimension);
    if (dimension == nullptr) {
      throw Error(ErrorCode::kInput,
                  "the rubric '" + score.rubric + "' has no dimension '" + score.dimension + "'");
    }
    score.score = json.at("score").get<double>();
    score.method = json.value("method", "");
    score.rater = json.value("rater", "");
    score.item =
        json.contains("talk") ? Item(json, score.method) : json.at("item").get<std::string>();
    if (!(score.score >= dimension->lowest && score.score <= dimension->highest())) {
      ++out_of_range_;
    } else if (!seen_.insert({score.item, score.method, score.rubric, score.dimension, score.rater})
                    .second) {
      ++twice_;
    } else {
      file_.scores.push_back(std::move(score));
    }
  }

  HumanFile Finish() {
    if (out_of_range_ > 0) {
      file_.remarks.push_back(std::to_string(out_of_range_) +
                              " scores outside their scale were left out");
    }
    if (twice_ > 0) {
      file_.remarks.push_back(std::to_string(twice_) +
                              " second scores by the same person were left out");
    }
    return std::move(file_);
  }

 private:
  // The id of the talk and reply of a line; the same words get the same id.
  std::string Item(const Json& json, const std::string& method) {
    JudgeItem item;
    item.history = ParseDialogue(DumpJson(json.at("talk")));
    item.reply = json.value("reply", "");
    item.method = method;
    item.language = DetectLanguage(item.history);
    if (json.contains("language")) {
      const auto language = LanguageFromCode(json.at("language").get<std::string>());
      if (!language) throw Error(ErrorCode::kInput, "a language is en, zh or ja");
      item.language = *language;
    }
    const auto [at, added] = ids_.emplace(
        std::tuple(DialogueToJson(item.history), item.reply, method), json.value("item", ""));
    if (added) {
      if (at->second.empty()) at->second = "talk-" + std::to_string(ids_.size());
      item.id = at->second;
      file_.items.push_back(std::move(item));
    }
    return at->second;
  }

  const Knowledge& knowledge_;
  HumanFile file_;
  std::map<std::tuple<std::string, std::string, std::string>, std::string> ids_;
  std::set<std::tuple<std::string, std::string, std::string, std::string, std::string>> seen_;
  size_t out_of_range_ = 0;
  size_t twice_ = 0;
};

}  // namespace

HumanFile ReadHumanLines(std::string_view text, const std::string& name,
                         const Knowledge& knowledge) {
  Reader reader(knowledge);
  int number = 0;
  for (const std::string_view line : SplitLines(text)) {
    ++number;
    if (Trim(line).empty()) continue;
    const std::string place = name + " line " + std::to_string(number) + ": ";
    try {
      reader.Read(ParseJson(line, "the score"));
    } catch (const Error& error) {
      throw Error(ErrorCode::kInput, place + error.what());
    } catch (const nlohmann::json::exception&) {
      throw Error(ErrorCode::kInput, place + "this is no score",
                  "write {\"talk\", \"reply\", \"rubric\", \"dimension\", \"score\"}");
    }
  }
  HumanFile file = reader.Finish();
  if (file.scores.empty()) throw Error(ErrorCode::kInput, name + " holds no score");
  return file;
}

}  // namespace emostage
