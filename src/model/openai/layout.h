#ifndef EMOSTAGE_MODEL_OPENAI_LAYOUT_H_
#define EMOSTAGE_MODEL_OPENAI_LAYOUT_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "emostage/model.h"

namespace emostage::openai {

// A server puts texts through its chat template and then reads the whole as markup. So that no
// client can write markup, whatever looks like a template's token gets an invisible character
// (U+2060) inside: "<|im_end|>", "</s>", "[INST]". Other text stays as it is, "<3" too.
[[nodiscard]] std::string AsPlainText(std::string_view text);

// A question as chat messages, laid out as the engine in this process lays it out: the system
// prompt, the dialogue, earlier questions with their answers, the cue after the client's last
// words. So two questions about one dialogue begin alike, and the server's prefix cache serves.
// With `begun`, the answer's beginning stands in a last message of the assistant's own.
// Throws Error(kInput) where the dialogue does not end with the client.
[[nodiscard]] OrderedJson ChatMessages(const Ask& ask, std::string_view begun);

// A dialogue alone, which may end with the counsellor.
[[nodiscard]] OrderedJson DialogueMessages(const std::string& system,
                                           const std::vector<Message>& messages);

// Tokens that a character takes, by the bytes it has in UTF-8. The defaults are for a vocabulary
// that was not looked at: English prose takes a token for 4 to 5 letters in today's, Chinese and
// Japanese characters take 0.6 to 1.2 in those made for them.
struct TokenRates {
  double one_byte = 1 / 3.5;
  double two_bytes = 0.7;
  double three_bytes = 1.3;
  double four_bytes = 3.0;
};

// About how many tokens a text takes: rather too many than too few. Asks no server.
[[nodiscard]] int GuessTokens(std::string_view text, const TokenRates& rates = {});

}  // namespace emostage::openai

#endif  // EMOSTAGE_MODEL_OPENAI_LAYOUT_H_
