#ifndef EMOSTAGE_KNOWLEDGE_PATTERNS_H_
#define EMOSTAGE_KNOWLEDGE_PATTERNS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "knowledge/toml_reader.h"

namespace emostage {

// Patterns over units of text (text_units.h), for what must be found whatever a model thinks of it.
//
// A file has [concepts], each a list of phrases, and rules with a list of `match` strings. The
// items of a match follow one another in the text:
//
//   <concept>   any phrase of the concept        ~3    before the next item up to 3 units may stand
//   word        this word (or these characters)  ^ $   a sentence begins, ends here
//
// A Latin word ending in `*` stands for any ending. No match reaches beyond a sentence. All phrases
// are found in one walk over the text; then only matches whose items all occurred are tried.
//
// Immutable once filled: any number of threads may search.
class PatternSet {
 public:
  // A rule's match in units [begin, end).
  struct Hit {
    size_t rule = 0;  // as Add returned it
    size_t begin = 0;
    size_t end = 0;
  };

  // Reads [concepts] of the file. Throws Error(kKnowledge) with the line, as everything here.
  explicit PatternSet(const TomlTable& file);

  // Reads the match strings under `key` of a rule. `most_units` > 0: a match that could be longer
  // is refused.
  size_t Add(const TomlTable& rule, std::string_view key = "match", size_t most_units = 0);

  // The shortest match of each rule from each place where one begins, in the order of rules. Only
  // rules for which `wanted` holds.
  [[nodiscard]] std::vector<Hit> Find(const std::vector<std::string>& units,
                                      const std::function<bool(size_t rule)>& wanted = {}) const;

  [[nodiscard]] size_t rules() const { return rule_count_; }

 private:
  static constexpr int kBegins = -1;  // ^
  static constexpr int kEnds = -2;    // $

  struct Item {
    size_t gap = 0;      // units that may stand before it
    int concept_id = 0;  // or kBegins, kEnds
  };
  struct Match {
    size_t rule = 0;
    std::vector<Item> items;
  };
  struct Occurrence {
    int concept_id;
    size_t end;
  };
  // Of one text: what begins at each unit.
  struct Found {
    const std::vector<std::string>* units;
    std::vector<std::vector<Occurrence>> at;
    std::vector<bool> occurred;  // by concept
  };

  [[nodiscard]] Match Compile(const TomlTable& rule, std::string_view key, const std::string& text,
                              size_t most_units);
  // The concept that is just this phrase.
  [[nodiscard]] int LiteralConcept(const std::string& phrase);
  void AddPhrase(const std::vector<std::string>& phrase, int concept_id);
  class Search;  // of one match in one text
  [[nodiscard]] Found Look(const std::vector<std::string>& units) const;

  std::map<std::string, int, std::less<>> names_;
  std::map<std::string, int, std::less<>> literals_;
  std::vector<size_t> longest_;  // phrase of each concept, in units
  // A trie of the phrases. Symbols: words, and the beginnings of words (`suicid*`).
  std::unordered_map<std::string, int> words_;
  std::unordered_map<std::string, int> beginnings_;
  std::unordered_map<uint64_t, int> edges_;  // node << 32 | symbol
  std::vector<std::vector<int>> ends_;       // of each node: the concepts it ends a phrase of
  std::vector<Match> matches_;
  size_t rule_count_ = 0;
  int symbols_ = 0;
};

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_PATTERNS_H_
