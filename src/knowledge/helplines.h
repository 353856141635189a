#ifndef EMOSTAGE_KNOWLEDGE_HELPLINES_H_
#define EMOSTAGE_KNOWLEDGE_HELPLINES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/toml_reader.h"

namespace emostage {

struct Helpline {
  std::string name;                    // in English
  std::string local;                   // as it calls itself; may be empty
  std::string kind;                    // suicide, crisis, child, violence, general
  std::string number;                  // as dialled within the country
  std::string hours;                   // may be empty: not known
  std::vector<std::string> channels;   // phone, sms, chat
  std::vector<std::string> languages;  // codes
  bool free = false;
  std::vector<std::string> sources;  // addresses; at least two
  std::string checked_on;            // YYYY-MM-DD
};

struct Emergency {
  std::string number;
  std::string what;  // "ambulance", "police", "fire", "all"
  std::vector<std::string> sources;
};

struct HelplineCountry {
  std::string code;  // ISO 3166, two letters
  Localized name;
  std::vector<std::string> also;     // other names it is called by in an answer
  std::vector<Emergency> emergency;  // at least one
  std::vector<Helpline> lines;
};

// data/safety/helplines.toml. Each number was found in the two public sources beside it.
class Helplines {
 public:
  explicit Helplines(const TomlDocument& file);

  [[nodiscard]] const DataFileInfo& file() const { return file_; }
  [[nodiscard]] const std::vector<HelplineCountry>& countries() const { return countries_; }
  [[nodiscard]] const std::string& checked_on() const { return checked_on_; }
  // By code, in any case; null: not known here.
  [[nodiscard]] const HelplineCountry* Find(std::string_view code) const;
  // The country that an answer names ("I'm in japan", 日本); null: none, or more than one.
  [[nodiscard]] const HelplineCountry* FindInText(std::string_view text) const;
  // Whether these digits are a number of this file.
  [[nodiscard]] bool IsKnownNumber(std::string_view digits) const;

 private:
  DataFileInfo file_;
  std::string checked_on_;
  std::vector<HelplineCountry> countries_;
  std::vector<std::string> numbers_;  // digits only
};

// The digits of a text, whatever their width; nothing else.
[[nodiscard]] std::string DigitsOf(std::string_view text);

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_HELPLINES_H_
