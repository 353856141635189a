#include "method/follow_up.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "method/draft_text.h"
#include "method/stage.h"
#include "method/window.h"

namespace emostage {
namespace {

constexpr int kDrafts = 4;

// Per token, so that a long follow-up is no worse than a short one.
double MeanLikelihood(std::vector<Asked<Score>>& asked) {
  double sum = 0;
  for (Asked<Score>& one : asked) {
    const Score score = one.get();
    sum += score.total / static_cast<double>(score.token_log_likelihoods.size());
  }
  return sum / static_cast<double>(asked.size());
}

}  // namespace

Answer FollowUp::Respond(Stage& stage) const {
  stage.RequireLikelihoods();
  const PromptFile& prompts = stage.prompts();
  const std::string& draft_cue = prompts.Cue("draft");
  const std::vector<Completion> drafts = stage.Drafts("drafts", draft_cue, kDrafts).get();
  if (drafts.size() < 2) return stage.ReplyWith(drafts.empty() ? "" : drafts.front().text);

  // What a client might say next, as the answer to the same question after each draft.
  const auto ask_all = [&](const std::vector<Exchange>& before, const char* list) {
    std::vector<Asked<Score>> asked;
    for (const std::string& text : prompts.List(list)) {
      asked.push_back(stage.LikelihoodAfter(before, std::string(list) + " follow-up",
                                            prompts.Cue("client"), prompts.Prefix("client"),
                                            prompts.Word("label_gap") + text));
    }
    return asked;
  };
  std::vector<std::pair<std::vector<Asked<Score>>, std::vector<Asked<Score>>>> asked;
  for (const Completion& draft : drafts) {
    const std::vector<Exchange> before = {{draft_cue, "", WithoutCues(draft.text, prompts)}};
    std::vector<Asked<Score>> good = ask_all(before, "good");
    asked.emplace_back(std::move(good), ask_all(before, "bad"));
  }

  size_t best = 0;
  std::vector<double> rewards;
  OrderedJson ranking = OrderedJson::array();
  for (size_t i = 0; i < drafts.size(); ++i) {
    const double good = MeanLikelihood(asked[i].first);
    const double bad = MeanLikelihood(asked[i].second);
    rewards.push_back(good - bad);
    ranking.push_back({{"draft", i + 1}, {"good", good}, {"bad", bad}, {"reward", rewards.back()}});
    if (rewards[i] > rewards[best]) best = i;
  }
  stage.Conclude("ranking", DumpJson({{"taken", best + 1}, {"ranking", ranking}}));
  return stage.ReplyWith(drafts[best].text);
}

}  // namespace emostage
