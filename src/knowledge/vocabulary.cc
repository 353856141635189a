#include "knowledge/vocabulary.h"

#include <algorithm>
#include <map>

#include "knowledge/toml_reader.h"

namespace emostage {
namespace {

// Chinese and Japanese lists use the enumeration comma, without a space.
std::string_view ListGap(Language language) { return language == Language::kEnglish ? ", " : "、"; }

template <typename Entry>
std::string Definitions(const Vocabulary<Entry>& vocabulary, Language language) {
  std::string list;
  for (const Entry& entry : vocabulary) {
    AppendDefinition(list, entry.name, entry.definition, language);
  }
  return list;
}

// Adds `entry`, whose table is `table`, unless an earlier one has its id or a name of it.
template <typename Entry>
void AddUnique(Vocabulary<Entry>& vocabulary, Entry entry, const TomlTable& table) {
  if (vocabulary.Find(entry.id) != nullptr) {
    table.FailAt("id", "the id '" + entry.id + "' is used twice");
  }
  for (const Language language : kAllLanguages) {
    const std::string& name = entry.name.in(language);
    if (vocabulary.FindByName(name, language) != nullptr) {
      table.FailAt("name", "the name '" + name + "' is used twice");
    }
  }
  vocabulary.entries.push_back(std::move(entry));
}

Valence ReadValence(const TomlTable& table) {
  const std::string word = table.Text("valence");
  if (word == "negative") return Valence::kNegative;
  if (word == "neutral") return Valence::kNeutral;
  if (word == "positive") return Valence::kPositive;
  table.FailAt("valence", "valence is '" + word + "'",
               "it must be \"negative\", \"neutral\" or \"positive\"");
}

// Labels of another data set, each of which may stand in one entry only, or counting them would
// count some twice.
class OutsideLabels {
 public:
  std::vector<std::string> Read(const TomlTable& table, std::string_view key,
                                const std::string& owner) {
    std::vector<std::string> labels = table.Texts(key);
    for (const std::string& label : labels) {
      const auto [place, added] = owners_.emplace(label, owner);
      if (!added) {
        table.FailAt(key, "the label '" + label + "' already belongs to '" + place->second + "'");
      }
    }
    return labels;
  }

 private:
  std::map<std::string, std::string> owners_;
};

}  // namespace

const Strategy* FindByEsconvLabel(const Strategies& strategies, std::string_view label) {
  for (const Strategy& strategy : strategies) {
    const auto& labels = strategy.esconv;
    if (std::find(labels.begin(), labels.end(), label) != labels.end()) return &strategy;
  }
  return nullptr;
}

std::string NameList(const Emotions& emotions, Language language) {
  std::string list;
  for (const Emotion& emotion : emotions) {
    if (!list.empty()) list += ListGap(language);
    list += emotion.name.in(language);
  }
  return list;
}

std::string DefinitionList(const Needs& needs, Language language) {
  return Definitions(needs, language);
}

std::string DefinitionList(const Strategies& strategies, Language language) {
  return Definitions(strategies, language);
}

Emotions ReadEmotions(const TomlDocument& document) {
  Emotions emotions;
  emotions.file = document.Info();
  document.root().AllowOnly({"id", "version", "source", "emotion"});
  OutsideLabels labels;
  for (const TomlTable& entry : document.root().Tables("emotion")) {
    Emotion emotion;
    emotion.id = entry.Id("id");
    const TomlTable table = entry.Named("emotion '" + emotion.id + "'");
    table.AllowOnly({"id", "name", "valence", "goemotions"});
    emotion.name = table.Translated("name");
    emotion.valence = ReadValence(table);
    emotion.goemotions = labels.Read(table, "goemotions", emotion.id);
    AddUnique(emotions, std::move(emotion), table);
  }
  return emotions;
}

Needs ReadNeeds(const TomlDocument& document) {
  Needs needs;
  needs.file = document.Info();
  document.root().AllowOnly({"id", "version", "source", "need"});
  for (const TomlTable& entry : document.root().Tables("need")) {
    Need need;
    need.id = entry.Id("id");
    const TomlTable table = entry.Named("need '" + need.id + "'");
    table.AllowOnly({"id", "name", "definition"});
    need.name = table.Translated("name");
    need.definition = table.Fragment("definition");
    AddUnique(needs, std::move(need), table);
  }
  return needs;
}

Strategies ReadStrategies(const TomlDocument& document) {
  Strategies strategies;
  strategies.file = document.Info();
  document.root().AllowOnly({"id", "version", "source", "strategy"});
  OutsideLabels labels;
  for (const TomlTable& entry : document.root().Tables("strategy")) {
    Strategy strategy;
    strategy.id = entry.Id("id");
    const TomlTable table = entry.Named("strategy '" + strategy.id + "'");
    table.AllowOnly({"id", "name", "definition", "esconv"});
    strategy.name = table.Translated("name");
    strategy.definition = table.Fragment("definition");
    strategy.esconv = labels.Read(table, "esconv", strategy.id);
    AddUnique(strategies, std::move(strategy), table);
  }
  return strategies;
}

}  // namespace emostage
