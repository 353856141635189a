#include "knowledge/patterns.h"

#include <algorithm>
#include <charconv>

#include "knowledge/text_units.h"

namespace emostage {
namespace {

constexpr size_t kLongestGap = 40;
constexpr size_t kShortestBeginning = 2;  // "su*" finds too much, "s*" everything

std::vector<std::string> SplitBlanks(std::string_view text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = text.find_first_not_of(' ', at);
    if (begin == std::string_view::npos) break;
    const size_t end = std::min(text.find(' ', begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    at = end;
  }
  return parts;
}

// "<want>死" as "<want>" and "死".
std::vector<std::string> SplitConcepts(std::string_view token) {
  std::vector<std::string> parts;
  while (!token.empty()) {
    size_t end = token.find('<', token.front() == '<' ? 1 : 0);
    if (token.front() == '<') {
      const size_t close = token.find('>');
      end = close == std::string_view::npos ? token.size() : close + 1;
    }
    end = std::min(end, token.size());
    parts.emplace_back(token.substr(0, end));
    token.remove_prefix(end);
  }
  return parts;
}

uint64_t Edge(int node, int symbol) {
  return static_cast<uint64_t>(static_cast<uint32_t>(node)) << 32 | static_cast<uint32_t>(symbol);
}

}  // namespace

PatternSet::PatternSet(const TomlTable& file) {
  ends_.emplace_back();
  const TomlTable concepts = file.Table("concepts");
  for (const std::string& name : concepts.Keys()) {
    const int id = static_cast<int>(longest_.size());
    longest_.push_back(0);
    names_.emplace(name, id);
    for (const std::string& text : concepts.Texts(name)) {
      const std::vector<std::string> phrase = ReadPhrase(text);
      if (phrase.empty()) concepts.FailAt(name, "the phrase '" + text + "' holds no word");
      for (const std::string& word : phrase) {
        // A star by itself is one that hides a letter, as it stands in the text too.
        if (word.size() == kShortestBeginning && word.back() == '*' && word.front() != '*') {
          concepts.FailAt(name, "'" + word + "' stands for too many words");
        }
      }
      AddPhrase(phrase, id);
    }
  }
}

void PatternSet::AddPhrase(const std::vector<std::string>& phrase, int concept_id) {
  int node = 0;
  for (const std::string& word : phrase) {
    const bool beginning = word.size() > kShortestBeginning && word.back() == '*';
    auto& symbols = beginning ? beginnings_ : words_;
    const std::string key = beginning ? word.substr(0, word.size() - 1) : word;
    const auto [symbol, fresh] = symbols.emplace(key, symbols_);
    if (fresh) ++symbols_;
    const auto [edge, grown] = edges_.emplace(Edge(node, symbol->second), ends_.size());
    if (grown) ends_.emplace_back();
    node = edge->second;
  }
  std::vector<int>& ends = ends_[static_cast<size_t>(node)];
  if (std::ranges::find(ends, concept_id) == ends.end()) ends.push_back(concept_id);
  size_t& longest = longest_[static_cast<size_t>(concept_id)];
  longest = std::max(longest, phrase.size());
}

int PatternSet::LiteralConcept(const std::string& phrase) {
  const auto [place, fresh] = literals_.emplace(phrase, static_cast<int>(longest_.size()));
  if (fresh) {
    longest_.push_back(0);
    AddPhrase(ReadPhrase(phrase), place->second);
  }
  return place->second;
}

PatternSet::Match PatternSet::Compile(const TomlTable& rule, std::string_view key,
                                      const std::string& text, size_t most_units) {
  Match match;
  match.rule = rule_count_;
  size_t gap = 0;
  size_t longest = 0;
  const auto add = [&](int concept_id) {
    match.items.push_back({gap, concept_id});
    longest += gap + (concept_id < 0 ? 0 : longest_[static_cast<size_t>(concept_id)]);
    gap = 0;
  };
  for (const std::string& token : SplitBlanks(text)) {
    if (token == "^") {
      add(kBegins);
    } else if (token == "$") {
      add(kEnds);
    } else if (token[0] == '~') {
      const auto [end, fault] = std::from_chars(token.data() + 1, token.data() + token.size(), gap);
      if (fault != std::errc() || end != token.data() + token.size() || gap > kLongestGap) {
        rule.FailAt(key, "'" + token + "' in '" + text + "' is no gap",
                    "write ~N with N up to " + std::to_string(kLongestGap));
      }
    } else {
      for (const std::string& part : SplitConcepts(token)) {
        if (part[0] != '<') {
          if (ReadPhrase(part).empty()) {
            rule.FailAt(key, "'" + part + "' in '" + text + "' holds no word");
          }
          add(LiteralConcept(part));
          continue;
        }
        const auto name = names_.find(part.substr(1, part.size() - 2));
        if (part.back() != '>' || name == names_.end()) {
          rule.FailAt(key, "there is no concept " + part + ", which stands in '" + text + "'",
                      "name one under [concepts]");
        }
        add(name->second);
      }
    }
  }
  const bool anything =
      std::ranges::any_of(match.items, [](const Item& item) { return item.concept_id >= 0; });
  if (!anything) rule.FailAt(key, "'" + text + "' matches everything");
  if (gap > 0) rule.FailAt(key, "'" + text + "' ends with a gap");
  if (most_units > 0 && longest > most_units) {
    rule.FailAt(key,
                "'" + text + "' can be " + std::to_string(longest) + " units long, and only " +
                    std::to_string(most_units) + " are held back",
                "shorten its gaps");
  }
  match.items.front().gap = 0;
  return match;
}

size_t PatternSet::Add(const TomlTable& rule, std::string_view key, size_t most_units) {
  for (const std::string& text : rule.Texts(key)) {
    matches_.push_back(Compile(rule, key, text, most_units));
  }
  return rule_count_++;
}

PatternSet::Found PatternSet::Look(const std::vector<std::string>& units) const {
  Found found{&units, std::vector<std::vector<Occurrence>>(units.size()),
              std::vector<bool>(longest_.size())};
  // The symbols of each unit: the word itself, and beginnings it has.
  std::vector<std::vector<int>> symbols(units.size());
  for (size_t i = 0; i < units.size(); ++i) {
    const std::string& unit = units[i];
    if (const auto word = words_.find(unit); word != words_.end()) {
      symbols[i].push_back(word->second);
    }
    if (beginnings_.empty() || static_cast<unsigned char>(unit[0]) >= 0x80) continue;
    for (size_t length = kShortestBeginning; length <= unit.size(); ++length) {
      const auto beginning = beginnings_.find(unit.substr(0, length));
      if (beginning != beginnings_.end()) symbols[i].push_back(beginning->second);
    }
  }
  std::vector<std::pair<int, size_t>> open;  // node, next unit
  for (size_t start = 0; start < units.size(); ++start) {
    open.assign(1, {0, start});
    while (!open.empty()) {
      const auto [node, next] = open.back();
      open.pop_back();
      for (const int concept_id : ends_[static_cast<size_t>(node)]) {
        found.at[start].push_back({concept_id, next});
        found.occurred[static_cast<size_t>(concept_id)] = true;
      }
      if (next == units.size()) continue;
      for (const int symbol : symbols[next]) {
        const auto edge = edges_.find(Edge(node, symbol));
        if (edge != edges_.end()) open.emplace_back(edge->second, next + 1);
      }
    }
  }
  return found;
}

// Ends are remembered: without that, a text made for it could keep us busy for minutes.
class PatternSet::Search {
 public:
  Search(const Found& found, const std::vector<Item>& items)
      : found_(found), items_(items), known_(items.size() * (found.units->size() + 1), kUnknown) {}

