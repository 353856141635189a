#ifndef EMOSTAGE_EVAL_EVAL_TEXTS_H_
#define EMOSTAGE_EVAL_EVAL_TEXTS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "emostage/dialogue.h"
#include "knowledge/localized.h"

namespace emostage {

// What evaluation itself says to a model, data/evaluation/texts.LANGUAGE.toml.
struct EvalTexts {
  DataFileInfo file;
  // Of the simulated client. `client_system` has {{persona}}, {{hidden}} and {{openness}}.
  std::string client_system;
  std::string client_cue;
  std::string client_opening;         // stands where a counsellor says something first
  std::string client_silence;         // for a client who says nothing at all
  std::vector<std::string> openness;  // from 1 (closed) to 5
  // Which strategy a counsellor would take next; {{strategies}}.
  std::string strategy_cue;
  std::string strategy_prefix;
  // Questions with lettered options, by part: emotion, cause, action, response; {{subject}}.
  std::map<std::string, std::string> choice_questions;
  std::string choice_system;
  std::string choice_cue;
  std::string choice_prefix;
};

// All three languages, by Language. `data`: a folder in place of the built-in data, may be empty.
// Throws Error(kKnowledge) with file and line.
[[nodiscard]] std::vector<EvalTexts> ReadEvalTexts(const std::string& data = "");

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_EVAL_TEXTS_H_
