#include "knowledge/knowledge.h"

#include <algorithm>
#include <string>
#include <utility>

#include "emostage/error.h"
#include "knowledge/embedded.h"
#include "knowledge/toml_reader.h"

namespace emostage {
namespace {

constexpr std::string_view kFivePhase = "five-phase";
constexpr std::string_view kToml = ".toml";

// "hill" for "phases/hill.toml".
std::string StemOf(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);  // npos + 1 is 0
  path.remove_suffix(kToml.size());
  return std::string(path);
}

template <typename Reader>
auto ReadToml(const DataSource& source, std::string_view path, const Reader& read) {
  const TomlDocument document(source.DisplayName(path), StemOf(path), source.Read(path));
  return read(document);
}

std::vector<PhaseScheme> ReadSchemes(const DataSource& source) {
  const std::string five_phase_path = "phases/" + std::string(kFivePhase) + std::string(kToml);
  const PhaseScheme five_phase = ReadToml(source, five_phase_path, [](const TomlDocument& file) {
    return ReadPhaseScheme(file, nullptr);
  });
  std::vector<PhaseScheme> schemes{five_phase};
  for (const std::string& path : source.List("phases", kToml)) {
    if (path == five_phase_path) continue;
    schemes.push_back(ReadToml(source, path, [&](const TomlDocument& file) {
      return ReadPhaseScheme(file, &five_phase);
    }));
  }
  std::sort(schemes.begin(), schemes.end(),
            [](const PhaseScheme& a, const PhaseScheme& b) { return a.file.id < b.file.id; });
  return schemes;
}

const PromptFile* FindPrompts(const std::vector<PromptFile>& prompts, std::string_view method,
                              Language language) {
  for (const PromptFile& file : prompts) {
    if (file.method == method && file.language == language) return &file;
  }
  return nullptr;
}

std::vector<PromptFile> ReadPrompts(const DataSource& source) {
  std::vector<PromptFile> prompts;
  for (const std::string& path : source.List("prompts", kToml)) {
    prompts.push_back(ReadToml(source, path, ReadPromptFile));
  }
  if (prompts.empty()) {
    throw Error(ErrorCode::kKnowledge,
                "there are no prompt files in " + source.DisplayName("prompts"));
  }
  for (const PromptFile& file : prompts) {
    for (const Language language : kAllLanguages) {
      const PromptFile* other = FindPrompts(prompts, file.method, language);
      if (other == nullptr) {
        const std::string name = file.method + "." + std::string(LanguageCode(language));
        throw Error(ErrorCode::kKnowledge,
                    source.DisplayName("prompts/" + name + std::string(kToml)) + " is missing",
                    "each method has prompts in en, zh and ja");
      }
      // English is what the other languages are compared with.
      if (language == Language::kEnglish) CheckSamePromptShape(file, *other);
    }
  }
  return prompts;
}

Dialogue ReadDemo(const DataSource& source, Language language) {
  const std::string path = "demo/" + std::string(LanguageCode(language)) + ".json";
  const std::string text = source.Read(path);
  const std::string name = source.DisplayName(path);
  Dialogue dialogue;
  try {
    dialogue = ParseDialogue(text);
  } catch (const Error& error) {
    throw Error(ErrorCode::kKnowledge, name + ": " + error.what());
  }
  if (dialogue.turns.empty() || dialogue.turns.back().role != Role::kClient) {
    throw Error(ErrorCode::kKnowledge, name + ": a sample dialogue must end with the client");
  }
  return dialogue;
}

// `Read<RiskPatterns>(…, "patterns", …)` reads safety/patterns.LANGUAGE.toml.
template <typename File>
File ReadSafety(const DataSource& source, const std::string& name) {
  return ReadToml(source, "safety/" + name + std::string(kToml),
                  [](const TomlDocument& file) { return File(file); });
}

std::unique_ptr<const SafetyKnowledge> ReadSafetyFiles(const DataSource& source) {
  // The Chinese and Japanese files on a thread of their own: together they take a tenth of a
  // second.
  const auto read = [&source](Language language) {
    const std::string code = "." + std::string(LanguageCode(language));
    return SafetyKnowledge::Words{ReadSafety<RiskPatterns>(source, "patterns" + code),
                                  ReadSafety<AnswerPatterns>(source, "answers" + code),
                                  ReadSafety<OutputPatterns>(source, "output" + code),
                                  ReadSafety<ProtocolTexts>(source, "protocol" + code),
                                  ReadSafety<RiskQuestion>(source, "question" + code),
                                  ReadSafety<WordWeights>(source, "weights" + code)};
  };
  auto other = std::async(std::launch::async, [&read] {
    return std::pair(read(Language::kChinese), read(Language::kJapanese));
  });
  std::vector<SafetyKnowledge::Words> languages;
  languages.push_back(read(Language::kEnglish));
  auto [chinese, japanese] = other.get();
  languages.push_back(std::move(chinese));
  languages.push_back(std::move(japanese));
  return std::make_unique<const SafetyKnowledge>(
      SafetyKnowledge{std::move(languages), ReadSafety<Traditional>(source, "traditional"),
                      ReadSafety<Helplines>(source, "helplines"),
                      ReadSafety<RiskThresholds>(source, "thresholds")});
}

std::vector<Rubric> ReadRubrics(const DataSource& source) {
  std::vector<Rubric> rubrics;
  for (const std::string& path : source.List("rubrics", kToml)) {
    rubrics.push_back(ReadToml(source, path, ReadRubric));
  }
  if (rubrics.empty()) {
    throw Error(ErrorCode::kKnowledge, "there are no rubrics in " + source.DisplayName("rubrics"));
  }
  return rubrics;
}

}  // namespace

