#include <algorithm>
#include <utility>

#include "model/llama/engine.h"

// What is held just now, for tests. Between two rounds nothing moves.
namespace emostage {

CacheSurvey Engine::Survey() {
  std::promise<CacheSurvey> promise;
  std::future<CacheSurvey> future = promise.get_future();
  {
    const std::lock_guard lock(mutex_);
    surveys_.push_back(std::move(promise));
  }
  wake_.notify_all();
  return future.get();
}

CacheSurvey Engine::LookAround() const {
  CacheSurvey survey;
  survey.cells = llama_n_ctx(context_);
  const auto look = [&](const Branch& branch) {
    const auto last = static_cast<llama_pos>(branch.tokens.size()) - 1;
    const bool starts = branch.tokens.empty() ||
                        llama_memory_seq_pos_min(memory_, branch.sequence) == 0 || !partial_ok_;
    survey.sound =
        survey.sound && starts && llama_memory_seq_pos_max(memory_, branch.sequence) == last;
    return vocabulary_.Text(branch.tokens);
  };
  for (const Branch& root : roots_) {
    survey.system_prompts.push_back(look(root));
    survey.system_prompt_cells += root.tokens.size();
  }
  const auto behind_root = [&](const std::vector<Token>& tokens) {
    size_t common = 0;
    for (const Branch& root : roots_) common = std::max(common, CommonPrefix(root.tokens, tokens));
    return tokens.size() - common;
  };
  for (const std::shared_ptr<Place>& place : places_) {
    HeldTalk& talk = survey.talks.emplace_back();
    const auto add = [&](const Branch& branch) {
      if (branch.sequence < 0) return;
      talk.branches.push_back(look(branch));
      talk.cells = std::max(talk.cells, behind_root(branch.tokens));
    };
    add(place->trunk);
    for (const Branch& branch : place->kept) add(branch);
    talk.parked = vocabulary_.Text(place->parked_tokens);
    talk.parked_state = place->parked;
    talk.parked_cells = place->parked_tokens.size() - place->parked_root;
  }
  return survey;
}

}  // namespace emostage
