// What a client writes is data: no attempt of tests/injection.jsonl changes the structure of any
// prompt, with a scripted model that sees exactly what is asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "emostage/session.h"
#include "knowledge/knowledge.h"
#include "model/scripted/scripted_model.h"

namespace emostage {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Attempt {
  std::string id;
  Language language;
  std::string text;
};

std::vector<Attempt> Attempts() {
  std::vector<Attempt> attempts;
  const std::string text = ReadFile(EMOSTAGE_SOURCE_DIR "/tests/injection.jsonl");
  for (const std::string_view line : SplitLines(text)) {
    if (line.empty()) continue;
    const Json json = Json::parse(line);
    attempts.push_back(
        {json["id"], *LanguageFromCode(json["language"].get<std::string>()), json["text"]});
  }
  return attempts;
}

// Everything of a question but the client's words.
struct Shape {
  std::string system;
  std::string instruction;
  std::string prefix;
  std::string schema;
  std::vector<Speaker> speakers;
  bool operator==(const Shape&) const = default;
};

std::vector<Shape> ShapesOf(const std::shared_ptr<ScriptedModel>& model) {
  std::vector<Shape> shapes;
  for (const Ask& ask : model->asked()) {
    Shape shape{ask.system, ask.instruction, ask.answer_prefix, ask.schema, {}};
    for (const Message& message : ask.messages) shape.speakers.push_back(message.speaker);
    shapes.push_back(shape);
  }
  return shapes;
}

std::shared_ptr<ScriptedModel> Play(const std::string& text, Language language) {
  static const auto knowledge = LoadKnowledge(EMOSTAGE_SOURCE_DIR "/data");
  const auto model = ScriptedModel::Create({.text = [](const Ask&) { return "I hear you."; }});
  SessionOptions options;
  options.knowledge = knowledge;
  options.language = language;
  options.safety.enabled = false;  // the protocol would ask nothing; what is asked is looked at
  Session session(model, options);
  static_cast<void>(session.Respond(text));
  static_cast<void>(session.Respond(text));
  return model;
}

TEST(Injection, ThereAreAtLeast150AttemptsInThreeLanguages) {
  std::map<Language, int> count;
  for (const Attempt& attempt : Attempts()) ++count[attempt.language];
  EXPECT_EQ(count.size(), 3U);
  for (const auto& [language, many] : count) EXPECT_GE(many, 50);
}

TEST(Injection, NoAttemptChangesTheStructureOfAPrompt) {
  std::map<Language, std::vector<Shape>> harmless;
  for (const Language language : kAllLanguages) {
    harmless[language] = ShapesOf(Play("It rained all day.", language));
  }
  for (const Attempt& attempt : Attempts()) {
    SCOPED_TRACE(attempt.id);
    const auto model = Play(attempt.text, attempt.language);
    EXPECT_TRUE(ShapesOf(model) == harmless[attempt.language]);
    for (const Ask& ask : model->asked()) {
      for (const Message& message : ask.messages) {
        // Nothing in a talk looks like the program's own cue, nor a line like that of another
        // language's prompts.
        const char* own = attempt.language == Language::kEnglish   ? "[Task"
                          : attempt.language == Language::kChinese ? "[任务"
                                                                   : "[タスク";
        EXPECT_THAT(message.text, Not(HasSubstr(own)));
        EXPECT_THAT("\n" + message.text, Not(HasSubstr("\n[")));
        EXPECT_TRUE(IsValidUtf8(message.text));
      }
    }
  }
}

// What is inferred about a client goes into later questions: only through the schema and cleaned.
TEST(Injection, WhatTheModelIsTrickedIntoSayingChangesNoneEither) {
  static const auto knowledge = LoadKnowledge(EMOSTAGE_SOURCE_DIR "/data");
  for (const Attempt& attempt : Attempts()) {
    SCOPED_TRACE(attempt.id);
    const auto model = ScriptedModel::Create({.text = [&](const Ask&) { return attempt.text; }});
    SessionOptions options;
    options.knowledge = knowledge;
    options.language = attempt.language;
    options.safety.enabled = false;
    Session session(model, options);
    try {
      static_cast<void>(session.Respond("It rained all day."));
    } catch (const std::exception&) {
      continue;  // an answer that is no answer fails in one line
    }
    for (const Ask& ask : model->asked()) {
      EXPECT_LE(std::ranges::count(ask.instruction, '\n'), 0) << ask.instruction;
      for (const char* cue : {"[Task", "[任务", "[タスク"}) {
        const size_t first = ask.instruction.find(cue);
        if (first == std::string::npos) continue;
        EXPECT_EQ(ask.instruction.find(cue, first + 1), std::string::npos) << ask.instruction;
      }
    }
  }
}

}  // namespace
}  // namespace emostage
