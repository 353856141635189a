#ifndef EMOSTAGE_CLI_PIPELINE_PLAYER_H_
#define EMOSTAGE_CLI_PIPELINE_PLAYER_H_

#include <memory>
#include <string>

#include "cli/bench_common.h"
#include "emostage/dialogue.h"
#include "knowledge/knowledge.h"
#include "model/openai/http_loop.h"

namespace emostage {

struct PipelineLengths {
  int note = 60;  // tokens of the perspective, as JSON
  int phase = 4;  // of the phase's label
  int reply = 80;
};

// What each call tells the model first.
struct PipelineTexts {
  std::string perspective;
  std::string phase;
  std::string reply;  // before the note and the phase, which are put behind it
};
[[nodiscard]] PipelineTexts MakePipelineTexts(const Knowledge& knowledge, const std::string& scheme,
                                              Language language);

// The three steps of a turn as scripts on top of a model server take them: three chat calls one
// after the other, each with its instruction in a system message in front of the dialogue; the
// answers of the first two are put into the instruction of the third. Each answer has exactly as
// many tokens as asked for (llama-server's "ignore_eos").
[[nodiscard]] std::unique_ptr<Player> PipelinePlayer(std::shared_ptr<openai::HttpLoop> loop,
                                                     const std::string& url, PipelineTexts texts,
                                                     PipelineLengths lengths);

}  // namespace emostage

#endif  // EMOSTAGE_CLI_PIPELINE_PLAYER_H_
