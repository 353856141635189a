// What may go wrong with a model server, and what must come of it: a clear error or a safe second
// try, never half a turn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "emostage/error.h"
#include "emostage/session.h"
#include "model/openai/fake_server.h"
#include "model/openai/openai_model.h"

namespace emostage::openai {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSecret = "the words of a client";

OpenAiOptions Hasty(const std::vector<std::string>& urls) {
  OpenAiOptions options;
  options.urls = urls;
  options.api_key = "key-1234";
  options.connect_timeout = milliseconds(1000);
  options.first_byte_timeout = milliseconds(400);
  options.idle_timeout = milliseconds(400);
  options.backoff = milliseconds(2);
  options.cool_down = milliseconds(50);
  return options;
}

Ask Question() {
  Ask ask;
  ask.system = "Listen.";
  ask.messages = {{Speaker::kClient, kSecret}};
  return ask;
}

// The error that a question ends in.
Error ErrorOf(Context& context, Ask ask = Question(), const OnToken& on_token = {}) {
  try {
    (void)context.complete(std::move(ask), on_token).get();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr(kSecret)));
    EXPECT_THAT(error.what(), Not(HasSubstr("key-1234")));
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(ErrorCode::kInternal, "none");
}

// Answers the nth question in the nth of the given ways, and all later ones in the last.
FakeServer::Handler InTurn(std::vector<FakeServer::Handler> ways) {
  auto count = std::make_shared<std::atomic<std::size_t>>(0);
  return [ways = std::move(ways), count](const FakeRequest& request,
                                         const FakeConnection& connection) {
    ways[std::min(count->fetch_add(1), ways.size() - 1)](request, connection);
  };
}

FakeServer::Handler Status(int status, std::vector<std::string> headers = {}) {
  return [=](const FakeRequest& request, const FakeConnection& connection) {
    connection.SendHead(status, headers);
    connection.Send(R"({"error":{"type":"odd_fault","message":")" + request.Said() + "\"}}");
  };
}

void Good(const FakeRequest& request, const FakeConnection& connection) {
  connection.Answer(request, "I hear you.");
}

void CutBeforeAWord(const FakeRequest&, const FakeConnection& connection) {
  connection.BeginStream();
}

void CutAfterWords(const FakeRequest&, const FakeConnection& connection) {
  connection.BeginStream();
  connection.SendWords("I he");
}

struct Asked {
  explicit Asked(FakeServer::Handler chat) : server(std::move(chat)) {
    model = ConnectOpenAi(Hasty({server.Url()}));
    context = model->Open();
  }
  FakeServer server;
  std::shared_ptr<Model> model;
  std::unique_ptr<Context> context;
};

