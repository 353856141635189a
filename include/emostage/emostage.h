#ifndef EMOSTAGE_EMOSTAGE_H_
#define EMOSTAGE_EMOSTAGE_H_

// Everything a program needs that embeds EmoStage; examples/reply.cc shows it whole.

#include <memory>
#include <string>

#include "emostage/answer.h"
#include "emostage/dialogue.h"
#include "emostage/error.h"
#include "emostage/model.h"
#include "emostage/session.h"
#include "emostage/version.h"

namespace emostage {

// Loads a GGUF file into this process. `context_tokens` 0: as long as the model was made for, but
// at most 8,192. Throws Error(kModel) in one line that says what to do.
[[nodiscard]] std::shared_ptr<Model> LoadModel(const std::string& path, int context_tokens = 0);

}  // namespace emostage

#endif  // EMOSTAGE_EMOSTAGE_H_
