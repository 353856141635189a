#include "knowledge/judge_texts.h"

#include <initializer_list>
#include <string_view>

#include "knowledge/toml_reader.h"

namespace emostage {
namespace {

// A cue: begins with '[' so that a talk cannot hold one (see judge.cc), and has its placeholders.
std::string ReadCue(const TomlTable& table, std::string_view key,
                    std::initializer_list<std::string_view> placeholders) {
  std::string cue = table.Text(key);
  if (cue.front() != '[') table.FailAt(key, "a cue must begin with '['");
  std::string rest = cue;
  for (const std::string_view name : placeholders) {
    const std::string written = "{{" + std::string(name) + "}}";
    const std::size_t at = rest.find(written);
    if (at == std::string::npos) {
      table.FailAt(key, "'" + written + "' is missing", "put it where it belongs");
    }
    rest.erase(at, written.size());
  }
  if (rest.find("{{") != std::string::npos) {
    table.FailAt(key, "there is a placeholder too many");
  }
  return cue;
}

}  // namespace

JudgeTexts ReadJudgeTexts(const TomlDocument& document) {
  const TomlTable root = document.root();
  root.AllowOnly({"version", "language", "source", "system", "words", "score", "compare",
                  "degraded", "sheet"});
  JudgeTexts texts;
  texts.file = document.InfoWithoutId();
  const std::string code = root.Text("language");
  if (!LanguageFromCode(code) || !document.stem().ends_with("." + code)) {
    root.FailAt("language", "language is '" + code + "'", "it must be the file name's");
  }
  texts.system = root.Text("system");
  const TomlTable words = root.Table("words");
  words.AllowOnly({"client", "listener", "talk", "reply", "reply_a", "reply_b", "cut"});
  texts.client = words.Text("client");
  texts.listener = words.Text("listener");
  texts.talk = words.Text("talk");
  texts.reply = words.Text("reply");
  texts.reply_a = words.Text("reply_a");
  texts.reply_b = words.Text("reply_b");
  texts.cut = words.Text("cut");
  const TomlTable score = root.Table("score");
  score.AllowOnly({"reply", "session", "prefix", "gap"});
  texts.score_reply = ReadCue(score, "reply", {"question", "anchors"});
  texts.score_session = ReadCue(score, "session", {"question", "anchors"});
  texts.score_prefix = score.AnyText("prefix");
  texts.score_gap = score.AnyText("gap");
  const TomlTable compare = root.Table("compare");
  compare.AllowOnly({"cue", "prefix", "gap"});
  texts.compare = ReadCue(compare, "cue", {"question"});
  texts.compare_prefix = compare.AnyText("prefix");
  texts.compare_gap = compare.AnyText("gap");
  const TomlTable degraded = root.Table("degraded");
  degraded.AllowOnly({"insulting", "off_topic"});
  texts.insulting = degraded.Texts("insulting");
  texts.off_topic = degraded.Texts("off_topic");
  for (const char* key : {"insulting", "off_topic"}) {
    if (degraded.Texts(key).empty()) degraded.FailAt(key, "at least one text must stand here");
  }
  const TomlTable sheet = root.Table("sheet");
  sheet.AllowOnly({"title", "intro", "rater", "talk", "reply", "comment", "save", "progress",
                   "client", "listener"});
  for (const std::string_view word : {"title", "intro", "rater", "talk", "reply", "comment", "save",
                                      "progress", "client", "listener"}) {
    texts.sheet.emplace(word, sheet.Text(word));
  }
  return texts;
}

}  // namespace emostage
