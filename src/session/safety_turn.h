#ifndef EMOSTAGE_SESSION_SAFETY_TURN_H_
#define EMOSTAGE_SESSION_SAFETY_TURN_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "emostage/answer.h"
#include "emostage/dialogue.h"
#include "emostage/safety.h"
#include "knowledge/knowledge.h"
#include "method/stage.h"
#include "safety/protocol.h"
#include "safety/turn_reading.h"

namespace emostage {

// Safety's part in one turn: reads it from both sources, moves the protocol, and says who speaks.
class SafetyTurn {
 public:
  // `dialogue` ends with the client's turn; `before`: where the protocol stood before it.
  SafetyTurn(const Knowledge& knowledge, const SafetyOptions& options, const Dialogue& dialogue,
             Language language, const ProtocolState& before, const TalkTimes& times);

  // Whether this model is to be asked, and its answer would count.
  [[nodiscard]] bool WouldAsk(const Model& model) const;
  // Asks the model beside whatever else is asked on the stage. What is returned waits for its
  // answer and takes it in; a failure counts as "not read", never as "no danger".
  [[nodiscard]] std::function<void()> AskModel(Stage& stage);
  void ModelFailed();

  // Whether the protocol speaks rather than the method, as far as is known by now.
  [[nodiscard]] bool Speaks() const { return !move_.reply.empty(); }
  // What has to be told before the reply: that this is a program. Empty: nothing.
  [[nodiscard]] std::string Disclosure() const;

  // Enters risk, and where the protocol speaks, its reply.
  void Finish(Answer& answer) const;
  // Tells the operator of changes.
  void Report(const Answer& answer) const;
  [[nodiscard]] RiskReading risk() const;
  [[nodiscard]] const ProtocolState& state() const { return move_.state; }
  // Of the labels of RiskQuestion, once the model has answered; empty until then.
  [[nodiscard]] const std::vector<double>& model_probabilities() const { return probabilities_; }
  [[nodiscard]] const std::vector<double>& model_leaning() const { return leaning_; }

 private:
  void Move();

  const SafetyKnowledge& safety_;
  const SafetyOptions& options_;
  const Dialogue& dialogue_;
  const Language language_;
  const ProtocolState before_;
  const TalkTimes times_;
  TurnReading reading_;
  std::string country_;  // as set, or as answered
  ProtocolMove move_;
  bool model_failed_ = false;
  std::vector<double> probabilities_;
  std::vector<double> leaning_;
};

// Where the protocol stands before the last client turn of a dialogue, by patterns alone: for a
// talk that comes without its traces.
[[nodiscard]] ProtocolState ReplayProtocol(const SafetyKnowledge& safety,
                                           const SafetyOptions& options, const Dialogue& dialogue,
                                           std::optional<Language> language);

}  // namespace emostage

#endif  // EMOSTAGE_SESSION_SAFETY_TURN_H_