Knowledge Knowledge::Load(std::optional<std::filesystem::path> folder) {
  const DataSource source = DataSource::Open(std::move(folder));
  Knowledge knowledge;
  knowledge.safety_ =
      std::async(std::launch::async, [source] { return ReadSafetyFiles(source); }).share();
  knowledge.judging_ =
      std::async(std::launch::deferred, [source] {
        auto judging = std::make_unique<Judging>();
        judging->rubrics = ReadRubrics(source);
        for (const Language language : kAllLanguages) {
          judging->texts.at(static_cast<std::size_t>(language)) = ReadToml(
              source,
              "evaluation/judge." + std::string(LanguageCode(language)) + std::string(kToml),
              ReadJudgeTexts);
        }
        return std::unique_ptr<const Judging>(std::move(judging));
      }).share();
  knowledge.extras_ = std::async(std::launch::deferred, [source] {
                        return std::make_unique<const Extras>(
                            Extras{ReadToml(source, "stimuli.toml", ReadStimuli),
                                   ReadToml(source, "transition.toml", ReadTransition)});
                      }).share();
  knowledge.emotions_ = ReadToml(source, "emotions.toml", ReadEmotions);
  knowledge.needs_ = ReadToml(source, "needs.toml", ReadNeeds);
  knowledge.strategies_ = ReadToml(source, "strategies.toml", ReadStrategies);
  knowledge.schemes_ = ReadSchemes(source);
  knowledge.prompts_ = ReadPrompts(source);
  for (const Language language : kAllLanguages) {
    knowledge.demos_.at(static_cast<std::size_t>(language)) = ReadDemo(source, language);
  }
  return knowledge;
}

const PhaseScheme& Knowledge::scheme(std::string_view name) const {
  std::string known;
  for (const PhaseScheme& scheme : schemes_) {
    if (scheme.file.id == name) return scheme;
    if (!known.empty()) known += ", ";
    known += scheme.file.id;
  }
  throw Error(ErrorCode::kUsage, "there is no phase scheme '" + std::string(name) + "'",
              "the schemes are " + known);
}

const PromptFile& Knowledge::prompts(std::string_view method, Language language) const {
  if (const PromptFile* file = FindPrompts(prompts_, method, language)) return *file;
  std::string known;
  for (const PromptFile& file : prompts_) {
    if (file.language != Language::kEnglish) continue;  // each method once
    if (!known.empty()) known += ", ";
    known += file.method;
  }
  throw Error(ErrorCode::kUsage, "there are no prompts for a method '" + std::string(method) + "'",
              "the methods with prompts are " + known);
}

const Rubric& Knowledge::rubric(std::string_view name) const {
  std::string known;
  for (const Rubric& rubric : rubrics()) {
    if (rubric.file.id == name) return rubric;
    if (!known.empty()) known += ", ";
    known += rubric.file.id;
  }
  throw Error(ErrorCode::kUsage, "there is no rubric '" + std::string(name) + "'",
              "the rubrics are " + known);
}

const JudgeTexts& Knowledge::judge_texts(Language language) const {
  return judging_.get()->texts.at(static_cast<std::size_t>(language));
}

const Dialogue& Knowledge::demo(Language language) const {
  return demos_.at(static_cast<std::size_t>(language));
}

}  // namespace emostage
