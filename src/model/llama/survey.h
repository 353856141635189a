#ifndef EMOSTAGE_MODEL_LLAMA_SURVEY_H_
#define EMOSTAGE_MODEL_LLAMA_SURVEY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// What the engine holds of each talk, so that tests can look for a client's words where they must
// not be. Texts are those of the tokens read, without the template's markup.
namespace emostage {

struct HeldTalk {
  std::vector<std::string> branches;  // in the cache: the dialogue, then its newest questions
  std::string parked;                 // put out of the cache, with the system prompt before it
  std::vector<uint8_t> parked_state;  // as llama.cpp wrote it: the cells behind the system prompt
  size_t cells = 0;                   // of the cache that it takes at least, beside system prompts
  size_t parked_cells = 0;            // that it takes when it is put back
};

struct CacheSurvey {
  std::vector<std::string> system_prompts;
  std::vector<HeldTalk> talks;  // in the order in which their contexts were opened
  size_t system_prompt_cells = 0;
  size_t cells = 0;   // of the cache, taken or not
  bool sound = true;  // each branch's cells are as many as the tokens it is known by
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_LLAMA_SURVEY_H_
