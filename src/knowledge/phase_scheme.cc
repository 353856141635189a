#include "knowledge/phase_scheme.h"

#include <cmath>
#include <cstdio>
#include <utility>

#include "knowledge/toml_reader.h"

namespace emostage {
namespace {

// Files give two or three decimals, so an honest row is off by rounding errors only.
constexpr double kSumTolerance = 1e-6;

std::string Printed(double number) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.6g", number);
  return buffer;
}

void CheckUnique(const PhaseScheme& scheme, const Phase& phase, const TomlTable& table) {
  for (const Phase& other : scheme.phases) {
    if (other.id == phase.id) table.FailAt("id", "the id '" + phase.id + "' is used twice");
    for (const Language language : kAllLanguages) {
      if (other.name.in(language) == phase.name.in(language)) {
        table.FailAt("name", "the name '" + phase.name.in(language) + "' is used twice");
      }
    }
  }
}

Phase ReadPhase(const TomlTable& entry) {
  Phase phase;
  phase.id = entry.Id("id");
  const TomlTable table = entry.Named("phase '" + phase.id + "'");
  table.AllowOnly({"id", "five_phase", "name", "definition", "aims", "do", "too_early"});
  phase.five_phase = table.Id("five_phase");
  phase.name = table.Translated("name");
  phase.definition = table.Fragment("definition");
  phase.aims = table.Fragment("aims");
  phase.actions = table.Fragment("do");
  phase.too_early = table.Fragment("too_early");
  return phase;
}

void CheckFivePhase(const Phase& phase, const PhaseScheme& five_phase, const TomlTable& table) {
  if (five_phase.IndexOf(phase.five_phase)) return;
  std::string known;
  for (const Phase& candidate : five_phase.phases) {
    if (!known.empty()) known += ", ";
    known += candidate.id;
  }
  table.FailAt("five_phase", "five_phase is '" + phase.five_phase + "'",
               "it must be one of " + known);
}

// A distribution over the phases of `scheme`, which `what` names.
std::vector<double> ReadDistribution(const TomlTable& table, const PhaseScheme& scheme,
                                     const std::string& what) {
  for (const std::string& key : table.Keys()) {
    if (!scheme.IndexOf(key)) table.FailAt(key, "there is no phase '" + key + "' in this file");
  }
  std::vector<double> row;
  double sum = 0.0;
  for (const Phase& phase : scheme.phases) {
    const double probability = table.Number(phase.id);
    // Whatever has no chance beforehand could never be believed, however plain the evidence.
    if (!(probability > 0.0) || probability > 1.0) {
      table.FailAt(phase.id, "'" + phase.id + "' is " + Printed(probability),
                   "a probability here lies above 0 and is at most 1");
    }
    row.push_back(probability);
    sum += probability;
  }
  if (std::abs(sum - 1.0) > kSumTolerance) {
    table.Named("").Fail(what + " sums to " + Printed(sum), "it must sum to 1");
  }
  for (double& probability : row) probability /= sum;
  return row;
}

}  // namespace

std::optional<std::size_t> PhaseScheme::IndexOf(std::string_view phase_id) const {
  for (std::size_t i = 0; i < phases.size(); ++i) {
    if (phases[i].id == phase_id) return i;
  }
  return std::nullopt;
}

std::string DefinitionList(const PhaseScheme& scheme, Language language) {
  std::string list;
  for (const Phase& phase : scheme.phases) {
    AppendDefinition(list, phase.name, phase.definition, language);
  }
  return list;
}

std::string GuideList(const PhaseScheme& scheme, Language language) {
  std::string list;
  for (const Phase& phase : scheme.phases) {
    const auto guide = [&phase](Language own) {
      return phase.aims.in(own) + " | " + phase.actions.in(own) + " | " + phase.too_early.in(own);
    };
    AppendDefinition(
        list, phase.name,
        {guide(Language::kEnglish), guide(Language::kChinese), guide(Language::kJapanese)},
        language);
  }
  return list;
}

PhaseScheme ReadPhaseScheme(const TomlDocument& document, const PhaseScheme* five_phase) {
  const TomlTable root = document.root();
  root.AllowOnly({"id", "version", "title", "source", "phase", "initial", "transition"});
  PhaseScheme scheme;
  scheme.file = document.Info();
  scheme.title = root.Fragment("title");
  const std::vector<TomlTable> entries = root.Tables("phase");
  for (const TomlTable& entry : entries) {
    Phase phase = ReadPhase(entry);
    CheckUnique(scheme, phase, entry);
    scheme.phases.push_back(std::move(phase));
  }
  if (scheme.phases.size() < 2) root.FailAt("phase", "a scheme needs at least two phases");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    CheckFivePhase(scheme.phases[i], five_phase == nullptr ? scheme : *five_phase, entries[i]);
  }

  scheme.initial = ReadDistribution(root.Table("initial"), scheme, "[initial]");
  const TomlTable transition = root.Table("transition");
  for (const std::string& key : transition.Keys()) {
    if (!scheme.IndexOf(key)) {
      transition.FailAt(key, "there is no phase '" + key + "' in this file");
    }
  }
  for (const Phase& phase : scheme.phases) {
    const std::string row = "transition row '" + phase.id + "'";
    scheme.transition.push_back(
        ReadDistribution(transition.Table(phase.id).Named(row), scheme, row));
  }
  return scheme;
}

}  // namespace emostage
