#include "knowledge/prompts.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "emostage/error.h"
#include "knowledge/toml_reader.h"

namespace emostage {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view kListNames[] = {"emotions", "needs", "phases", "phase_guides",
                                           "strategies"};
constexpr std::string_view kPhaseNames[] = {"phase", "aims", "do", "too_early"};
constexpr std::string_view kNoteNames[] = {"thinks", "feels", "needs"};
constexpr std::string_view kNoteAndPhaseNames[] = {"thinks", "feels", "needs",    "phase",
                                                   "aims",   "do",    "too_early"};

constexpr std::string_view kLabelAndPhaseNames[] = {"feels", "needs", "phase",
                                                    "aims",  "do",    "too_early"};

constexpr std::string_view kEmotionNames[] = {"emotion"};
constexpr std::string_view kStimulusNames[] = {"emotion", "stimulus"};
constexpr std::string_view kAppraisalNames[] = {"emotion", "stimulus", "appraisal"};
constexpr std::string_view kStrategyNames[] = {"emotion", "stimulus", "appraisal", "strategy"};
constexpr std::string_view kChainNames[] = {"emotion", "stimulus", "appraisal", "strategy",
                                            "reason"};
constexpr std::string_view kActNames[] = {"acts"};
constexpr std::string_view kPersonaNames[] = {"persona"};
constexpr std::string_view kMemoriesName[] = {"memories"};
constexpr std::string_view kPersonaAndActNames[] = {"persona", "acts"};
constexpr std::string_view kClientViewNames[] = {"feels", "client_view"};
constexpr std::string_view kOwnViewNames[] = {"own_view"};
constexpr std::string_view kViewNames[] = {"feels", "client_view", "own_view", "client_share",
                                           "own_share"};
constexpr std::string_view kClientSideNames[] = {"cause", "wants", "feels"};
constexpr std::string_view kBothSidesNames[] = {"cause", "wants", "feels", "intent", "own_feels"};
constexpr std::string_view kGuidelineName[] = {"guideline"};
constexpr std::string_view kCallNames[] = {"tool", "about"};
constexpr std::string_view kPartsName[] = {"parts"};
constexpr std::string_view kStrategyName[] = {"strategy"};
constexpr std::string_view kDraftsName[] = {"drafts"};
constexpr std::string_view kPersonName[] = {"person"};
constexpr std::string_view kViewsName[] = {"views"};
constexpr std::string_view kFeelsName[] = {"feels"};
constexpr std::string_view kFocusNames[] = {"feels", "over"};

// A cue that methods ask for by name, with the placeholders that they fill in it.
struct CueRule {
  std::string_view name;
  Names placeholders;
};
constexpr CueRule kCues[] = {
    {"notes", {}},
    {"reply", kNoteAndPhaseNames},
    {"reply_from_labels", kLabelAndPhaseNames},
    {"reply_without_perspective", kPhaseNames},
    {"reply_without_phase", kNoteNames},
    {"turn", {}},
    {"chain", {}},
    {"chain_stimulus", kEmotionNames},
    {"chain_appraisal", kStimulusNames},
    {"chain_strategy", kAppraisalNames},
    {"chain_reason", kStrategyNames},
    {"reply_from_chain", kChainNames},
    {"strategy", {}},
    {"reply_by_strategy", kActNames},
    {"persona", {}},
    {"persona_again", kPersonaNames},
    {"reply_to_persona", kPersonaAndActNames},
    {"mood", {}},
    {"reply_alone", {}},
    {"reply_recalling", kMemoriesName},
    {"view", {}},
    {"reply_from_views", kViewNames},
    {"reply_from_client_view", kClientViewNames},
    {"reply_from_own_view", kOwnViewNames},
    {"client_side", {}},
    {"own_side", kClientSideNames},
    {"reply_from_causes", kBothSidesNames},
    {"summary", {}},
    {"think", {}},
    {"plan", kGuidelineName},
    {"part", kCallNames},
    {"reply_in_parts", kPartsName},
    {"strategy_choice", {}},
    {"reply_with_strategy", kStrategyName},
    {"client", {}},
    {"outlook", {}},
    {"draft", {}},
    {"join", kDraftsName},
    {"reading", kPersonName},
    {"revise", kViewsName},
    {"emotion", {}},
    {"feeling", kFeelsName},
    {"reply_in_focus", kFocusNames},
};

constexpr std::string_view kWords[] = {"opening", "fold", "cut", "list_gap", "label_gap"};

// What a shipped method asks for, so that an edited file fails at load rather than in a talk.
struct MethodRule {
  std::string_view method;
  Names cues;
  Names prefixes;
  Names words = {};  // besides those of every method
  Names lists = {};
  size_t list_length = 0;  // of each list; 0: as it comes
};
constexpr std::string_view kEmostageCues[] = {
    "notes",  "reply", "reply_without_perspective", "reply_without_phase", "reply_from_labels",
    "summary"};
constexpr std::string_view kEmostagePrefixes[] = {"thinks", "situation", "feels",  "strength",
                                                  "needs",  "phase",     "summary"};
constexpr std::string_view kDirectCues[] = {"summary"};
constexpr std::string_view kDirectPrefixes[] = {"reply", "summary"};
constexpr std::string_view kOneCallCues[] = {"turn", "summary"};
constexpr std::string_view kOneCallPrefixes[] = {"turn", "summary"};
constexpr std::string_view kEscotCues[] = {"chain",          "chain_stimulus", "chain_appraisal",
                                           "chain_strategy", "chain_reason",   "reply_from_chain",
                                           "summary"};
constexpr std::string_view kEscotPrefixes[] = {"emotion",  "stimulus", "appraisal",
                                               "strategy", "reason",   "summary"};
constexpr std::string_view kEscotWords[] = {"unknown"};
constexpr std::string_view kStrategyCues[] = {"strategy", "reply_by_strategy", "summary"};
constexpr std::string_view kStrategyPrefixes[] = {"strategy", "summary"};
constexpr std::string_view kPersonaCues[] = {"persona",           "persona_again",    "strategy",
                                             "reply_by_strategy", "reply_to_persona", "summary"};
constexpr std::string_view kPersonaPrefixes[] = {"persona", "strategy", "summary"};
constexpr std::string_view kMoodMemoryCues[] = {"mood", "reply_alone", "reply_recalling",
                                                "summary"};
constexpr std::string_view kMoodMemoryPrefixes[] = {"mood", "summary"};
constexpr std::string_view kMoodMemoryWords[] = {"next"};
constexpr std::string_view kMoodMemoryLists[] = {"moods"};
constexpr size_t kMoods = 8;
constexpr std::string_view kSelfOtherCues[] = {"view", "reply_from_views", "reply_from_client_view",
                                               "reply_from_own_view", "summary"};
constexpr std::string_view kSelfOtherPrefixes[] = {"feels", "client_view", "own_view", "weight",
                                                   "summary"};
constexpr std::string_view kSelfOtherWords[] = {"unknown", "own_words", "weight_client",
                                                "weight_own"};
constexpr std::string_view kCausesCues[] = {"client_side", "own_side", "reply_from_causes",
                                            "summary"};
constexpr std::string_view kCausesPrefixes[] = {"cause",  "wants",     "feels",
                                                "intent", "own_feels", "summary"};
constexpr std::string_view kCausesWords[] = {"unknown", "own_feelings"};
constexpr std::string_view kPlannerCues[] = {"think", "plan", "part", "reply_in_parts", "summary"};
constexpr std::string_view kPlannerPrefixes[] = {"think", "plan", "part", "summary"};
constexpr std::string_view kPlannerWords[] = {"guideline", "then"};
constexpr std::string_view kLookaheadCues[] = {"strategy_choice", "reply_with_strategy", "client",
                                               "outlook", "summary"};
constexpr std::string_view kLookaheadPrefixes[] = {"strategy", "client", "outlook", "summary"};
constexpr std::string_view kLookaheadWords[] = {"better", "same", "worse"};
constexpr std::string_view kFollowUpCues[] = {"draft", "client", "summary"};
constexpr std::string_view kFollowUpPrefixes[] = {"client", "summary"};
constexpr std::string_view kFollowUpLists[] = {"good", "bad"};
constexpr std::string_view kAggregateCues[] = {"draft", "join", "summary"};
constexpr std::string_view kAggregatePrefixes[] = {"summary"};
constexpr std::string_view kAggregateWords[] = {"next"};
constexpr std::string_view kOthersShoesCues[] = {"draft", "reading", "revise", "summary"};
constexpr std::string_view kOthersShoesPrefixes[] = {"view", "summary"};
constexpr std::string_view kOthersShoesWords[] = {"client", "friend", "supervisor", "says", "next"};
constexpr std::string_view kFocusedCues[] = {"emotion", "feeling", "reply_in_focus", "summary"};
constexpr std::string_view kFocusedPrefixes[] = {"emotion", "said", "over", "summary"};
constexpr std::string_view kFocusedWords[] = {"unknown"};
constexpr std::string_view kFocusedLists[] = {"stop_words"};
constexpr MethodRule kMethods[] = {
    {"emostage", kEmostageCues, kEmostagePrefixes},
    {"direct", kDirectCues, kDirectPrefixes},
    {"one-call", kOneCallCues, kOneCallPrefixes},
    {"escot", kEscotCues, kEscotPrefixes, kEscotWords},
    {"strategy", kStrategyCues, kStrategyPrefixes},
    {"persona", kPersonaCues, kPersonaPrefixes},
    {"mood-memory", kMoodMemoryCues, kMoodMemoryPrefixes, kMoodMemoryWords, kMoodMemoryLists,
     kMoods},
    {"self-other", kSelfOtherCues, kSelfOtherPrefixes, kSelfOtherWords},
    {"causes", kCausesCues, kCausesPrefixes, kCausesWords},
    {"planner", kPlannerCues, kPlannerPrefixes, kPlannerWords},
    {"lookahead", kLookaheadCues, kLookaheadPrefixes, kLookaheadWords},
    {"follow-up", kFollowUpCues, kFollowUpPrefixes, {}, kFollowUpLists},
    {"aggregate", kAggregateCues, kAggregatePrefixes, kAggregateWords},
    {"others-shoes", kOthersShoesCues, kOthersShoesPrefixes, kOthersShoesWords},
    {"focused", kFocusedCues, kFocusedPrefixes, kFocusedWords, kFocusedLists},
};

std::string Listed(Names names) {
  std::string list;
  for (std::string_view name : names) {
    if (!list.empty()) list += ", ";
    list += name;
  }
  return list.empty() ? "none" : list;
}

bool Contains(Names names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A text cut at its placeholders: `literal`, then the value of `name` unless it is the last piece.
struct Piece {
  std::string_view literal;
  std::optional<std::string_view> name;
};

// nullopt if a "{{" is not closed.
std::optional<std::vector<Piece>> CutAtPlaceholders(std::string_view text) {
  std::vector<Piece> pieces;
  while (true) {
    const std::size_t open = text.find("{{");
    if (open == std::string_view::npos) {
      pieces.push_back({text, std::nullopt});
      return pieces;
    }
    const std::size_t close = text.find("}}", open);
    if (close == std::string_view::npos) return std::nullopt;
    pieces.push_back({text.substr(0, open), text.substr(open + 2, close - open - 2)});
    text.remove_prefix(close + 2);
  }
}

std::set<std::string_view> PlaceholdersOf(std::string_view text) {
  std::set<std::string_view> names;
  for (const Piece& piece : CutAtPlaceholders(text).value_or(std::vector<Piece>{})) {
    if (piece.name) names.insert(*piece.name);
  }
  return names;
}

void CheckPlaceholders(const TomlTable& table, std::string_view key, std::string_view text,
                       Names allowed) {
  const auto pieces = CutAtPlaceholders(text);
  if (!pieces) table.FailAt(key, "a '{{' is not closed by '}}'");
  for (const Piece& piece : *pieces) {
    if (piece.name && !Contains(allowed, *piece.name)) {
      table.FailAt(key, "unknown placeholder '{{" + std::string(*piece.name) + "}}'",
                   "placeholders allowed here: " + Listed(allowed));
    }
  }
}

TextMap ReadCues(const TomlTable& table) {
  TextMap cues;
  for (const std::string& key : table.Keys()) {
    const auto* rule = std::find_if(std::begin(kCues), std::end(kCues),
                                    [&](const CueRule& known) { return known.name == key; });
    if (rule == std::end(kCues)) {
      std::vector<std::string_view> known;
      for (const CueRule& cue : kCues) known.push_back(cue.name);
      table.FailAt(key, "unknown cue '" + key + "'", "the cues are " + Listed(known));
    }
    std::string text = table.Text(key);
    if (text.front() != '[') table.FailAt(key, "cue '" + key + "' must begin with '['");
    if (text.find('\n') != std::string::npos) {
      table.FailAt(key, "cue '" + key + "' must be one line");
    }
    CheckPlaceholders(table, key, text, rule->placeholders);
    cues.emplace(key, std::move(text));
  }
  return cues;
}

// Prefixes and words: short texts without placeholders, possibly empty.
TextMap ReadPlainTexts(const TomlTable& table) {
  TextMap texts;
  for (const std::string& key : table.Keys()) {
    std::string text = table.AnyText(key);
    CheckPlaceholders(table, key, text, {});
    texts.emplace(key, std::move(text));
  }
  return texts;
}

// Whole sentences by kind; a file may have none.
std::map<std::string, std::vector<std::string>, std::less<>> ReadLists(const TomlTable& root) {
  std::map<std::string, std::vector<std::string>, std::less<>> lists;
  if (!root.Has("lists")) return lists;
  const TomlTable table = root.Table("lists");
  for (const std::string& key : table.Keys()) {
    std::vector<std::string> texts = table.Texts(key);
    if (texts.empty()) table.FailAt(key, "'" + key + "' is empty");
    for (const std::string& text : texts) CheckPlaceholders(table, key, text, {});
    lists.emplace(key, std::move(texts));
  }
  return lists;
}

void RequireKeys(const TomlTable& table, Names keys) {
  for (std::string_view key : keys) {
    if (!table.Has(key)) table.Fail("'" + std::string(key) + "' is missing");
  }
}

void CheckMethodKeys(const TomlTable& root, std::string_view method) {
  for (const MethodRule& rule : kMethods) {
    if (rule.method != method) continue;
    RequireKeys(root.Table("cue"), rule.cues);
    RequireKeys(root.Table("prefix"), rule.prefixes);
    RequireKeys(root.Table("words"), rule.words);
    if (rule.lists.empty()) continue;
    const TomlTable lists = root.Table("lists");
    RequireKeys(lists, rule.lists);
    for (const std::string_view list : rule.lists) {
      if (rule.list_length == 0) continue;
      const std::vector<std::string> texts = lists.Texts(list);
      if (texts.size() != rule.list_length ||
          std::set<std::string>(texts.begin(), texts.end()).size() != texts.size()) {
        lists.FailAt(list, "'" + std::string(list) + "' must hold " +
                               std::to_string(rule.list_length) + " names, all different");
      }
    }
  }
}

template <typename Texts>
const typename Texts::mapped_type& Get(const Texts& texts, std::string_view name,
                                       std::string_view section, const PromptFile& file) {
  const auto found = texts.find(name);
  if (found == texts.end()) {
    throw Error(ErrorCode::kKnowledge, file.file.path + ": there is no '" + std::string(name) +
                                           "' under [" + std::string(section) + "]");
  }
  return found->second;
}

[[noreturn]] void FailShape(const PromptFile& file, const std::string& what,
                            const PromptFile& reference) {
  throw Error(ErrorCode::kKnowledge,
              file.file.path + ": " + what + " unlike " + reference.file.path,
              "all languages of a method have the same keys and placeholders");
}

void CheckSamePlaceholders(const PromptFile& file, std::string_view place, std::string_view text,
                           const PromptFile& reference, std::string_view reference_text) {
  if (PlaceholdersOf(text) != PlaceholdersOf(reference_text)) {
    FailShape(file, std::string(place) + " has other placeholders", reference);
  }
}

void CheckSameKeys(const PromptFile& file, std::string_view section, const TextMap& texts,
                   const PromptFile& reference, const TextMap& reference_texts) {
  const auto place = [&](std::string_view before, std::string_view key) {
    return std::string(before).append(key).append("' under [").append(section).append("]");
  };
  for (const auto& [key, text] : texts) {
    if (!reference_texts.contains(key)) FailShape(file, place("has '", key), reference);
  }
  for (const auto& [key, reference_text] : reference_texts) {
    const auto found = texts.find(key);
    if (found == texts.end()) FailShape(file, place("lacks '", key), reference);
    CheckSamePlaceholders(file, place("'", key), found->second, reference, reference_text);
  }
}

}  // namespace

const std::string& PromptFile::Cue(std::string_view name) const {
  return Get(cues, name, "cue", *this);
}

const std::string& PromptFile::Prefix(std::string_view name) const {
  return Get(prefixes, name, "prefix", *this);
}

const std::string& PromptFile::Word(std::string_view name) const {
  return Get(words, name, "words", *this);
}

const std::vector<std::string>& PromptFile::List(std::string_view name) const {
  return Get(lists, name, "lists", *this);
}

std::string Fill(std::string_view text, const TextMap& values) {
  const auto pieces = CutAtPlaceholders(text);
  if (!pieces) throw Error(ErrorCode::kInternal, "a '{{' in a prompt is not closed by '}}'");
  std::string filled;
  for (const Piece& piece : *pieces) {
    filled += piece.literal;
    if (!piece.name) continue;
    const auto value = values.find(*piece.name);
    if (value == values.end()) {
      throw Error(ErrorCode::kInternal,
                  "no value for '{{" + std::string(*piece.name) + "}}' in a prompt");
    }
    filled += value->second;
  }
  return filled;
}

PromptFile ReadPromptFile(const TomlDocument& document) {
  const TomlTable root = document.root();
  root.AllowOnly({"version", "source", "method", "language", "system", "stop", "cue", "prefix",
                  "words", "lists"});
  PromptFile prompts;
  prompts.file = document.InfoWithoutId();
  prompts.method = root.Id("method");
  const std::string code = root.Text("language");
  const std::optional<Language> language = LanguageFromCode(code);
  if (!language) {
    root.FailAt("language", "language is '" + code + "'", "it must be \"en\", \"zh\" or \"ja\"");
  }
  prompts.language = *language;
  const std::string stem = prompts.method + "." + code;
  if (stem != document.stem()) {
    root.FailAt("method",
                "method and language make '" + stem + "' but the file is called '" +
                    document.stem() + ".toml'",
                "make them the same");
  }
  prompts.system = root.Text("system");
  CheckPlaceholders(root, "system", prompts.system, kListNames);
  prompts.stop = root.Texts("stop");
  prompts.cues = ReadCues(root.Table("cue"));
  prompts.prefixes = ReadPlainTexts(root.Table("prefix"));
  prompts.words = ReadPlainTexts(root.Table("words"));
  prompts.lists = ReadLists(root);
  RequireKeys(root.Table("words"), kWords);
  CheckMethodKeys(root, prompts.method);
  return prompts;
}

void CheckSamePromptShape(const PromptFile& file, const PromptFile& reference) {
  CheckSamePlaceholders(file, "'system'", file.system, reference, reference.system);
  CheckSameKeys(file, "cue", file.cues, reference, reference.cues);
  CheckSameKeys(file, "prefix", file.prefixes, reference, reference.prefixes);
  CheckSameKeys(file, "words", file.words, reference, reference.words);
  const auto names = [](const PromptFile& of) {
    TextMap keys;
    for (const auto& [name, texts] : of.lists) keys.emplace(name, "");
    return keys;
  };
  CheckSameKeys(file, "lists", names(file), reference, names(reference));
}

}  // namespace emostage
