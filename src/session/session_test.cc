#include "emostage/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "emostage/error.h"
#include "model/scripted/scripted_model.h"

namespace emostage {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::shared_ptr<const Knowledge> Shipped() {
  static const auto knowledge = LoadKnowledge(EMOSTAGE_SOURCE_DIR "/data");
  return knowledge;
}

ScriptedModel::Script Says(const std::string& reply) {
  return {.text = [reply](const Ask&) { return reply; }};
}

Session Open(std::shared_ptr<Model> model, const std::string& method = "direct",
             std::optional<Language> language = std::nullopt) {
  SessionOptions options;
  options.method = method;
  options.knowledge = Shipped();
  options.language = language;
  return Session(std::move(model), options);
}

std::vector<std::string> Texts(const Dialogue& dialogue) {
  std::vector<std::string> texts;
  for (const Turn& turn : dialogue.turns) texts.push_back(turn.text);
  return texts;
}

template <typename Fn>
Error Failure(Fn action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorCode::kInternal, "");
}

// Replies, but fails when it is to read ahead.
class FailsAhead : public Model {
 public:
  class AheadContext : public Context {
   public:
    explicit AheadContext(std::unique_ptr<Context> inner) : inner_(std::move(inner)) {}
    Future<Completion> complete(Ask ask, OnToken on_token) override {
      return inner_->complete(std::move(ask), std::move(on_token));
    }
    Future<Choice> choose(Ask ask, std::vector<std::string> labels, Scoring scoring) override {
      return inner_->choose(std::move(ask), std::move(labels), scoring);
    }
    Future<Score> score(Ask ask, std::string continuation) override {
      return inner_->score(std::move(ask), std::move(continuation));
    }
    Future<NextTokens> next(Ask ask, int most) override {
      return inner_->next(std::move(ask), most);
    }
    Future<std::vector<Completion>> sample(Ask ask, int n) override {
      return inner_->sample(std::move(ask), n);
    }
    void ReadAhead(const std::string&, std::vector<Message>) override {
      throw Error(ErrorCode::kModel, "cannot read ahead");
    }
    int WaitReadAhead() override { return 0; }

   private:
    std::unique_ptr<Context> inner_;
  };

  const ModelInfo& info() const override { return inner_->info(); }
  std::unique_ptr<Context> Open() override {
    return std::make_unique<AheadContext>(inner_->Open());
  }
  int CountTokens(std::string_view text) const override { return inner_->CountTokens(text); }
  std::vector<float> embed(std::string_view text) override { return inner_->embed(text); }

 private:
  std::shared_ptr<ScriptedModel> inner_ = ScriptedModel::Create(Says("I hear you."));
};

TEST(Session, WhoLooksOnIsToldOfEachStepAsItStandsInTheTrace) {
  Session session = Open(ScriptedModel::Create(Says("I hear you.")), "emostage");
  std::vector<std::string> asked;
  std::vector<std::string> done;
  std::string streamed;
  TurnWatch watch;
  watch.on_token = [&](std::string_view words) { streamed += words; };
  watch.on_step = [&](std::string_view name) { asked.emplace_back(name); };
  watch.on_step_done = [&](const Step& step) { done.push_back(step.name + step.output); };
  const Answer answer = session.RespondWatched("I lost my job.", watch);
  std::vector<std::string> names;
  std::vector<std::string> traced;
  for (const Step& step : answer.steps) {
    names.push_back(step.name);
    traced.push_back(step.name + step.output);
  }
  EXPECT_EQ(asked, names);
  EXPECT_THAT(done, ::testing::UnorderedElementsAreArray(traced));
  EXPECT_EQ(streamed, answer.reply);
}

TEST(Session, KeepsBothTheClientsWordsAndTheReply) {
  auto model = ScriptedModel::Create(Says("I hear you."));
  Session session = Open(model);
  const Answer answer = session.Respond("I lost my job.");
  EXPECT_EQ(answer.reply, "I hear you.");
  static_cast<void>(session.Respond("Today."));
  EXPECT_THAT(Texts(session.dialogue()),
              ElementsAre("I lost my job.", "I hear you.", "Today.", "I hear you."));
  EXPECT_EQ(session.dialogue().turns[0].role, Role::kClient);
  EXPECT_EQ(session.dialogue().turns[1].role, Role::kCounsellor);
  ASSERT_THAT(model->asked().back().messages, SizeIs(3)) << "the second turn saw the first";
  EXPECT_EQ(model->asked().back().messages[1].speaker, Speaker::kCounsellor);
}