TEST(OpenAiFaultsTest, HangingServerIsGivenUpAndNotAskedAgain) {
  Asked asked([](const FakeRequest&, const FakeConnection& connection) {
    (void)connection.HungUp(milliseconds(3000));
  });
  const auto start = std::chrono::steady_clock::now();
  const Error error = ErrorOf(*asked.context);
  EXPECT_EQ(error.code(), ErrorCode::kNetwork);
  EXPECT_THAT(error.what(), HasSubstr("does not answer in time"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  EXPECT_EQ(asked.server.asked().size(), 1U);
}

TEST(OpenAiFaultsTest, SilenceInMidAnswerIsGivenUp) {
  Asked asked([](const FakeRequest&, const FakeConnection& connection) {
    connection.BeginStream();
    connection.SendWords("I he");
    (void)connection.HungUp(milliseconds(3000));
  });
  EXPECT_THAT(ErrorOf(*asked.context).what(), HasSubstr("fell silent"));
  std::string heard;
  const Error error =
      ErrorOf(*asked.context, Question(), [&heard](std::string_view words) { heard += words; });
  EXPECT_THAT(error.what(), HasSubstr("broke off in mid-answer; nothing was kept"));
  EXPECT_EQ(heard, "I he");
}

TEST(OpenAiFaultsTest, InternalErrorIsTriedOnceMore) {
  Asked once(InTurn({Status(500), Good}));
  EXPECT_EQ(once.context->complete(Question()).get().text, "I hear you.");
  Asked always(Status(500));
  const Error error = ErrorOf(*always.context);
  EXPECT_EQ(error.code(), ErrorCode::kModel);
  EXPECT_THAT(error.what(), HasSubstr("failed (500)"));
  EXPECT_EQ(always.server.asked().size(), 2U);
}

TEST(OpenAiFaultsTest, BusyServerIsWaitedForAsLongAsItSays) {
  Asked asked(InTurn({Status(429, {"Retry-After: 1"}), Good}));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(asked.context->complete(Question()).get().text, "I hear you.");
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(950));
}

TEST(OpenAiFaultsTest, BusyServerIsLeftAloneAfterSomeTries) {
  Asked asked(Status(429));
  EXPECT_EQ(ErrorOf(*asked.context).code(), ErrorCode::kBusy);
  EXPECT_EQ(asked.server.asked().size(), 4U);
}

TEST(OpenAiFaultsTest, UnavailableServerIsTriedAgain) {
  Asked asked(InTurn({Status(503), Status(502), Status(504), Good}));
  EXPECT_EQ(asked.context->complete(Question()).get().text, "I hear you.");
}

TEST(OpenAiFaultsTest, WebPageIsNoAnswer) {
  Asked asked([](const FakeRequest&, const FakeConnection& connection) {
    connection.SendHead(200, {"Content-Type: text/html"});
    connection.Send("<html><body>Sign in</body></html>");
  });
  const Error error = ErrorOf(*asked.context);
  EXPECT_EQ(error.code(), ErrorCode::kModel);
  EXPECT_THAT(error.what(), HasSubstr("web page"));
  EXPECT_THAT(error.what(), HasSubstr(asked.server.Url()));
  EXPECT_EQ(asked.server.asked().size(), 1U);
}

TEST(OpenAiFaultsTest, HalfAnAnswerInJsonIsAskedForAgain) {
  const auto half = [](const FakeRequest&, const FakeConnection& connection) {
    connection.SendHead(200, {"Content-Type: application/json"});
    connection.Send(R"({"choices":[{"message":{"content":"I h)");
  };
  Asked once(InTurn({half, Good}));
  EXPECT_EQ(once.context->complete(Question()).get().text, "I hear you.");
  Asked always(half);
  EXPECT_THAT(ErrorOf(*always.context).what(), HasSubstr("before its answer was whole"));
}

TEST(OpenAiFaultsTest, GarbageInAStreamIsNoAnswer) {
  Asked asked([](const FakeRequest&, const FakeConnection& connection) {
    connection.BeginStream();
    connection.Send("data: {nonsense\n\n");
  });
  EXPECT_THAT(ErrorOf(*asked.context).what(), HasSubstr("does not answer in JSON"));
}

TEST(OpenAiFaultsTest, StreamCutBeforeAWordIsAskedForAgain) {
  Asked asked(InTurn({CutBeforeAWord, Good}));
  std::string heard;
  const Completion reply =
      asked.context->complete(Question(), [&heard](std::string_view words) { heard += words; })
          .get();
  EXPECT_EQ(reply.text, "I hear you.");
  EXPECT_EQ(heard, "I hear you.");
}

TEST(OpenAiFaultsTest, StreamCutAfterWordsWereHandedOnIsNotAskedForAgain) {
  Asked asked(InTurn({CutAfterWords, Good}));
  std::string heard;
  const Error error =
      ErrorOf(*asked.context, Question(), [&heard](std::string_view words) { heard += words; });
  EXPECT_EQ(error.code(), ErrorCode::kModel);
  EXPECT_THAT(error.what(), HasSubstr("say it again"));
  EXPECT_EQ(heard, "I he");
  EXPECT_EQ(asked.server.asked().size(), 1U);
}

TEST(OpenAiFaultsTest, StreamThatNobodyListenedToIsAskedForAgain) {
  Asked asked(InTurn({CutAfterWords, Good}));
  EXPECT_EQ(asked.context->complete(Question()).get().text, "I hear you.");
}

TEST(OpenAiFaultsTest, FaultReportedInAStreamIsNamed) {
  Asked asked([](const FakeRequest& request, const FakeConnection& connection) {
    connection.BeginStream();
    connection.Send(R"(data: {"error":{"type":"engine_dead","message":")" + request.Said() +
                    "\"}}\n\n");
  });
  EXPECT_THAT(ErrorOf(*asked.context).what(), HasSubstr("engine_dead"));
}

