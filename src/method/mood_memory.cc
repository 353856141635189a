#include "method/mood_memory.h"

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "method/cue_text.h"
#include "method/fair_choice.h"
#include "method/stage.h"

namespace emostage {
namespace {

constexpr size_t kMostItems = 200;  // of earlier turns, the newest: each is embedded once a session
constexpr size_t kNearest = 20;     // by meaning; only their moods are asked
constexpr size_t kRecalled = 3;     // what the reply is told; small models read little at a time

// Reads the earlier talks, once a session, and what they mean.
std::vector<Memory::Told>& Remembered(Stage& stage) {
  Memory::Recollection& kept = stage.memory().recollection;
  if (!kept.read) {
    kept.items = ItemsOf(stage.Past(), stage.prompts(), kMostItems);
    kept.read = true;
  }
  // In another language, other words look like a cue, and moods have other names.
  const size_t key = std::hash<std::string>()(stage.system());
  const bool other_prompts = kept.key != 0 && kept.key != key;
  kept.key = key;
  for (Memory::Told& item : kept.items) {
    if (other_prompts) item.text = CueText(item.text, stage.prompts());
    if (other_prompts) item.mood.clear();
    if (item.meaning.empty()) item.meaning = stage.Embed(item.text);
  }
  return kept.items;
}

// The moods of a turn by itself, as shares of the eight, without the model's leaning.
std::vector<double> MoodOf(Stage& stage, const std::string& words, Stage::Side& side,
                           const std::vector<std::string>& labels) {
  const std::string& cue = stage.prompts().Cue("mood");
  const std::string& prefix = stage.prompts().Prefix("mood");
  std::vector<double> leaning;
  if (stage.model().capabilities.log_probabilities) {
    leaning = stage.Leaning("mood leaning", cue, prefix, labels);
  }
  if (!side.context) side = stage.Aside("");
  side.messages.front().text = words;
  // One after the other: they lie in one context, and each makes way for the next.
  Asked<Choice> asked = stage.ChooseOn(side, "mood of a memory", cue, prefix, labels, leaning);
  return WithoutLeaning(asked.get().probabilities, leaning);
}

void ConcludeRecall(Stage& stage, const std::vector<Memory::Told>& items,
                    const std::vector<Recollected>& recalled) {
  OrderedJson list = OrderedJson::array();
  for (const Recollected& one : recalled) {
    const Memory::Told& item = items[one.item];
    list.push_back(
        {{"text", item.text}, {"at_ms", item.at_ms}, {"meaning", one.meaning}, {"mood", one.mood}});
  }
  stage.Conclude("recall", DumpJson({{"items", items.size()}, {"recalled", list}}));
}

}  // namespace

Answer MoodMemory::Respond(Stage& stage) const {
  stage.RequireEmbeddings();
  const PromptFile& prompts = stage.prompts();
  std::vector<Memory::Told>& items = Remembered(stage);
  if (items.empty()) {
    ConcludeRecall(stage, items, {});
    stage.Remark("recall", "nothing is known of earlier talks: a reply without");
    return stage.Reply(prompts.Cue("reply_alone"));
  }

  const std::vector<std::string> labels = GapLabels(prompts.List("moods"), prompts);
  const std::string& cue = prompts.Cue("mood");
  const std::vector<double> mood = AskFairly(stage, "mood", cue, cue, labels)();
  std::vector<Recollected> nearest =
      NearestByMeaning(items, stage.Embed(stage.messages().back().text), kNearest);
  Stage::Side side;
  for (Recollected& one : nearest) {
    Memory::Told& item = items[one.item];
    if (item.mood.empty()) item.mood = MoodOf(stage, item.text, side, labels);
    one.mood = MoodDistance(mood, item.mood);
  }

  const std::vector<Recollected> recalled = RankByMood(nearest, ranking_, kRecalled);
  ConcludeRecall(stage, items, recalled);
  std::string told;
  for (const Recollected& one : recalled) {
    told += (told.empty() ? "" : prompts.Word("next")) + items[one.item].text;
  }
  return stage.Reply(Fill(prompts.Cue("reply_recalling"), {{"memories", told}}));
}

}  // namespace emostage
