#include "method/transition.h"

#include <memory>
#include <string>
#include <utility>

#include "base/json.h"
#include "knowledge/knowledge.h"
#include "method/stage.h"

namespace emostage {
namespace {

OrderedJson PointJson(const Vad& point) {
  return {{"valence", point.valence}, {"arousal", point.arousal}, {"dominance", point.dominance}};
}

}  // namespace

Vad NextFeeling(const TransitionData& data, const TransitionData::Personality& personality,
                const Vad& before, const std::vector<double>& probabilities) {
  Vad provoked;
  for (size_t i = 0; i < data.emotions.size(); ++i) {
    const Vad& point = data.emotions[i].point;
    provoked.valence += probabilities[i] * point.valence;
    provoked.arousal += probabilities[i] * point.arousal;
    provoked.dominance += probabilities[i] * point.dominance;
  }
  const auto moved = [&data](double from, double to, double weight) {
    return from + data.pull * (to - from) * weight;
  };
  const Vad& weight = personality.weight;
  return {moved(before.valence, provoked.valence, weight.valence),
          moved(before.arousal, provoked.arousal, weight.arousal),
          moved(before.dominance, provoked.dominance, weight.dominance)};
}

std::function<void()> AskTransition(Stage& stage, std::string_view personality) {
  const TransitionData& data = stage.knowledge().transition();
  const TransitionData::Personality& who = data.personality(personality);
  const Language language = stage.language();
  std::vector<std::string> labels;
  for (const TransitionData::Emotion& emotion : data.emotions) {
    labels.push_back(stage.prompts().Word("label_gap") + emotion.name.in(language));
  }
  const auto asked = std::make_shared<Asked<Choice>>(
      stage.Choose("provoked", data.cue.in(language), data.prefix.in(language), labels));
  return [&stage, &data, &who, asked] {
    const Choice provoked = asked->get();
    Memory::OwnFeeling& kept = stage.memory().own_feeling;
    const size_t turn = stage.client_turns() - 1;
    const size_t seed = std::hash<std::string_view>()(who.id);
    const size_t key_before = turn == 0 ? 0 : stage.KeyUpTo(turn - 1, seed);
    Vad before;
    if (turn > 0 && kept.key == key_before) before = kept.at;
    if (turn > 0 && kept.before_key == key_before) before = kept.before;  // answered again
    const Vad now = NextFeeling(data, who, before, provoked.probabilities);
    kept = {stage.KeyUpTo(turn, seed), now, key_before, before};
    const TransitionData::Emotion& emotion = data.Nearest(now);
    stage.Conclude("own feeling", DumpJson({{"emotion", emotion.id},
                                            {"from", data.Nearest(before).id},
                                            {"personality", who.id},
                                            {"point", PointJson(now)}}));
    stage.AddToReplyCue(
        Fill(data.line.in(stage.language()), {{"emotion", emotion.name.in(stage.language())}}));
  };
}

}  // namespace emostage
