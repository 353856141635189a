#include "cli/draw.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "base/json.h"
#include "base/text.h"
#include "knowledge/knowledge.h"

namespace emostage {
namespace {

constexpr size_t kWidest = 100;
constexpr size_t kNarrowest = 40;
constexpr int kBar = 30;

size_t Columns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kWidest;
  return std::clamp<size_t>(size.ws_col, kNarrowest, kWidest);
}

bool Colour() {
  static const bool colour = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  return colour;
}

std::string Dim(const std::string& text) { return Colour() ? "\x1b[2m" + text + "\x1b[0m" : text; }
std::string Bold(const std::string& text) { return Colour() ? "\x1b[1m" + text + "\x1b[0m" : text; }

void Line(const std::string& line) { std::printf("%s\n", line.c_str()); }

// A label and a text that wraps under itself.
void Row(const std::string& label, const std::string& text, size_t label_columns) {
  const size_t room = Columns() - label_columns - 3;
  bool first = true;
  for (const std::string& line : Wrap(text, room)) {
    Line("  " + Dim(Padded(first ? label : "", label_columns)) + " " + line);
    first = false;
  }
}

std::string Number(double value, int decimals) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

std::string RightAligned(const std::string& text, size_t columns) {
  const size_t width = DisplayWidth(text);
  return std::string(width < columns ? columns - width : 0, ' ') + text;
}

template <typename Entries>
std::string NameOf(const Entries& entries, const std::string& id, Language language) {
  const auto* entry = entries.Find(id);
  return entry == nullptr ? id : entry->name.in(language);
}

void DrawState(const ClientState& state, const Knowledge& knowledge, Language language) {
  DrawHeading("Perspective");
  std::string feels;
  for (const Feeling& feeling : state.feels) {
    feels += (feels.empty() ? "" : ", ") + NameOf(knowledge.emotions(), feeling.emotion, language) +
             " " + std::to_string(feeling.intensity) + "/5";
  }
  std::string needs;
  for (const std::string& need : state.needs) {
    needs += (needs.empty() ? "" : ", ") + NameOf(knowledge.needs(), need, language);
  }
  constexpr size_t kLabel = 10;
  Row("situation", state.situation, kLabel);
  Row("thinks", state.thinks, kLabel);
  Row("feels", feels, kLabel);
  Row("needs", needs, kLabel);
}

void DrawRisk(const RiskReading& risk) {
  const bool calm = risk.level == "none" && risk.evidence.empty() && risk.held_back.empty();
  if (risk.level.empty() || (calm && !risk.model_failed)) return;
  DrawHeading("Safety");
  constexpr size_t kLabel = 10;
  Row("level", risk.level + " (this turn: " + risk.turn_level + ")", kLabel);
  for (const RiskEvidence& one : risk.evidence) {
    Row(one.source,
        one.level + (one.kind.empty() ? "" : ", " + one.kind) +
            (one.rule.empty() ? "" : ", " + one.rule) + ": " + one.words,
        kLabel);
  }
  if (risk.took_over) Row("reply", "written beforehand; the protocol spoke", kLabel);
  if (!risk.held_back.empty()) Row("held back", "a draft that broke: " + risk.held_back, kLabel);
  if (risk.model_failed) Row("model", "could not be asked; patterns alone decided", kLabel);
}

// What the steps of a method found that has no picture of its own: lines, and labels with their
// probabilities as far as those matter.
void DrawFindings(const Answer& answer) {
  constexpr double kLeast = 0.1;
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Step& step : answer.steps) {
    const OrderedJson output = OrderedJson::parse(step.output, nullptr, false);
    if (!output.is_object() || step.name.starts_with("reply") || step.name.ends_with(" leaning")) {
      continue;
    }
    std::string found;
    const char* shares = output.contains("corrected") ? "corrected" : "probabilities";
    if (output.contains("label") && output.contains(shares)) {
      for (const auto& [label, share] : output[shares].items()) {
        if (share.get<double>() < kLeast) continue;
        found +=
            (found.empty() ? "" : ", ") + label + " " + Number(100 * share.get<double>(), 0) + " %";
      }
    } else if (output.contains("text") && output["text"].is_string()) {
      found = output["text"].get<std::string>();
    }
    if (!found.empty()) rows.emplace_back(step.name, found);
    if (!output.contains("recalled")) continue;
    for (const OrderedJson& one : output["recalled"]) {
      rows.emplace_back(step.name, one.value("text", "") + " (meaning " +
                                       Number(one.value("meaning", 0.0), 2) + ", mood " +
                                       Number(one.value("mood", 0.0), 2) + ")");
    }
  }
  if (rows.empty()) return;
  DrawHeading("Found on the way");
  DrawList(rows);
}

