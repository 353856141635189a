#ifndef EMOSTAGE_METHOD_MEMORY_H_
#define EMOSTAGE_METHOD_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "knowledge/transition_data.h"

namespace emostage {

// What a method remembers of one session from turn to turn; never kept longer, never shown to
// another session. All of it can be worked out again from the dialogue, or from the client's
// earlier talks: losing it costs time, never the answer (but a persona worked out at once may be
// worded unlike one that grew).
struct Memory {
  // The model's distribution over phases at each client turn, as far as it was asked. `key` tells
  // the scheme, the language and the words up to that turn, so that an edited history is noticed.
  struct PhaseReading {
    size_t key = 0;
    std::vector<double> probabilities;  // empty: not asked
  };
  std::vector<PhaseReading> phase_readings;

  // The middle of a dialogue that outgrew the context, as a summary.
  struct Fold {
    size_t key = 0;    // tells the words that were folded
    size_t turns = 0;  // folded: turns [opening, opening + turns)
    std::string summary;
  } fold;

  // Lines about who the client is.
  struct Persona {
    size_t key = 0;                  // tells the words up to the turn that they were written at
    std::vector<std::string> lines;  // few: the method bounds them
    size_t known_key = 0;            // those of the turn before, for when a turn is answered again
    std::vector<std::string> known;
  } persona;

  // The counsellor's own feeling (transition.h); a talk that begins elsewhere begins calm.
  struct OwnFeeling {
    size_t key = 0;  // tells the words up to the turn that it was felt at
    Vad at;
    size_t before_key = 0;  // that of the turn before, for when a turn is answered again
    Vad before;
  } own_feeling;

  // What the client told in earlier talks, with what the model made of it.
  struct Told {
    std::string text;
    int64_t at_ms = 0;
    std::vector<float> meaning;  // of unit length; empty: not asked
    std::vector<double> mood;    // shares of the moods; empty: not asked
  };
  struct Recollection {
    bool read = false;        // SessionOptions::past was asked
    size_t key = 0;           // tells the prompts that moods were asked with
    std::vector<Told> items;  // newest first, none twice; few hundreds: the method bounds them
  } recollection;
};

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_MEMORY_H_
