#ifndef EMOSTAGE_KNOWLEDGE_JUDGE_TEXTS_H_
#define EMOSTAGE_KNOWLEDGE_JUDGE_TEXTS_H_

#include <string>
#include <vector>

#include "knowledge/localized.h"
#include "knowledge/prompts.h"

namespace emostage {

class TomlDocument;

// How a model is asked to judge, what degraded replies say, and the words of a rating sheet:
// data/evaluation/judge.LANGUAGE.toml.
struct JudgeTexts {
  DataFileInfo file;
  std::string system;
  // Before a turn or a reply of the talk as it is written down, and for what is left out of it.
  std::string client;
  std::string listener;
  std::string talk;
  std::string reply;
  std::string reply_a;
  std::string reply_b;
  std::string cut;
  // Cues, with {{question}} and, for scores, {{anchors}}.
  std::string score_reply;
  std::string score_session;
  std::string score_prefix;
  std::string score_gap;  // between the prefix and the score
  std::string compare;
  std::string compare_prefix;
  std::string compare_gap;
  std::vector<std::string> insulting;
  std::vector<std::string> off_topic;
  TextMap sheet;  // the words of [sheet], by key
};

// Throws Error(kKnowledge) with file and line.
[[nodiscard]] JudgeTexts ReadJudgeTexts(const TomlDocument& document);

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_JUDGE_TEXTS_H_
