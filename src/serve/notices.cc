#include "serve/notices.h"

#include <vector>

#include "base/text.h"

namespace emostage {
namespace {

constexpr std::string_view kGap = "\n\n";

std::string Heading(const std::string& title) { return "**" + title + "**\n"; }

}  // namespace

std::string NoticeBefore(const std::string& disclosure) {
  return disclosure.empty() ? "" : "*" + disclosure + "*" + std::string(kGap);
}

std::string NoticeAfter(const RiskReading& risk) {
  if (!risk.card) return "";
  std::string text = std::string(kGap) + Heading(risk.card->title);
  for (const RiskCard::Line& line : risk.card->lines) {
    text += "- " + line.name + ": **" + line.number + "**";
    if (!line.hours.empty()) text += " (" + line.hours + ")";
    text += "\n";
  }
  return text + "\n" + risk.card->text;
}

std::string WithoutNotices(const SafetyKnowledge& safety, std::string_view text) {
  for (const SafetyKnowledge::Words& words : safety.languages) {
    const ProtocolTexts::Disclosure& texts = words.texts.disclosure();
    std::vector<std::string> before = {texts.first, texts.away, texts.hours};
    before.insert(before.end(), texts.asked.begin(), texts.asked.end());
    for (const std::string& disclosure : before) {
      const std::string notice = "*" + disclosure + "*";
      if (text.starts_with(notice)) text = Trim(text.substr(notice.size()));
    }
    for (const std::string& title :
         {words.texts.words().card_title, words.texts.words().card_urgent}) {
      const size_t at = text.find(std::string(kGap) + Heading(title));
      if (at != std::string_view::npos) text = text.substr(0, at);
    }
  }
  return std::string(text);
}

}  // namespace emostage