TEST(OpenAiFaultsTest, RefusedKeyIsSaid) {
  Asked asked(Status(401));
  const Error error = ErrorOf(*asked.context);
  EXPECT_THAT(error.what(), HasSubstr("does not accept the key"));
  EXPECT_THAT(error.what(), HasSubstr("EMOSTAGE_API_KEY"));
  EXPECT_EQ(asked.server.asked().size(), 1U);
  EXPECT_EQ(asked.server.asked()[0].headers.at("authorization"), "Bearer key-1234");
}

TEST(OpenAiFaultsTest, ExpiredKeyIsSaidOnConnecting) {
  FakeServer server(Good);
  server.SetBefore([](const FakeRequest&, const FakeConnection& connection) {
    connection.SendJson(403, {{"error", "expired"}});
    return true;
  });
  try {
    (void)ConnectOpenAi(Hasty({server.Url()}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    EXPECT_THAT(error.what(), HasSubstr("key"));
  }
}

TEST(OpenAiFaultsTest, WrongModelNamesTheRightOnes) {
  FakeServer server(Good);
  OpenAiOptions options = Hasty({server.Url()});
  options.model = "no-such-model";
  try {
    (void)ConnectOpenAi(options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no model 'no-such-model'"));
    EXPECT_THAT(error.what(), HasSubstr("kind-model, other-model"));
  }
  Asked unloaded(Status(404));
  EXPECT_THAT(ErrorOf(*unloaded.context).what(), HasSubstr("kind-model, other-model"));
}

TEST(OpenAiFaultsTest, TooLongADialogueIsTheCallersToMend) {
  for (const char* message :
       {R"({"error":{"type":"exceed_context_size_error","message":"request (9) exceeds"}})",
        R"({"object":"error","message":"This model's maximum context length is 8 tokens."})"}) {
    Asked asked([message](const FakeRequest&, const FakeConnection& connection) {
      connection.SendHead(400);
      connection.Send(message);
    });
    const Error error = ErrorOf(*asked.context);
    EXPECT_EQ(error.code(), ErrorCode::kInput);
    EXPECT_THAT(error.what(), HasSubstr("--context"));
  }
}

TEST(OpenAiFaultsTest, RefusalRepeatsNothingOfWhatWasSaid) {
  Asked asked(Status(400));
  EXPECT_THAT(ErrorOf(*asked.context).what(), HasSubstr("odd_fault"));
  Asked moved(Status(307, {"Location: http://127.0.0.1:1/"}));
  EXPECT_THAT(ErrorOf(*moved.context).what(), HasSubstr("sends us to another address"));
}

TEST(OpenAiFaultsTest, DeadServerIsSaidWithoutItsPassword) {
  std::string url;
  {
    FakeServer gone(Good);
    url = gone.Url();
  }
  url.insert(url.find("//") + 2, "user:pass@");
  try {
    (void)ConnectOpenAi(Hasty({url}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNetwork);
    EXPECT_THAT(error.what(), HasSubstr("cannot be reached"));
    EXPECT_THAT(error.what(), Not(HasSubstr("pass")));
  }
}

TEST(OpenAiFaultsTest, FailedTurnLeavesTheDialogueAsItWas) {
  Asked asked(InTurn({CutAfterWords, Good}));
  SessionOptions options;
  options.method = "direct";
  options.language = Language::kEnglish;
  options.safety.enabled = false;  // whose question would take the first answer
  Session session(asked.model, options);
  std::string heard;
  EXPECT_THROW((void)session.Respond("I failed again.",
                                     [&heard](std::string_view words) { heard += words; }),
               Error);
  EXPECT_EQ(heard, "I he");
  EXPECT_TRUE(session.dialogue().turns.empty());
  EXPECT_EQ(session.Respond("I failed again.").reply, "I hear you.");
  ASSERT_EQ(session.dialogue().turns.size(), 2U);
}

TEST(OpenAiFaultsTest, DeadAddressIsPassedOver) {
  std::string dead;
  {
    FakeServer gone(Good);
    dead = gone.Url();
  }
  FakeServer server(Good);
  const std::shared_ptr<Model> model = ConnectOpenAi(Hasty({dead, server.Url()}));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(model->Open()->complete(Question()).get().text, "I hear you.");
  }
  EXPECT_EQ(server.asked().size(), 4U);
}

TEST(OpenAiFaultsTest, ContextsAreSpreadAndStayWhereTheyAre) {
  FakeServer one(Good);
  FakeServer two(Good);
  const std::shared_ptr<Model> model = ConnectOpenAi(Hasty({one.Url(), two.Url()}));
  const std::unique_ptr<Context> first = model->Open();
  const std::unique_ptr<Context> second = model->Open();
  for (int i = 0; i < 3; ++i) (void)first->complete(Question()).get();
  EXPECT_EQ(one.asked().size(), 3U);
  EXPECT_EQ(two.asked().size(), 0U);
  (void)second->complete(Question()).get();
  EXPECT_EQ(two.asked().size(), 1U);
}

TEST(OpenAiFaultsTest, ContextMovesFromAServerThatFailsAndTheServerComesBack) {
  FakeServer one(Good);
  FakeServer two(Good);
  const std::shared_ptr<Model> model = ConnectOpenAi(Hasty({one.Url(), two.Url()}));
  const std::unique_ptr<Context> context = model->Open();
  one.SetBefore([](const FakeRequest&, const FakeConnection& connection) {
    connection.SendHead(503);
    return true;
  });
  EXPECT_EQ(context->complete(Question()).get().text, "I hear you.");
  EXPECT_EQ(two.asked().size(), 1U);
  one.SetBefore({});
  // Its cool-down over, it is looked at beside the next question, and new contexts come again.
  for (int i = 0; i < 50 && one.asked().empty(); ++i) {
    std::this_thread::sleep_for(milliseconds(20));
    (void)model->Open()->complete(Question()).get();
  }
  EXPECT_FALSE(one.asked().empty());
}

TEST(OpenAiFaultsTest, HangingServerIsLeftForAnother) {
  FakeServer one([](const FakeRequest&, const FakeConnection& connection) {
    (void)connection.HungUp(milliseconds(3000));
  });
  FakeServer two(Good);
  const std::shared_ptr<Model> model = ConnectOpenAi(Hasty({one.Url(), two.Url()}));
  EXPECT_EQ(model->Open()->complete(Question()).get().text, "I hear you.");
}

// A server that says a word a moment until the client hangs up.
struct Chatterer {
  std::atomic<bool> hung_up = false;
  std::atomic<bool> begun = false;
  void operator()(const FakeRequest&, const FakeConnection& connection) {
    connection.BeginStream();
    for (int i = 0; i < 200; ++i) {
      connection.SendWords("word ");
      begun = true;
      if (connection.HungUp(milliseconds(20))) {
        hung_up = true;
        return;
      }
    }
  }
};

bool Soon(const std::atomic<bool>& flag) {
  for (int i = 0; i < 100 && !flag; ++i) std::this_thread::sleep_for(milliseconds(10));
  return flag;
}

TEST(OpenAiFaultsTest, StopClosesTheConnectionAndKeepsWhatCame) {
  Chatterer chatterer;
  Asked asked(std::ref(chatterer));
  std::stop_source stop;
  Ask ask = Question();
  ask.stop = stop.get_token();
  Future<Completion> future = asked.context->complete(std::move(ask));
  future.Start();
  ASSERT_TRUE(Soon(chatterer.begun));
  std::this_thread::sleep_for(milliseconds(50));
  const auto start = std::chrono::steady_clock::now();
  stop.request_stop();
  const Completion completion = future.get();
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(500));
  EXPECT_EQ(completion.finish, FinishReason::kCancelled);
  EXPECT_THAT(completion.text, HasSubstr("word"));
  EXPECT_TRUE(Soon(chatterer.hung_up));
}

TEST(OpenAiFaultsTest, DroppingAContextClosesItsConnections) {
  Chatterer chatterer;
  Asked asked(std::ref(chatterer));
  Future<Completion> running = asked.context->complete(Question());
  running.Start();
  ASSERT_TRUE(Soon(chatterer.begun));
  Future<Completion> waiting = asked.context->complete(Question());
  asked.context.reset();
  EXPECT_TRUE(Soon(chatterer.hung_up));
  EXPECT_EQ(running.get().finish, FinishReason::kCancelled);
  EXPECT_EQ(waiting.get().finish, FinishReason::kCancelled);
}

TEST(OpenAiFaultsTest, StopBetweenTwoTriesEndsTheWaiting) {
  Asked asked(Status(503, {"Retry-After: 15"}));
  std::stop_source stop;
  Ask ask = Question();
  ask.stop = stop.get_token();
  Future<Completion> future = asked.context->complete(std::move(ask));
  future.Start();
  std::this_thread::sleep_for(milliseconds(200));
  stop.request_stop();
  EXPECT_TRUE(future.WaitFor(milliseconds(2000)));
  EXPECT_EQ(future.get().finish, FinishReason::kCancelled);
}

TEST(OpenAiFaultsTest, DeadlineEndsAnAnswerUnderWayAndTheNextOneWorks) {
  Chatterer chatterer;
  Asked asked(InTurn({std::ref(chatterer), Good}));
  Ask ask = Question();
  ask.deadline = std::chrono::steady_clock::now() + milliseconds(300);
  const Error error = ErrorOf(*asked.context, ask);
  EXPECT_EQ(error.code(), ErrorCode::kBusy);
  EXPECT_THAT(error.what(), HasSubstr("not there in the time allowed"));
  EXPECT_TRUE(Soon(chatterer.hung_up));
  EXPECT_EQ(asked.context->complete(Question()).get().text, "I hear you.");
}

TEST(OpenAiFaultsTest, DeadlineEndsASilentCallAndTheWaitingForTheNextTry) {
  const FakeServer::Handler hangs = [](const FakeRequest&, const FakeConnection& connection) {
    (void)connection.HungUp(milliseconds(3000));
  };
  for (const FakeServer::Handler& chat : {hangs, Status(503, {"Retry-After: 15"})}) {
    Asked asked(chat);
    Ask ask = Question();
    ask.deadline = std::chrono::steady_clock::now() + milliseconds(150);
    Future<Choice> choice = asked.context->choose(ask, {" yes", " no"});
    Future<Completion> reply = asked.context->complete(ask);
    for (const auto& get : std::vector<std::function<void()>>{[&] { (void)choice.get(); },
                                                              [&] { (void)reply.get(); }}) {
      try {
        get();
        ADD_FAILURE() << "no error";
      } catch (const Error& late) {
        EXPECT_EQ(late.code(), ErrorCode::kBusy) << late.what();
      }
    }
  }
}

TEST(OpenAiFaultsTest, QuestionWhoseDeadlineHasPassedIsNotAsked) {
  Asked asked(Good);
  Ask ask = Question();
  ask.deadline = std::chrono::steady_clock::now();
  EXPECT_EQ(ErrorOf(*asked.context, ask).code(), ErrorCode::kBusy);
  EXPECT_TRUE(asked.server.asked().empty());
}

TEST(OpenAiFaultsTest, ModelMayGoWhileAQuestionIsOpen) {
  Chatterer chatterer;
  Asked asked(std::ref(chatterer));
  Future<Completion> running = asked.context->complete(Question());
  running.Start();
  ASSERT_TRUE(Soon(chatterer.begun));
  asked.context.reset();
  asked.model.reset();
  EXPECT_EQ(running.get().finish, FinishReason::kCancelled);
}

}  // namespace
}  // namespace emostage::openai
