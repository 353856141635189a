#include "knowledge/helplines.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "knowledge/text_units.h"

namespace emostage {
namespace {

constexpr std::string_view kKinds[] = {"suicide", "crisis", "child", "violence", "general"};
constexpr std::string_view kEmergencies[] = {"all", "ambulance", "police", "fire"};
constexpr std::string_view kChannels[] = {"phone", "sms", "chat"};

bool IsDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  return std::ranges::count_if(text, [](char c) { return c >= '0' && c <= '9'; }) == 8;
}

std::string DateOf(const TomlTable& table, std::string_view key) {
  std::string date = table.Text(key);
  if (!IsDate(date)) table.FailAt(key, "'" + date + "' is no date", "write YYYY-MM-DD");
  return date;
}

// Two that do not stand on one page.
std::vector<std::string> SourcesOf(const TomlTable& table) {
  std::vector<std::string> sources = table.Texts("sources");
  for (const std::string& source : sources) {
    if (!source.starts_with("https://") && !source.starts_with("http://")) {
      table.FailAt("sources", "'" + source + "' is no address");
    }
  }
  if (std::set<std::string>(sources.begin(), sources.end()).size() < 2) {
    table.FailAt("sources", "a number needs two sources", "leave out what cannot be confirmed");
  }
  return sources;
}

std::string NumberOf(const TomlTable& table) {
  std::string number = table.Text("number");
  const bool dialled = std::ranges::all_of(number, [](char c) {
    return (c >= '0' && c <= '9') || c == '-' || c == ' ' || c == '+' || c == '(' || c == ')' ||
           c == '*' || c == '#';
  });
  if (!dialled || DigitsOf(number).size() < 2) {
    table.FailAt("number", "'" + number + "' is no telephone number");
  }
  return number;
}

std::vector<std::string> NamesOf(const TomlTable& table, std::string_view key,
                                 std::initializer_list<std::string_view> known) {
  std::vector<std::string> names = table.Texts(key);
  for (const std::string& name : names) {
    if (known.size() > 0 && std::find(known.begin(), known.end(), name) == known.end()) {
      table.FailAt(key, "'" + name + "' is not known here");
    }
  }
  return names;
}

Helpline ReadLine(const TomlTable& table) {
  table.AllowOnly({"name", "kind", "number", "hours", "channels", "languages", "free", "sources",
                   "checked_on"});
  Helpline line;
  const TomlTable name = table.Table("name");
  name.AllowOnly({"en", "local"});
  line.name = name.Text("en");
  if (name.Has("local")) line.local = name.Text("local");
  line.kind = table.Text("kind");
  if (std::ranges::find(kKinds, line.kind) == std::end(kKinds)) {
    table.FailAt("kind", "there is no kind '" + line.kind + "'");
  }
  line.number = NumberOf(table);
  line.hours = table.AnyText("hours");
  line.channels = NamesOf(table, "channels", {kChannels[0], kChannels[1], kChannels[2]});
  line.languages = NamesOf(table, "languages", {});
  line.free = table.Has("free") && table.Flag("free");
  line.sources = SourcesOf(table);
  line.checked_on = DateOf(table, "checked_on");
  return line;
}

}  // namespace

std::string DigitsOf(std::string_view text) {
  std::string digits;
  for (const char c : FoldCase(text)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  return digits;
}

Helplines::Helplines(const TomlDocument& file) : file_(file.InfoWithoutId()) {
  const TomlTable root = file.root();
  root.AllowOnly({"version", "source", "checked_on", "country"});
  checked_on_ = DateOf(root, "checked_on");
  for (const TomlTable& table : root.Tables("country")) {
    table.AllowOnly({"code", "name", "also", "emergency", "line"});
    HelplineCountry country;
    country.code = table.Text("code");
    if (country.code.size() != 2 || Find(country.code) != nullptr) {
      table.FailAt("code",
                   "'" + country.code + "' is no code of two letters, or stands here twice");
    }
    country.name = table.Translated("name");
    if (table.Has("also")) country.also = table.Texts("also");
    for (const TomlTable& number : table.Tables("emergency")) {
      number.AllowOnly({"number", "for", "sources"});
      Emergency emergency{NumberOf(number), number.Text("for"), SourcesOf(number)};
      if (std::ranges::find(kEmergencies, emergency.what) == std::end(kEmergencies)) {
        number.FailAt("for", "'" + emergency.what + "' is not known here",
                      "write all, ambulance, police or fire");
      }
      country.emergency.push_back(std::move(emergency));
      numbers_.push_back(DigitsOf(country.emergency.back().number));
    }
    if (table.Has("line")) {
      for (const TomlTable& line : table.Tables("line")) {
        country.lines.push_back(ReadLine(line.Named("[[country.line]] of " + country.code)));
        numbers_.push_back(DigitsOf(country.lines.back().number));
      }
    }
    countries_.push_back(std::move(country));
  }
}

const HelplineCountry* Helplines::Find(std::string_view code) const {
  const auto same = [code](const HelplineCountry& country) {
    return std::ranges::equal(code, country.code, [](char a, char b) {
      return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
    });
  };
  const auto found = std::ranges::find_if(countries_, same);
  return found == countries_.end() ? nullptr : &*found;
}

const HelplineCountry* Helplines::FindInText(std::string_view text) const {
  const std::vector<std::string> units = ReadUnits(text);
  const auto stands = [&units](const std::string& name) {
    const std::vector<std::string> phrase = ReadPhrase(name);
    return !std::ranges::search(units, phrase).empty();
  };
  const HelplineCountry* named = nullptr;
  for (const HelplineCountry& country : countries_) {
    const bool here = stands(country.name.en) || stands(country.name.zh) ||
                      stands(country.name.ja) || std::ranges::any_of(country.also, stands);
    if (!here) continue;
    if (named != nullptr) return nullptr;
    named = &country;
  }
  return named;
}

bool Helplines::IsKnownNumber(std::string_view digits) const {
  return std::ranges::find(numbers_, digits) != numbers_.end();
}

}  // namespace emostage
