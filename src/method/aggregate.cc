#include "method/aggregate.h"

#include <string>
#include <vector>

#include "method/draft_text.h"
#include "method/stage.h"

namespace emostage {
namespace {

constexpr int kDrafts = 4;
constexpr int kDraftTokens = 80;  // all of them must find room in one cue

}  // namespace

Answer Aggregate::Respond(Stage& stage) const {
  const PromptFile& prompts = stage.prompts();
  const std::vector<Completion> drafts =
      stage.Drafts("drafts", prompts.Cue("draft"), kDrafts, kDraftTokens).get();
  // Nothing to join: one more try, as a reply.
  if (drafts.empty()) return stage.Reply(prompts.Cue("draft"));
  std::string joined;
  for (const Completion& draft : drafts) {
    joined += (joined.empty() ? "" : prompts.Word("next")) + ForCue(draft.text, prompts);
  }
  return stage.Reply(Fill(prompts.Cue("join"), {{"drafts", joined}}));
}

}  // namespace emostage
