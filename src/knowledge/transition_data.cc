#include "knowledge/transition_data.h"

#include <algorithm>
#include <array>
#include <utility>

#include "emostage/error.h"
#include "knowledge/toml_reader.h"

namespace emostage {
namespace {

constexpr std::array<std::string_view, 5> kTraits = {
    "openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"};

double NumberBetween(const TomlTable& table, std::string_view key, double least, double most) {
  const double number = table.Number(key);
  if (!(number >= least && number <= most)) {
    table.FailAt(key, std::string(key) + " must lie between " + std::to_string(least) + " and " +
                          std::to_string(most));
  }
  return number;
}

// A trait that a table leaves out weighs nothing.
std::array<double, 5> ReadTraits(const TomlTable& table, double least) {
  table.AllowOnly({kTraits[0], kTraits[1], kTraits[2], kTraits[3], kTraits[4]});
  std::array<double, 5> traits{};
  for (size_t i = 0; i < kTraits.size(); ++i) {
    if (table.Has(kTraits[i])) traits[i] = NumberBetween(table, kTraits[i], least, 1);
  }
  return traits;
}

double Weigh(const std::array<double, 5>& traits, const std::array<double, 5>& weights) {
  double sum = 0;
  for (size_t i = 0; i < traits.size(); ++i) sum += traits[i] * weights[i];
  return sum;
}

double SquaredDistance(const Vad& a, const Vad& b) {
  const double valence = a.valence - b.valence;
  const double arousal = a.arousal - b.arousal;
  const double dominance = a.dominance - b.dominance;
  return valence * valence + arousal * arousal + dominance * dominance;
}

TransitionData::Emotion ReadEmotion(const TomlTable& entry, const TransitionData& data) {
  TransitionData::Emotion emotion;
  emotion.id = entry.Id("id");
  const TomlTable table = entry.Named("emotion '" + emotion.id + "'");
  table.AllowOnly({"id", "name", "point"});
  emotion.name = table.Translated("name");
  for (const TransitionData::Emotion& other : data.emotions) {
    if (other.id == emotion.id) table.FailAt("id", "the id '" + emotion.id + "' is used twice");
    for (const Language language : kAllLanguages) {
      if (other.name.in(language) != emotion.name.in(language)) continue;
      table.FailAt("name", "the name '" + emotion.name.in(language) + "' is used twice");
    }
  }
  const TomlTable point = table.Table("point");
  point.AllowOnly({"valence", "arousal", "dominance"});
  emotion.point = {NumberBetween(point, "valence", -1, 1), NumberBetween(point, "arousal", -1, 1),
                   NumberBetween(point, "dominance", -1, 1)};
  return emotion;
}

}  // namespace

const TransitionData::Emotion& TransitionData::Nearest(const Vad& point) const {
  return *std::ranges::min_element(emotions, {}, [&point](const Emotion& emotion) {
    return SquaredDistance(emotion.point, point);
  });
}

const TransitionData::Personality& TransitionData::personality(std::string_view id) const {
  std::string known;
  for (const Personality& one : personalities) {
    if (one.id == id) return one;
    known += (known.empty() ? "" : ", ") + one.id;
  }
  throw Error(ErrorCode::kUsage, "there is no personality '" + std::string(id) + "'",
              "the personalities are " + known);
}

TransitionData ReadTransition(const TomlDocument& document) {
  TransitionData data;
  data.file = document.Info();
  const TomlTable root = document.root();
  root.AllowOnly({"id", "version", "source", "pull", "question", "reply", "emotion", "personality",
                  "weights"});
  data.pull = NumberBetween(root, "pull", 0.01, 1);
  const TomlTable question = root.Table("question");
  question.AllowOnly({"cue", "prefix"});
  data.cue = question.Translated("cue");
  data.prefix = question.Translated("prefix");
  const TomlTable reply = root.Table("reply");
  reply.AllowOnly({"line"});
  data.line = reply.Translated("line");
  for (const Language language : kAllLanguages) {
    if (data.line.in(language).find("{{emotion}}") == std::string::npos) {
      reply.FailAt("line", "the line must hold {{emotion}}");
    }
  }
  for (const TomlTable& entry : root.Tables("emotion")) {
    data.emotions.push_back(ReadEmotion(entry, data));
  }
  const auto calm =
      std::ranges::count_if(data.emotions, [](const TransitionData::Emotion& emotion) {
        return SquaredDistance(emotion.point, {}) == 0;
      });
  if (calm != 1)
    root.FailAt("emotion", "exactly one emotion must lie at 0, 0, 0: where a talk begins");

  const TomlTable weights = root.Table("weights");
  weights.AllowOnly({"valence", "arousal", "dominance"});
  const std::array<double, 5> valence = ReadTraits(weights.Table("valence"), -1);
  const std::array<double, 5> arousal = ReadTraits(weights.Table("arousal"), -1);
  const std::array<double, 5> dominance = ReadTraits(weights.Table("dominance"), -1);
  for (const TomlTable& entry : root.Tables("personality")) {
    TransitionData::Personality one;
    one.id = entry.Id("id");
    const TomlTable table = entry.Named("personality '" + one.id + "'");
    table.AllowOnly({"id", "traits"});
    for (const TransitionData::Personality& other : data.personalities) {
      if (other.id == one.id) table.FailAt("id", "the id '" + one.id + "' is used twice");
    }
    const std::array<double, 5> traits = ReadTraits(table.Table("traits"), 0);
    one.weight = {Weigh(traits, valence), Weigh(traits, arousal), Weigh(traits, dominance)};
    data.personalities.push_back(std::move(one));
  }
  return data;
}

}  // namespace emostage