TEST(Session, StreamsTheReply) {
  Session session = Open(ScriptedModel::Create(Says("I hear you.")));
  std::string streamed;
  static_cast<void>(session.Respond("Hello", [&](std::string_view s) { streamed += s; }));
  EXPECT_EQ(streamed, "I hear you.");
}

TEST(Session, DialogueIsAsBeforeWhenTheModelFails) {
  bool fails = false;
  Session session = Open(ScriptedModel::Create({.text = [&](const Ask&) -> std::string {
    if (fails) throw Error(ErrorCode::kModel, "out of breath");
    return "I hear you.";
  }}));
  static_cast<void>(session.Respond("one"));
  fails = true;
  EXPECT_EQ(Failure([&] { static_cast<void>(session.Respond("two")); }).code(), ErrorCode::kModel);
  EXPECT_THAT(Texts(session.dialogue()), ElementsAre("one", "I hear you."));
  fails = false;
  static_cast<void>(session.Respond("two"));
  EXPECT_THAT(session.dialogue().turns, SizeIs(4));
}

TEST(Session, DialogueIsAsBeforeWhenSomethingElseIsThrown) {
  Session session = Open(ScriptedModel::Create(
      {.text = [](const Ask&) -> std::string { throw std::runtime_error("odd"); }}));
  EXPECT_THROW(static_cast<void>(session.Respond("one")), std::runtime_error);
  EXPECT_THAT(session.dialogue().turns, IsEmpty());
}

TEST(Session, DialogueIsAsBeforeWhenReadingAheadFails) {
  Session session = Open(std::make_shared<FailsAhead>());
  EXPECT_EQ(Failure([&] { static_cast<void>(session.Respond("one")); }).code(), ErrorCode::kModel);
  EXPECT_THAT(session.dialogue().turns, IsEmpty());
  session.SetDialogue({"", {{Role::kClient, "one", ""}}});
  EXPECT_EQ(Failure([&] { static_cast<void>(session.RespondToLast()); }).code(), ErrorCode::kModel);
  EXPECT_THAT(Texts(session.dialogue()), ElementsAre("one"));
}

TEST(Session, DialogueIsAsBeforeWhenStoppedBeforeTheFirstWord) {
  Session session = Open(ScriptedModel::Create(Says("")));
  std::stop_source stop;
  stop.request_stop();
  const Answer answer = session.Respond("one", {}, stop.get_token());
  EXPECT_TRUE(answer.cancelled);
  EXPECT_THAT(answer.reply, IsEmpty());
  EXPECT_THAT(session.dialogue().turns, IsEmpty());
  session.SetDialogue({"", {{Role::kClient, "one", ""}}});
  EXPECT_TRUE(session.RespondToLast({}, stop.get_token()).cancelled);
  EXPECT_THAT(Texts(session.dialogue()), ElementsAre("one"));
}

TEST(Session, ReplyStoppedAfterItsFirstWordIsKept) {
  Session session = Open(ScriptedModel::Create(Says("I hear")));
  std::stop_source stop;
  stop.request_stop();
  const Answer answer = session.Respond("one", {}, stop.get_token());
  EXPECT_TRUE(answer.cancelled);
  EXPECT_THAT(Texts(session.dialogue()), ElementsAre("one", "I hear"));
}

TEST(Session, AnswersADialogueThatBeganElsewhere) {
  auto model = ScriptedModel::Create(Says("I hear you."));
  Session session = Open(model);
  session.SetDialogue(
      {"talk-7",
       {{Role::kClient, "a", ""}, {Role::kCounsellor, "b", ""}, {Role::kClient, "c", ""}}});
  static_cast<void>(session.RespondToLast());
  EXPECT_THAT(Texts(session.dialogue()), ElementsAre("a", "b", "c", "I hear you."));
  EXPECT_EQ(session.dialogue().id, "talk-7");
  EXPECT_EQ(Failure([&] { static_cast<void>(session.RespondToLast()); }).code(), ErrorCode::kInput)
      << "the counsellor spoke last";
  EXPECT_THAT(session.dialogue().turns, SizeIs(4));
}