// What a step fell back on, if it did.
std::string Fallbacks(const Step& step) {
  const OrderedJson output = OrderedJson::parse(step.output, nullptr, false);
  if (!output.is_object() || !output.contains("fallback")) return "";
  std::string text;
  for (const OrderedJson& what : output["fallback"]) {
    if (what.is_string()) text += (text.empty() ? "" : "; ") + what.get<std::string>();
  }
  return text;
}

void DrawSteps(const Answer& answer) {
  DrawHeading("Steps");
  size_t widest = 4;
  for (const Step& step : answer.steps) widest = std::max(widest, DisplayWidth(step.name));
  Line("  " + Dim(Padded("step", widest) + "     read  reused  written        ms"));
  for (const Step& step : answer.steps) {
    Line("  " + Padded(step.name, widest) +
         RightAligned(std::to_string(step.prompt_tokens - step.reused_tokens), 9) +
         RightAligned(std::to_string(step.reused_tokens), 8) +
         RightAligned(std::to_string(step.output_tokens), 9) +
         RightAligned(Number(step.ms, 0), 10));
    const std::string fallbacks = Fallbacks(step);
    if (!fallbacks.empty()) Row("", "fell back: " + fallbacks, widest);
  }
  Line("  " + Dim(answer.method + " on " + answer.model + ", first words after " +
                  Number(answer.first_token_ms, 0) + " ms, whole turn " +
                  Number(answer.total_ms, 0) + " ms"));
}

}  // namespace

std::string Padded(const std::string& text, size_t columns) {
  const size_t width = DisplayWidth(text);
  return text + std::string(width < columns ? columns - width : 0, ' ');
}

std::string Bar(double share, int columns) {
  static constexpr std::array<const char*, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * columns * 8));
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i) bar += "█";
  return bar + kEighths.at(static_cast<size_t>(eighths % 8));
}

void DrawHeading(const std::string& title) {
  const size_t width = Columns();
  std::string rule = "── ";
  rule += title + " ";
  const size_t used = DisplayWidth(rule);
  std::string line = rule;
  for (size_t i = used; i < width; ++i) line += "─";
  Line(Bold(line));
}

void DrawList(const std::vector<std::pair<std::string, std::string>>& rows) {
  size_t widest = 0;
  for (const auto& [name, text] : rows) widest = std::max(widest, DisplayWidth(name));
  for (const auto& [name, text] : rows) Row(name, text, widest + 1);
}

void DrawDialogue(const Dialogue& dialogue) {
  DrawHeading("Dialogue");
  for (const Turn& turn : dialogue.turns) Row(std::string(RoleName(turn.role)), turn.text, 10);
}

void DrawPhase(const PhaseBelief& belief, const Knowledge& knowledge, Language /*language*/) {
  const PhaseScheme& scheme = knowledge.scheme(belief.scheme);
  DrawHeading("Phase (" + scheme.file.id + ")");
  size_t widest = 0;
  for (const auto& [id, probability] : belief.probabilities) {
    widest = std::max(widest, DisplayWidth(id));
  }
  for (const auto& [id, probability] : belief.probabilities) {
    const std::string line = Padded(id, widest) + " " + Padded(Bar(probability, kBar), kBar) +
                             RightAligned(Number(probability * 100, 0), 4) + " %";
    Line("  " + (id == belief.label ? Bold(line) : line));
  }
}

void DrawCard(const RiskCard& card) {
  DrawHeading(card.title);
  for (const RiskCard::Line& line : card.lines) {
    Line("  " + Bold(line.number) + "  " + line.name);
    if (!line.hours.empty()) Row("", line.hours, 4);
  }
  Row("", card.text, 0);
  Line("");
}

void DrawNotice(const std::string& text) {
  for (const std::string& line : Wrap(text, Columns() - 2)) Line(Dim("| " + line));
}

void DrawAnswer(const Answer& answer, const Knowledge& knowledge) {
  DrawRisk(answer.risk);
  if (answer.state) DrawState(*answer.state, knowledge, answer.language);
  if (answer.phase) DrawPhase(*answer.phase, knowledge, answer.language);
  if (!answer.state && !answer.phase) DrawFindings(answer);
  DrawSteps(answer);
}

}  // namespace emostage
