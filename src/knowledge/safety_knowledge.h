#ifndef EMOSTAGE_KNOWLEDGE_SAFETY_KNOWLEDGE_H_
#define EMOSTAGE_KNOWLEDGE_SAFETY_KNOWLEDGE_H_

#include <vector>

#include "knowledge/helplines.h"
#include "knowledge/protocol_texts.h"
#include "knowledge/risk_patterns.h"
#include "knowledge/risk_question.h"
#include "knowledge/word_weights.h"

namespace emostage {

// The files of data/safety/, read and checked.
struct SafetyKnowledge {
  struct Words {
    RiskPatterns risk;
    AnswerPatterns answers;
    OutputPatterns output;
    ProtocolTexts texts;
    RiskQuestion question;
    WordWeights weights;
  };
  std::vector<Words> languages;  // by Language
  Traditional traditional;
  Helplines helplines;
  RiskThresholds thresholds;

  [[nodiscard]] const Words& in(Language language) const {
    return languages[static_cast<size_t>(language)];
  }
};

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_SAFETY_KNOWLEDGE_H_