TEST(Session, EmptyDialogueHasNoLastTurn) {
  Session session = Open(ScriptedModel::Create(Says("I hear you.")));
  EXPECT_EQ(Failure([&] { static_cast<void>(session.RespondToLast()); }).code(), ErrorCode::kInput);
}

TEST(Session, EditedHistoryIsWhatTheModelSees) {
  auto model = ScriptedModel::Create(Says("I hear you."));
  Session session = Open(model);
  static_cast<void>(session.Respond("My cat is ill."));
  Dialogue edited = session.dialogue();
  edited.turns[0].text = "My dog is ill.";
  session.SetDialogue(edited);
  static_cast<void>(session.Respond("Very."));
  const Ask ask = model->asked().back();
  ASSERT_THAT(ask.messages, SizeIs(3));
  EXPECT_EQ(ask.messages[0].text, "My dog is ill.");
}

TEST(Session, UnknownMethodOrSchemeIsAUsageErrorThatListsWhatThereIs) {
  auto model = ScriptedModel::Create(Says("x"));
  const Error method = Failure([&] { static_cast<void>(Open(model, "telepathy")); });
  EXPECT_EQ(method.code(), ErrorCode::kUsage);
  for (const auto& [name, summary] : MethodList()) EXPECT_THAT(method.what(), HasSubstr(name));
  EXPECT_THAT(method.what(), HasSubstr("telepathy"));

  SessionOptions options;
  options.knowledge = Shipped();
  options.scheme = "seven-phase";
  const Error scheme = Failure([&] { Session(model, options); });
  EXPECT_EQ(scheme.code(), ErrorCode::kUsage);
  EXPECT_THAT(scheme.what(), AllOf(HasSubstr("five-phase"), HasSubstr("hill"), HasSubstr("esconv"),
                                   HasSubstr("cpsycoun")));
}

TEST(Session, UnknownMethodOrSchemeLaterLeavesTheOldOne) {
  Session session = Open(ScriptedModel::Create(Says("I hear you.")));
  EXPECT_EQ(Failure([&] { session.SetMethod(""); }).code(), ErrorCode::kUsage);
  EXPECT_EQ(Failure([&] { session.SetScheme("Hill"); }).code(), ErrorCode::kUsage);
  EXPECT_EQ(session.Respond("one").method, "direct");
}

TEST(Session, MethodAndSchemeChangeFromTheNextTurnOn) {
  Session session = Open(ScriptedModel::Create(Says("I hear you.")));
  EXPECT_FALSE(session.Respond("one").phase);
  session.SetMethod("emostage-without-perspective");
  session.SetScheme("hill");
  const Answer answer = session.Respond("two");
  EXPECT_EQ(answer.method, "emostage-without-perspective");
  ASSERT_TRUE(answer.phase);
  EXPECT_EQ(answer.phase->scheme, "hill");
  EXPECT_THAT(answer.phase->probabilities, SizeIs(3));
  session.SetScheme("five-phase");
  EXPECT_THAT(session.Respond("three").phase->probabilities, SizeIs(5))
      << "readings under another scheme are not used";
}

TEST(Session, TurnWithoutWordsIsAnInputErrorAndAsksNothing) {
  auto model = ScriptedModel::Create(Says("I hear you."));
  Session session = Open(model);
  for (const std::string& text :
       {std::string(), std::string("   "), std::string("\n\t \r\n"), std::string("\xE3\x80\x80"),
        std::string("\xE2\x80\x8B"), std::string("\x01\x02\x7F"), std::string("\0", 1)}) {
    EXPECT_EQ(Failure([&] { static_cast<void>(session.Respond(text)); }).code(), ErrorCode::kInput);
  }
  EXPECT_THAT(session.dialogue().turns, IsEmpty());
  EXPECT_THAT(model->asked(), IsEmpty());
}

TEST(Session, TurnIsRepairedBeforeItIsKept) {
  auto model = ScriptedModel::Create(Says("I hear you."));
  Session session = Open(model);
  static_cast<void>(session.Respond(" a\xFF\x01 b\r\nc\x1B[31m \n"));
  const std::string& kept = session.dialogue().turns[0].text;
  EXPECT_EQ(kept, "a\xEF\xBF\xBD b\nc[31m");
  EXPECT_TRUE(IsValidUtf8(kept));
  EXPECT_EQ(model->asked().back().messages[0].text, kept);
}

