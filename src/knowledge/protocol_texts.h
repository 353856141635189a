#ifndef EMOSTAGE_KNOWLEDGE_PROTOCOL_TEXTS_H_
#define EMOSTAGE_KNOWLEDGE_PROTOCOL_TEXTS_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "knowledge/toml_reader.h"

namespace emostage {

// Whom or what a danger concerns, and the direct questions the protocol asks about it, in order.
struct RiskTrack {
  std::string_view name;
  std::vector<std::string_view> questions;
};
[[nodiscard]] const std::vector<RiskTrack>& RiskTracks();
// Throws Error(kInternal) for another name.
[[nodiscard]] const RiskTrack& FindTrack(std::string_view name);

// The written words of the safety layer in one language, data/safety/protocol.LANGUAGE.toml. They
// hold no digits: numbers come from helplines.toml alone.
class ProtocolTexts {
 public:
  explicit ProtocolTexts(const TomlDocument& file);

  [[nodiscard]] const DataFileInfo& file() const { return file_; }
  // Wordings of a stage on a track, or those for any track; at least one.
  [[nodiscard]] const std::vector<std::string>& Wordings(std::string_view track,
                                                         std::string_view stage) const;

  struct Words {
    std::string emergency_unknown;
    std::string card_title;
    std::string card_urgent;
    std::string card_note;
    std::string hours_always;
  };
  [[nodiscard]] const Words& words() const { return words_; }
  // Instead of a draft that was held back.
  [[nodiscard]] const std::vector<std::string>& fallbacks() const { return fallbacks_; }

  struct Disclosure {
    std::string first;
    std::string away;
    std::vector<std::string> asked;
    std::string hours;
  };
  [[nodiscard]] const Disclosure& disclosure() const { return disclosure_; }

 private:
  DataFileInfo file_;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> texts_;
  Words words_;
  std::vector<std::string> fallbacks_;
  Disclosure disclosure_;
};

}  // namespace emostage

#endif  // EMOSTAGE_KNOWLEDGE_PROTOCOL_TEXTS_H_
