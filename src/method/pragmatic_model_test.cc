// Pragmatic decoding on real logits: the random model, and the starter where it is there.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "method/pragmatic_decoder.h"
#include "model/llama/testing.h"

namespace emostage {
namespace {

class PragmaticModelTest : public testing::ModelTest {
 protected:
  [[nodiscard]] static std::vector<Ask> Worlds(const std::string& said,
                                               const std::vector<std::string>& cues) {
    std::vector<Ask> worlds;
    for (const std::string& cue : cues) {
      worlds.push_back(testing::Question({{Speaker::kClient, said}}, cue));
      worlds.back().sampling.max_tokens = 12;
    }
    return worlds;
  }
};
EMOSTAGE_ON_BOTH_MODELS(PragmaticModelTest);

// The catalogue's check. One world, so that its passes are those of `complete`: several in a pass
// round otherwise.
TEST_P(PragmaticModelTest, AtAlphaZeroItIsTheGreedyAnswer) {
  const std::shared_ptr<Model> model = Load();
  for (const auto& [said, cue] : std::vector<std::pair<std::string, std::string>>{
           {"I failed my exam and my mother is angry.", "Comfort them."},
           {"我考试没及格，妈妈很生气。", "安慰来访者。"},
           {"試験に落ちて、母が怒っています。", "慰めてください。"}}) {
    const std::vector<Ask> worlds = Worlds(said, {cue});
    const Completion greedy = model->Open()->complete(worlds.front()).get();
    const PragmaticText written = DecodePragmatically(*model->Open(), worlds, {.alpha = 0});
    EXPECT_EQ(written.text, greedy.text);
    EXPECT_EQ(written.usage.output_tokens, greedy.usage.output_tokens);
  }
}

TEST_P(PragmaticModelTest, TheListenerIsSurerOfTheTrueWorldForASpeakerWhoWantsIt) {
  const std::shared_ptr<Model> model = Load();
  const std::unique_ptr<Context> context = model->Open();
  std::vector<Ask> worlds = Worlds("I failed my exam and my mother is angry.",
                                   {"The client is sad about an exam. Comfort them.",
                                    "The client is proud of a new garden. Comfort them.",
                                    "The client is amused by a joke of a friend. Comfort them."});
  const auto belief = [&](double alpha) {
    return DecodePragmatically(*context, worlds, {.alpha = alpha}).listener.front();
  };
  // A random model's words give each cue away whatever is taken; the real one's do not.
  if (!is_tiny()) {
    EXPECT_GT(belief(6), belief(0));
  }
  // After one token it cannot be otherwise.
  for (Ask& world : worlds) world.sampling.max_tokens = 1;
  EXPECT_GE(belief(6), belief(0) - 1e-3);
}

}  // namespace
}  // namespace emostage