TEST(Session, LanguageIsToldFromWhatTheClientWrites) {
  Session session = Open(ScriptedModel::Create(Says("……")));
  EXPECT_EQ(session.Respond("I cannot sleep any more.").language, Language::kEnglish);
  EXPECT_EQ(session.Respond("我最近总是睡不着觉，很难受。").language, Language::kChinese);
  EXPECT_EQ(session.Respond("最近あまり眠れなくて、とてもつらいです。").language,
            Language::kJapanese);
}

TEST(Session, SetLanguageHoldsWhateverTheClientWrites) {
  auto model = ScriptedModel::Create(Says("……"));
  Session session = Open(model, "direct", Language::kJapanese);
  EXPECT_EQ(session.Respond("I cannot sleep any more.").language, Language::kJapanese);
  EXPECT_THAT(model->asked().back().system, HasSubstr("相談者"));
}

TEST(Session, SeedAndSamplingReachTheReply) {
  auto model = ScriptedModel::Create(Says("I hear you."));
  SessionOptions options;
  options.method = "direct";
  options.knowledge = Shipped();
  options.sampling.temperature = 0.25;
  options.sampling.seed = 7;
  Session session(model, options);
  static_cast<void>(session.Respond("one"));
  EXPECT_EQ(model->asked().back().sampling.seed, 7U);
  EXPECT_EQ(model->asked().back().sampling.temperature, 0.25);
  session.SetSeed(8);
  static_cast<void>(session.Respond("two"));
  EXPECT_EQ(model->asked().back().sampling.seed, 8U);
}

TEST(Session, TwoSessionsShareNoWords) {
  auto model = ScriptedModel::Create(Says("I hear you."));
  Session first = Open(model);
  Session second = Open(model);
  static_cast<void>(first.Respond("my canary is yellow"));
  static_cast<void>(second.Respond("hello"));
  const Ask ask = model->asked().back();
  ASSERT_THAT(ask.messages, SizeIs(1));
  EXPECT_EQ(ask.messages[0].text, "hello");
}

bool AskedForTheLeaning(const Answer& answer) {
  return std::ranges::count(answer.steps, "phase leaning", &Step::name) > 0;
}

TEST(Session, LeaningIsAskedOnceForSessionsThatShareThem) {
  auto model = ScriptedModel::Create(Says("I hear you."));
  SessionOptions options;
  options.method = "emostage";
  options.knowledge = Shipped();
  options.leanings = OpenLeanings();
  Session first(model, options);
  Session second(model, options);
  EXPECT_TRUE(AskedForTheLeaning(first.Respond("one")));
  EXPECT_FALSE(AskedForTheLeaning(first.Respond("two")));
  EXPECT_FALSE(AskedForTheLeaning(second.Respond("one")));

  model = ScriptedModel::Create(Says("I hear you."));
  model->mutable_info().id = "other weights";
  EXPECT_TRUE(AskedForTheLeaning(Session(model, options).Respond("one")));
  EXPECT_FALSE(AskedForTheLeaning(Session(model, options).Respond("one")));
}

TEST(Session, LeaningOfASessionThatSharesNoneIsItsOwn) {
  auto model = ScriptedModel::Create(Says("I hear you."));
  for (int i = 0; i < 2; ++i) {
    Session session = Open(model, "emostage");
    EXPECT_TRUE(AskedForTheLeaning(session.Respond("one")));
    EXPECT_FALSE(AskedForTheLeaning(session.Respond("two")));
  }
}

TEST(Session, LeaningsInAFolderOutliveTheProgramAndHoldNoWordOfTheClients) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / ("session-leanings" + std::to_string(getpid()));
  std::filesystem::remove_all(folder);
  auto model = ScriptedModel::Create(Says("my canary is yellow too"));
  for (const bool first : {true, false}) {
    SessionOptions options;
    options.knowledge = Shipped();
    options.leanings = OpenLeanings(folder.string());
    Session session(model, options);
    EXPECT_EQ(AskedForTheLeaning(session.Respond("my canary is yellow")), first);
    static_cast<void>(session.Respond("my canary is yellow"));
  }
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    ++files;
    EXPECT_THAT(ReadFile(entry.path()), Not(HasSubstr("canary")));
  }
  EXPECT_EQ(files, 2);  // of the phases, of danger
  std::filesystem::remove_all(folder);
}