  // The smallest end of a match of items[item…] that begins at `at` or, within the gap, after it.
  size_t End(size_t item, size_t at) {
    if (item == items_.size()) return at;
    size_t& known = known_[item * (found_.units->size() + 1) + at];
    if (known == kUnknown) known = Look(item, at);
    return known;
  }

  static constexpr size_t kNone = static_cast<size_t>(-1);

 private:
  static constexpr size_t kUnknown = static_cast<size_t>(-2);

  size_t Look(size_t item, size_t at) {
    const std::vector<std::string>& units = *found_.units;
    const auto [gap, concept_id] = items_[item];
    size_t best = kNone;
    const size_t last = std::min(units.size(), at + gap);
    for (size_t start = at; start <= last; ++start) {
      if (start > at && units[start - 1] == kSentenceEnd) break;
      if (concept_id == kBegins) {
        if (start == 0 || units[start - 1] == kSentenceEnd)
          best = std::min(best, End(item + 1, start));
      } else if (concept_id == kEnds) {
        if (start == units.size() || units[start] == kSentenceEnd) {
          best = std::min(best, End(item + 1, start));
        }
      } else if (start < units.size()) {
        for (const Occurrence& one : found_.at[start]) {
          if (one.concept_id == concept_id) best = std::min(best, End(item + 1, one.end));
        }
      }
    }
    return best;
  }

  const Found& found_;
  const std::vector<Item>& items_;
  std::vector<size_t> known_;
};

std::vector<PatternSet::Hit> PatternSet::Find(const std::vector<std::string>& units,
                                              const std::function<bool(size_t)>& wanted) const {
  const Found found = Look(units);
  std::vector<Hit> hits;
  for (const Match& match : matches_) {
    if (wanted && !wanted(match.rule)) continue;
    const bool possible = std::ranges::all_of(match.items, [&](const Item& item) {
      return item.concept_id < 0 || found.occurred[static_cast<size_t>(item.concept_id)];
    });
    if (!possible) continue;
    Search search(found, match.items);
    for (size_t begin = 0; begin < units.size(); ++begin) {
      if (units[begin] == kSentenceEnd) continue;
      const size_t end = search.End(0, begin);
      if (end != Search::kNone) hits.push_back({match.rule, begin, end});
    }
  }
  std::ranges::stable_sort(hits, {}, &Hit::rule);
  return hits;
}

}  // namespace emostage
