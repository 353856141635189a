#include "method/focused.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "method/cause_words.h"
#include "method/cue_text.h"
#include "method/fair_choice.h"
#include "method/perspective.h"
#include "method/perspective_questions.h"
#include "method/pragmatic_decoder.h"
#include "method/stage.h"
#include "method/window.h"

namespace emostage {
namespace {

constexpr size_t kFelt = 2;         // likeliest emotions, told together as what the client feels
constexpr size_t kOtherWorlds = 2;  // least likely emotions: what the client does not feel
constexpr size_t kCauses = 5;       // words at most
constexpr int kOverTokens = 10;
constexpr size_t kLongestSaid = 1200;  // bytes of the client's turn that are weighed word by word
constexpr PragmaticWeights kWeights = {.alpha = 6, .beta = 0.9};

// What one listener might take the client to feel, and over what.
struct World {
  std::string feels;
  std::string over;
};

// The names of all emotions, the likeliest first. As the model's leaning is divided out of it, the
// order is that of how likely the client's words are with each emotion, all alike likely before.
std::vector<std::string> RankEmotions(Stage& stage) {
  const Emotions& emotions = stage.knowledge().emotions();
  const std::string& cue = stage.prompts().Cue("emotion");
  const std::vector<double> shares =
      AskFairly(stage, "emotion", cue, cue, LabelsOf(emotions, stage))();
  std::vector<size_t> order(shares.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return shares[a] > shares[b]; });
  std::vector<std::string> names;
  for (const size_t emotion : order) names.push_back(emotions[emotion].name.in(stage.language()));
  return names;
}

std::string Joined(const std::vector<std::string>& texts, const PromptFile& prompts) {
  std::string joined;
  for (const std::string& text : texts) {
    joined += (joined.empty() ? "" : prompts.Word("list_gap")) + text;
  }
  return joined;
}

std::string InLines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

// How likely each of the client's words is where they feel so, and where they feel otherwise.
std::vector<std::string> FindCauses(Stage& stage, const Stage::Side& nobody,
                                    const std::vector<World>& worlds) {
  const PromptFile& prompts = stage.prompts();
  const std::string said = prompts.Word("label_gap") +
                           std::string(Utf8Prefix(stage.messages().back().text, kLongestSaid));
  std::vector<Asked<Score>> asked;
  for (const World& world : worlds) {
    asked.push_back(stage.LikelihoodOn(nobody, "said",
                                       Fill(prompts.Cue("feeling"), {{"feels", world.feels}}),
                                       prompts.Prefix("said"), said));
  }
  std::vector<Score> scores;
  for (Asked<Score>& one : asked) scores.push_back(one.get());
  std::vector<std::string> causes;
  OrderedJson told = OrderedJson::array();
  for (const CauseWord& word : CauseWords(scores, prompts.List("stop_words"), kCauses)) {
    causes.push_back(WithoutCues(word.text, prompts));
    told.push_back({{"word", word.text}, {"probability", word.probability}});
  }
  stage.Conclude("causes", DumpJson({{"text", Joined(causes, prompts)}, {"causes", told}}));
  return causes;
}

// What somebody who felt otherwise would feel it over.
void ImagineOthers(Stage& stage, const Stage::Side& nobody, std::vector<World>& worlds) {
  const PromptFile& prompts = stage.prompts();
  std::vector<Asked<Completion>> asked;
  for (size_t i = 1; i < worlds.size(); ++i) {
    asked.push_back(stage.NoteOn(
        nobody, "over", Fill(prompts.Cue("feeling"), {{"feels", worlds[i].feels}}),
        prompts.Prefix("over"), LineSchema(stage.language(), stage.fixed().note, kOverTokens)));
  }
  for (size_t i = 1; i < worlds.size(); ++i) {
    worlds[i].over = Written(stage, "over", asked[i - 1]);
  }
}

}  // namespace

Answer Focused::Respond(Stage& stage) const {
  stage.RequireNextTokens();
  const PromptFile& prompts = stage.prompts();
  const std::vector<std::string> emotions = RankEmotions(stage);
  const auto least = [&](size_t i) { return emotions[emotions.size() - 1 - i]; };

  // The true world first, then those that the reply is to be told from.
  std::vector<World> worlds = {
      {Joined({emotions.begin(), emotions.begin() + kFelt}, prompts), prompts.Word("unknown")}};
  for (size_t i = 0; i < kOtherWorlds; ++i) worlds.push_back({least(i), ""});

  const Stage::Side nobody = stage.Nobody();
  const std::vector<std::string> causes = FindCauses(stage, nobody, worlds);
  if (!causes.empty()) worlds.front().over = Joined(causes, prompts);
  ImagineOthers(stage, nobody, worlds);

  std::vector<std::string> cues;
  std::vector<std::string> lines;
  OrderedJson told = OrderedJson::array();
  for (const World& world : worlds) {
    lines.push_back(world.feels + ": " + world.over);
    told.push_back({{"feels", world.feels}, {"over", world.over}});
    cues.push_back(
        Fill(prompts.Cue("reply_in_focus"), {{"feels", world.feels}, {"over", world.over}}));
  }
  stage.Conclude("worlds", DumpJson({{"text", InLines(lines)}, {"worlds", told}}));
  return stage.ReplyWith(stage.WritePragmatically("reply", cues, kWeights));
}

}  // namespace emostage
