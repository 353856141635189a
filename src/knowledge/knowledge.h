#ifndef EMOSTAGE_KNOWLEDGE_KNOWLEDGE_H_
#define EMOSTAGE_KNOWLEDGE_KNOWLEDGE_H_

#include <array>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "emostage/dialogue.h"
#include "knowledge/judge_texts.h"
#include "knowledge/phase_scheme.h"
#include "knowledge/prompts.h"
#include "knowledge/rubrics.h"
#include "knowledge/safety_knowledge.h"
#include "knowledge/stimuli.h"
#include "knowledge/transition_data.h"
#include "knowledge/vocabulary.h"

namespace emostage {

// Everything EmoStage knows about counselling: the files of data/, read and checked as a whole.
// Immutable after Load, so any number of threads may read it. References live as long as this
// object; moving it keeps them valid.
class Knowledge {
 public:
  // Reads from `folder` in place of data/; else from the folder named by EMOSTAGE_DATA in the
  // environment; else the files built into the program. Throws Error(kKnowledge) at the first
  // fault, naming file and line.
  [[nodiscard]] static Knowledge Load(std::optional<std::filesystem::path> folder = std::nullopt);

  [[nodiscard]] const Emotions& emotions() const { return emotions_; }
  [[nodiscard]] const Needs& needs() const { return needs_; }
  [[nodiscard]] const Strategies& strategies() const { return strategies_; }

  // All schemes, sorted by name; "five-phase" is always among them.
  [[nodiscard]] const std::vector<PhaseScheme>& schemes() const { return schemes_; }
  // Throws Error(kUsage), listing the names there are.
  [[nodiscard]] const PhaseScheme& scheme(std::string_view name) const;

  // All prompt files, sorted by method; each method has all three languages.
  [[nodiscard]] const std::vector<PromptFile>& prompt_files() const { return prompts_; }
  // Throws Error(kUsage), listing the methods that have prompts.
  [[nodiscard]] const PromptFile& prompts(std::string_view method, Language language) const;

  // A short sample dialogue of our own, ending with the client.
  [[nodiscard]] const Dialogue& demo(Language language) const;

  // Read beside everything else, since these files are many; waits for them, and throws
  // Error(kKnowledge) as Load does.
  [[nodiscard]] const SafetyKnowledge& safety() const { return *safety_.get(); }

  // What replies are judged by, sorted by name. These and judge_texts are read when first asked
  // for, since only measuring needs them; then Error(kKnowledge) is thrown as Load does.
  [[nodiscard]] const std::vector<Rubric>& rubrics() const { return judging_.get()->rubrics; }
  // Throws Error(kUsage), listing the names there are.
  [[nodiscard]] const Rubric& rubric(std::string_view name) const;
  [[nodiscard]] const JudgeTexts& judge_texts(Language language) const;

  // What a session may switch on beside any method; read when first asked for, as the rubrics are.
  [[nodiscard]] const Stimuli& stimuli() const { return extras_.get()->stimuli; }
  [[nodiscard]] const TransitionData& transition() const { return extras_.get()->transition; }

 private:
  struct Judging {
    std::vector<Rubric> rubrics;
    std::array<JudgeTexts, 3> texts;  // by Language
  };

  struct Extras {
    Stimuli stimuli;
    TransitionData transition;
  };

  Knowledge() = default;

  Emotions emotions_;
  Needs needs_;
  Strategies strategies_;
  std::vector<PhaseScheme> schemes_;
  std::vector<PromptFile> prompts_;
  std::array<Dialogue, 3> demos_;  // by Language
  std::shared_future<std::unique_ptr<const SafetyKnowledge>> safety_;
  std::shared_future<std::unique_ptr<const Judging>> judging_;
  std::shared_future<std::unique_ptr<const Extras>> extras_;
};

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_KNOWLEDGE_H_
