#ifndef EMOSTAGE_METHOD_PERSPECTIVE_H_
#define EMOSTAGE_METHOD_PERSPECTIVE_H_

#include <string>
#include <string_view>
#include <vector>

#include "emostage/answer.h"
#include "knowledge/knowledge.h"

namespace emostage {

// A further field of a note, after those of the perspective: its name and its JSON schema.
struct ExtraField {
  std::string name;
  std::string schema;
};

// Free text is what costs: every token is a pass of the model. A few words say enough.
inline constexpr int kLineTokens = 16;

// The schema of one written line of a note: a few words. `fixed_tokens`: exactly so many, for
// benchmarks; 0: as many as it takes, at most `tokens` of English and in proportion of others.
[[nodiscard]] std::string LineSchema(Language language, int fixed_tokens, int tokens = kLineTokens);

// The schema that binds a whole note on the client's perspective: a few words each on what happened
// and on what the client thinks, then emotions with intensities and needs from our sets.
[[nodiscard]] std::string PerspectiveSchema(const Knowledge& knowledge, Language language,
                                            int fixed_tokens,
                                            const std::vector<ExtraField>& extra = {});

// The state such a note tells, names turned into ids. `json` satisfies the schema.
[[nodiscard]] ClientState ParsePerspective(std::string_view json, const Knowledge& knowledge,
                                           Language language);

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_PERSPECTIVE_H_
