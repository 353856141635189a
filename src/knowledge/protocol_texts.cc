#include "knowledge/protocol_texts.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "emostage/error.h"

namespace emostage {
namespace {

constexpr std::string_view kAny = "any";
constexpr std::string_view kEmergency = "{emergency}";
// What every track needs besides its questions.
constexpr std::string_view kStages[] = {"open", "again", "denied", "resources", "country",
                                        "imminent", "stay", "check", "easing", "caution",
                                        // What an emergency number is for, on a card.
                                        "all", "ambulance", "police", "fire"};

bool HasDigit(std::string_view text) {
  return std::ranges::any_of(FoldCase(text), [](char c) { return c >= '0' && c <= '9'; });
}

size_t CountOf(std::string_view text, std::string_view what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + what.size())) {
    ++count;
  }
  return count;
}

std::string TextWithoutDigits(const TomlTable& table, std::string_view key) {
  std::string text = table.Text(key);
  if (HasDigit(text)) {
    table.FailAt(key, "'" + text + "' holds a digit", "numbers belong into helplines.toml");
  }
  return text;
}

std::vector<std::string> Wordings(const TomlTable& table, std::string_view key) {
  std::vector<std::string> wordings = table.Texts(key);
  for (const std::string& wording : wordings) {
    if (HasDigit(wording)) {
      table.FailAt(key, "'" + wording + "' holds a digit", "numbers belong into helplines.toml");
    }
  }
  return wordings;
}

}  // namespace

const std::vector<RiskTrack>& RiskTracks() {
  // Never destroyed: a program may end while its knowledge is still being read on another thread.
  static const auto& tracks =
      *new const std::vector<RiskTrack>{{"self", {"plan", "means", "intent", "time"}},
                                        {"others", {"plan", "means"}},
                                        {"abuse", {"children"}},
                                        {"psychosis", {"safe"}},
                                        {"eating", {"doctor"}},
                                        {"medical", {}},
                                        {"third", {"means"}}};
  return tracks;
}

const RiskTrack& FindTrack(std::string_view name) {
  for (const RiskTrack& track : RiskTracks()) {
    if (track.name == name) return track;
  }
  throw Error(ErrorCode::kInternal, "there is no track '" + std::string(name) + "'");
}

ProtocolTexts::ProtocolTexts(const TomlDocument& file) : file_(file.InfoWithoutId()) {
  const TomlTable root = file.root();
  root.AllowOnly({"version", "language", "source", "text", "words", "fallback", "disclosure"});
  const std::string code = root.Text("language");
  if (!LanguageFromCode(code) || !file.stem().ends_with("." + code)) {
    root.FailAt("language", "language is '" + code + "'", "it must be the file name's");
  }
  std::set<std::string> seen;
  for (const TomlTable& table : root.Tables("text")) {
    table.AllowOnly({"track", "stage", "wordings"});
    const std::string track = table.Text("track");
    const std::string stage = table.Text("stage");
    if (track != kAny &&
        std::ranges::find(RiskTracks(), track, &RiskTrack::name) == RiskTracks().end()) {
      table.FailAt("track", "there is no track '" + track + "'");
    }
    const auto is_question = [&](const RiskTrack& one) {
      return (track == kAny || track == one.name) &&
             std::ranges::find(one.questions, stage) != one.questions.end();
    };
    if (std::ranges::find(kStages, stage) == std::end(kStages) &&
        !std::ranges::any_of(RiskTracks(), is_question)) {
      table.FailAt("stage", "there is no stage '" + stage + "' on the track '" + track + "'");
    }
    std::vector<std::string> wordings = emostage::Wordings(table, "wordings");
    for (const std::string& wording : wordings) {
      if (CountOf(wording, kEmergency) != (stage == "imminent" ? 1U : 0U)) {
        table.FailAt("wordings",
                     "{emergency} must stand once in each wording of 'imminent' and "
                     "nowhere else, not so in '" +
                         wording + "'");
      }
      if (!seen.insert(wording).second) {
        table.FailAt("wordings", "'" + wording + "' stands here twice");
      }
    }
    if (!texts_.emplace(std::pair(track, stage), std::move(wordings)).second) {
      table.FailAt("stage", "'" + stage + "' of '" + track + "' stands here twice");
    }
  }
  for (const RiskTrack& track : RiskTracks()) {
    std::vector<std::string_view> stages(std::begin(kStages), std::end(kStages));
    stages.insert(stages.end(), track.questions.begin(), track.questions.end());
    for (const std::string_view stage : stages) {
      const bool there = texts_.contains({std::string(track.name), std::string(stage)}) ||
                         texts_.contains({std::string(kAny), std::string(stage)});
      if (!there) {
        root.Fail("the track '" + std::string(track.name) + "' has no text for '" +
                  std::string(stage) + "'");
      }
    }
  }
  const TomlTable words = root.Table("words");
  words.AllowOnly({"emergency_unknown", "card_title", "card_urgent", "card_note", "hours_always"});
  words_ = {TextWithoutDigits(words, "emergency_unknown"), TextWithoutDigits(words, "card_title"),
            TextWithoutDigits(words, "card_urgent"), TextWithoutDigits(words, "card_note"),
            words.Text("hours_always")};
  for (const TomlTable& table : root.Tables("fallback")) {
    table.AllowOnly({"wordings"});
    for (std::string& wording : emostage::Wordings(table, "wordings")) {
      fallbacks_.push_back(std::move(wording));
    }
  }
  const TomlTable disclosure = root.Table("disclosure");
  disclosure.AllowOnly({"first", "away", "asked", "hours"});
  disclosure_ = {TextWithoutDigits(disclosure, "first"), TextWithoutDigits(disclosure, "away"),
                 emostage::Wordings(disclosure, "asked"), TextWithoutDigits(disclosure, "hours")};
}

const std::vector<std::string>& ProtocolTexts::Wordings(std::string_view track,
                                                        std::string_view stage) const {
  auto text = texts_.find({std::string(track), std::string(stage)});
  if (text == texts_.end()) text = texts_.find({std::string(kAny), std::string(stage)});
  if (text == texts_.end()) {
    throw Error(ErrorCode::kInternal, "there is no text for '" + std::string(stage) + "'");
  }
  return text->second;
}

}  // namespace emostage