TEST(Session, StoppedTurnKeepsWhatWasSaidWhateverTheMethod) {
  for (const auto& [name, summary] : MethodList()) {
    // Their reply, or a draft of it, comes as a whole or not at all.
    if (name == "one-call" || name == "lookahead" || name == "follow-up" || name == "aggregate" ||
        name == "others-shoes" || name == "focused") {
      continue;
    }
    SCOPED_TRACE(name);
    Session session = Open(ScriptedModel::Create(Says("I hear")), name);
    EXPECT_FALSE(session.Respond("one").cancelled);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_TRUE(session.Respond("two", {}, stop.get_token()).cancelled);
    EXPECT_FALSE(session.Respond("three").cancelled);
    EXPECT_THAT(Texts(session.dialogue()),
                ElementsAre("one", "I hear", "two", "I hear", "three", "I hear"));
  }
}

TEST(Session, MovesWithItsDialogue) {
  Session session = Open(ScriptedModel::Create(Says("I hear you.")));
  static_cast<void>(session.Respond("one"));
  Session moved = std::move(session);
  static_cast<void>(moved.Respond("two"));
  EXPECT_THAT(moved.dialogue().turns, SizeIs(4));
}

TEST(Session, ListsMethodsAndSchemes) {
  std::vector<std::string> names;
  for (const auto& [name, summary] : MethodList()) {
    names.push_back(name);
    EXPECT_FALSE(summary.empty());
    EXPECT_EQ(summary.find('\n'), std::string::npos);
  }
  EXPECT_THAT(names, ::testing::IsSupersetOf(
                         {"emostage", "emostage-labels", "escot", "strategy", "self-other",
                          "causes", "persona", "mood-memory", "planner", "lookahead", "follow-up",
                          "aggregate", "others-shoes", "focused", "direct", "one-call",
                          "emostage-without-perspective", "emostage-without-phase"}));
  for (const Language language : {Language::kEnglish, Language::kChinese, Language::kJapanese}) {
    EXPECT_THAT(SchemeList(*Shipped(), language), SizeIs(4));
  }
}

TEST(SessionTest, WhoLooksOnIsToldOfEachStepAsItStandsInTheTrace) {
  Session session = Open(ScriptedModel::Create(Says("I hear you.")), "emostage");
  std::vector<std::string> asked;
  std::vector<std::string> done;
  std::string streamed;
  const Answer answer = session.RespondWatched(
      "I lost my job.",
      {.on_token = [&](std::string_view s) { streamed += s; },
       .on_step = [&](std::string_view name) { asked.emplace_back(name); },
       .on_step_done = [&](const Step& step) { done.push_back(step.name + step.output); }});
  std::vector<std::string> names;
  std::vector<std::string> traced;
  for (const Step& step : answer.steps) {
    names.push_back(step.name);
    traced.push_back(step.name + step.output);
  }
  EXPECT_EQ(asked, names);
  EXPECT_THAT(done, ::testing::UnorderedElementsAreArray(traced));
  EXPECT_EQ(streamed, answer.reply);
}

TEST(SessionTest, ATurnsTimeLimitIsEveryQuestionsDeadline) {
  const auto model = ScriptedModel::Create(Says("I hear you."));
  SessionOptions options;
  options.knowledge = Shipped();
  options.turn_timeout = std::chrono::minutes(1);
  Session session(model, options);
  (void)session.Respond("I failed again.");
  const auto latest = std::chrono::steady_clock::now() + options.turn_timeout;
  ASSERT_THAT(model->asked(), Not(IsEmpty()));
  for (const Ask& ask : model->asked()) EXPECT_LE(ask.deadline, latest) << ask.answer_prefix;
}

TEST(SessionTest, WithoutATimeLimitThereIsNoDeadline) {
  const auto model = ScriptedModel::Create(Says("I hear you."));
  Session session = Open(model);
  (void)session.Respond("I failed again.");
  EXPECT_EQ(model->asked().back().deadline, std::chrono::steady_clock::time_point::max());
}

}  // namespace
}  // namespace emostage
