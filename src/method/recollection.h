#ifndef EMOSTAGE_METHOD_RECOLLECTION_H_
#define EMOSTAGE_METHOD_RECOLLECTION_H_

#include <cstddef>
#include <vector>

#include "emostage/session.h"
#include "knowledge/prompts.h"
#include "method/memory.h"

namespace emostage {

// What a client told before, weighed by meaning and by mood: the ways of ranking of Emotional RAG
// (2024), our reading. Pure functions; no model is asked here.

// One item that may be recalled.
struct Recollected {
  size_t item = 0;     // which of Memory::Recollection::items
  double meaning = 0;  // distance, 0 (the same) to 2
  double mood = 0;     // distance, 0 (the same) to 1
};

enum class MoodRanking {
  kSum,              // C-A: by meaning + mood
  kProduct,          // C-M: by meaning * mood
  kMeaningThenMood,  // S-C: of the nearest by meaning, the nearest by mood
  // S-S: of the nearer half by mood, the nearest by meaning. The paper takes moods first, of all
  // items; here moods are known of the nearest by meaning only.
  kMoodThenMeaning,
};

// Euclidean, of two vectors of unit length. Of vectors of unlike lengths: 2.
[[nodiscard]] double MeaningDistance(const std::vector<float>& a, const std::vector<float>& b);
// Cosine distance of two vectors without negative values; 1 where one is all zeros, or their
// lengths are unlike.
[[nodiscard]] double MoodDistance(const std::vector<double>& a, const std::vector<double>& b);

// The `most` items nearest to `query` by meaning, nearest first; of equals the newer. Items whose
// meaning is not known are passed over; moods are left at 0.
[[nodiscard]] std::vector<Recollected> NearestByMeaning(const std::vector<Memory::Told>& items,
                                                        const std::vector<float>& query,
                                                        size_t most);
// The best `most` of what NearestByMeaning gave, with moods filled in; the best first. Of equals
// the nearer by meaning: where all moods are the same, the order stays.
[[nodiscard]] std::vector<Recollected> RankByMood(std::vector<Recollected> nearest,
                                                  MoodRanking ranking, size_t most);

// What was said in earlier talks (oldest first) as items to recall: the newest `most`, newest
// first, each made one bounded line that looks like no cue, none twice, none without a letter.
[[nodiscard]] std::vector<Memory::Told> ItemsOf(const std::vector<PastTurn>& past,
                                                const PromptFile& prompts, size_t most);

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_RECOLLECTION_H_
