#include "eval/simulated_client.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "eval/runner.h"
#include "knowledge/prompts.h"
#include "method/stage.h"

namespace emostage {
namespace {

constexpr int kMostTokens = 80;

std::string FirstWords(const EvalDialogue& scenario) {
  for (const EvalTurn& turn : scenario.turns) {
    if (turn.role == Role::kClient) return turn.text;
  }
  return "";
}

}  // namespace

SimulatedClient::SimulatedClient(std::shared_ptr<Model> model, const EvalTexts& texts,
                                 const EvalDialogue& scenario, uint64_t seed)
    : model_(std::move(model)),
      context_(model_->Open()),
      texts_(&texts),
      scenario_(&scenario),
      seed_(seed) {
  const auto openness = static_cast<size_t>(std::clamp(scenario.openness, 1, 5) - 1);
  const std::string persona = scenario.persona.empty() ? FirstWords(scenario) : scenario.persona;
  const std::string hidden = scenario.hidden.empty() ? texts.client_silence : scenario.hidden;
  system_ =
      Fill(texts.client_system,
           {{"persona", persona}, {"hidden", hidden}, {"openness", texts.openness[openness]}});
}

std::string SimulatedClient::Say(const Dialogue& talk, const std::stop_token& stop) {
  if (talk.turns.empty()) return FirstWords(*scenario_);
  Ask ask;
  ask.system = system_;
  // To this model the counsellor is the one who writes, and it answers as the client.
  if (talk.turns.front().role == Role::kClient) {
    ask.messages.push_back({Speaker::kClient, texts_->client_opening});
  }
  for (const Turn& turn : talk.turns) {
    const Speaker speaker = turn.role == Role::kClient ? Speaker::kCounsellor : Speaker::kClient;
    ask.messages.push_back({speaker, turn.text});
  }
  ask.instruction = texts_->client_cue;
  ask.stop = stop;
  ask.sampling.temperature = 0.7;
  ask.sampling.top_p = 0.9;
  ask.sampling.repetition_penalty = 1.1;
  ask.sampling.max_tokens = kMostTokens;
  ask.sampling.prose = true;
  ask.sampling.seed = ~ItemSeed(seed_, scenario_->id, talk.turns.size());
  ask.sampling.stop = {"\n"};
  const Completion said = context_->complete(std::move(ask)).get();
  std::string text = CleanReply(said.text, said.finish == FinishReason::kLength);
  return text.empty() ? texts_->client_silence : text;
}

}  // namespace emostage
