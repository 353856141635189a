#include "emostage/dialogue.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "dialogue/readers.h"
#include "emostage/error.h"

namespace emostage {
namespace {

constexpr std::pair<std::string_view, Language> kLanguages[] = {
    {"en", Language::kEnglish},
    {"zh", Language::kChinese},
    {"ja", Language::kJapanese},
};

// How much some text speaks for each kind of script, in units of about half a word: one Han or kana
// character, or four letters of an alphabet.
struct Evidence {
  double han = 0;
  double kana = 0;
  double alphabet = 0;

  [[nodiscard]] double Total() const { return han + kana + alphabet; }

  void Add(const Evidence& other, double weight) {
    han += weight * other.han;
    kana += weight * other.kana;
    alphabet += weight * other.alphabet;
  }
};

Evidence EvidenceOf(std::string_view text) {
  constexpr double kLettersPerUnit = 4;
  const ScriptCounts counts = CountScripts(text);
  return {static_cast<double>(counts.han), static_cast<double>(counts.kana),
          static_cast<double>(counts.latin + counts.other) / kLettersPerUnit +
              static_cast<double>(counts.hangul)};
}

Language LanguageOf(const Evidence& evidence) {
  // Japanese is about half kana; Chinese has the odd の or a name.
  constexpr double kLeastKanaShare = 0.1;
  const double cjk = evidence.han + evidence.kana;
  if (cjk < evidence.alphabet || cjk == 0) return Language::kEnglish;
  return evidence.kana > kLeastKanaShare * cjk ? Language::kJapanese : Language::kChinese;
}

// The evidence of the turns of `role`, the newest first.
std::vector<Evidence> EvidenceOfTurns(const Dialogue& dialogue, Role role) {
  std::vector<Evidence> turns;
  for (auto turn = dialogue.turns.rbegin(); turn != dialogue.turns.rend(); ++turn) {
    if (turn->role == role) turns.push_back(EvidenceOf(turn->text));
  }
  return turns;
}

// Weighs turns so that one full sentence in another language is enough to follow the client there,
// while "ok" or a laugh is not.
Evidence Weigh(const std::vector<Evidence>& newest_first) {
  constexpr double kEnoughToTell = 4;   // units; a shorter turn counts only if all are short
  constexpr double kFullSentence = 12;  // units; more says no more
  constexpr double kDecay = 0.4;        // all older turns together weigh less than the newest
  Evidence sum;
  double weight = 1;
  for (const Evidence& turn : newest_first) {
    if (turn.Total() < kEnoughToTell) continue;
    sum.Add(turn, weight * std::min(1.0, kFullSentence / turn.Total()));
    weight *= kDecay;
  }
  if (sum.Total() > 0) return sum;
  for (const Evidence& turn : newest_first) sum.Add(turn, 1);
  return sum;
}

}  // namespace

std::string_view LanguageCode(Language language) {
  for (const auto& [code, known] : kLanguages) {
    if (known == language) return code;
  }
  return "en";
}

std::optional<Language> LanguageFromCode(std::string_view code) {
  for (const auto& [known, language] : kLanguages) {
    if (known == code) return language;
  }
  return std::nullopt;
}

std::string_view RoleName(Role role) { return role == Role::kClient ? "client" : "counsellor"; }

Language DetectLanguage(const Dialogue& dialogue) {
  const Evidence client = Weigh(EvidenceOfTurns(dialogue, Role::kClient));
  if (client.Total() > 0) return LanguageOf(client);
  // A client who has only sent a 👍 is at least being spoken to in some language.
  return LanguageOf(Weigh(EvidenceOfTurns(dialogue, Role::kCounsellor)));
}

Dialogue ParseDialogue(std::string_view text) {
  std::vector<Dialogue> dialogues = ReadDialogues(text);
  if (dialogues.size() != 1) {
    throw Error(
        ErrorCode::kInput,
        "the input holds " + std::to_string(dialogues.size()) + " dialogues where one is wanted",
        "give them one at a time");
  }
  return std::move(dialogues.front());
}

std::string DialogueToJson(const Dialogue& dialogue) {
  OrderedJson turns = OrderedJson::array();
  for (const Turn& turn : dialogue.turns) {
    OrderedJson entry = {{"role", RoleName(turn.role)}, {"text", turn.text}};
    if (!turn.strategy.empty()) entry["strategy"] = turn.strategy;
    turns.push_back(std::move(entry));
  }
  if (dialogue.id.empty()) return DumpJson(turns);
  return DumpJson({{"id", dialogue.id}, {"dialogue", std::move(turns)}});
}

}  // namespace emostage
