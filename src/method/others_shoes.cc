#include "method/others_shoes.h"

#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "method/draft_text.h"
#include "method/perspective.h"
#include "method/perspective_questions.h"
#include "method/stage.h"
#include "method/window.h"

namespace emostage {
namespace {

constexpr const char* kPeople[] = {"client", "friend", "supervisor"};
constexpr int kViewTokens = 24;

}  // namespace

Answer OthersShoes::Respond(Stage& stage) const {
  const PromptFile& prompts = stage.prompts();
  const std::string& draft_cue = prompts.Cue("draft");
  const std::vector<Completion> drafts = stage.Drafts("draft", draft_cue, 1).get();
  // A draft that may not be said is not improved on: one more try, as a reply.
  if (drafts.empty()) return stage.Reply(draft_cue);
  const std::string& draft = drafts.front().text;
  const std::vector<Exchange> before = {{draft_cue, "", WithoutCues(draft, prompts)}};

  // Nobody hears what the others think of it.
  std::vector<Asked<Completion>> asked;
  for (const char* person : kPeople) {
    asked.push_back(stage.NoteAfter(
        before, std::string("view of the ") + person,
        Fill(prompts.Cue("reading"), {{"person", prompts.Word(person)}}), prompts.Prefix("view"),
        LineSchema(stage.language(), stage.fixed().note, kViewTokens)));
  }
  std::string views;
  for (size_t i = 0; i < asked.size(); ++i) {
    const std::string view = ForCue(LineText(asked[i].get()), prompts);
    // Small models may answer with who they were asked to be.
    if (view.empty() || FoldCase(view).ends_with(FoldCase(prompts.Word(kPeople[i])))) continue;
    views += (views.empty() ? "" : prompts.Word("next")) + prompts.Word(kPeople[i]) +
             prompts.Word("says") + view;
  }
  if (views.empty()) return stage.ReplyWith(draft);
  return stage.Reply(Fill(prompts.Cue("revise"), {{"views", views}}), before);
}

}  // namespace emostage
