#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

#include "base/file.h"
#include "cli/command.h"
#include "cli/draw.h"
#include "cli/interrupt.h"
#include "emostage/answer.h"
#include "emostage/error.h"
#include "knowledge/knowledge.h"

namespace emostage {
namespace {

constexpr uint64_t kLongestInput = 64 << 20;

struct Arguments {
  ModelArguments model;
  SessionArguments session;
  PastArguments past;
  std::string file = "-";
  bool demo = false;
  bool json = false;
  bool explain = false;
  bool stream = false;
};

Dialogue ReadInput(const Arguments& arguments, const Knowledge& knowledge) {
  if (arguments.demo) {
    const auto language = LanguageFromCode(arguments.session.language);
    return knowledge.demo(language.value_or(Language::kEnglish));
  }
  if (arguments.file == "-" && isatty(STDIN_FILENO) != 0) {
    std::fprintf(stderr, "Reading a dialogue from the terminal; Ctrl-D ends it.\n");
  }
  return ParseDialogue(ReadFile(arguments.file, kLongestInput));
}

int Respond(const Arguments& arguments) {
  // What can be wrong is found out before the model is loaded.
  const auto knowledge = LoadKnowledge(arguments.model.data);
  SessionOptions options = arguments.session.Options(knowledge);
  options.past = arguments.past.Read();
  const Dialogue dialogue = ReadInput(arguments, *knowledge);
  if (dialogue.turns.back().role != Role::kClient) {
    throw Error(ErrorCode::kInput, "the dialogue ends with the counsellor: nothing to answer",
                "end it with a client turn");
  }
  Session session(arguments.model.Load(), options);
  session.SetDialogue(dialogue);

  const bool stream = !arguments.json && (arguments.stream || isatty(STDOUT_FILENO) != 0);
  const OnToken print = [](std::string_view piece) {
    std::fwrite(piece.data(), 1, piece.size(), stdout);
    std::fflush(stdout);
  };
  const auto draw_demo = [&] {
    if (!arguments.demo || arguments.json) return;
    DrawDialogue(dialogue);
    DrawHeading("Reply");
    std::fflush(stdout);
  };
  if (stream) draw_demo();
  const Interrupt interrupt;
  const Answer answer = session.RespondToLast(stream ? print : OnToken{}, interrupt.token());
  if (interrupt.happened()) {
    std::fputs(stream ? "\n" : "", stdout);
    throw Error(ErrorCode::kCancelled, "stopped");
  }
  if (arguments.json) {
    std::printf("%s\n", AnswerToJson(answer).c_str());
  } else if (stream) {
    std::puts("");
  } else {
    draw_demo();
    std::printf("%s\n", answer.reply.c_str());
  }
  if (answer.risk.card && !arguments.json) DrawCard(*answer.risk.card);
  if (arguments.explain && !arguments.json) DrawAnswer(answer, *knowledge);
  return 0;
}

}  // namespace

void AddRespond(CLI::App& app, Run& run) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("respond", "Answers a client dialogue once");
  CLI::Option* file =
      command->add_option("FILE", arguments->file, "A dialogue; '-' reads the standard input")
          ->capture_default_str();
  arguments->model.AddTo(*command);
  arguments->session.AddTo(*command);
  arguments->past.AddTo(*command);
  command->add_flag("--json", arguments->json, "Print the reply and its trace as one JSON object");
  command->add_flag("--explain", arguments->explain, "Draw what led to the reply");
  command->add_flag("--stream", arguments->stream,
                    "Print the reply as it is written, also to a pipe");
  command->add_flag("--demo", arguments->demo, "Answer a built-in sample dialogue (with --lang)")
      ->excludes(file);
  command->footer(
      "A dialogue is a JSON array of {\"role\": \"client\"|\"counsellor\", \"text\": \"…\"}; "
      "OpenAI messages and the\nformats of ESConv, CPsyCoun, SMILE, KokoroChat and "
      "EmpatheticDialogues are read too.");
  command->callback([arguments, command, &run] {
    arguments->model.steady = command->count("--seed") > 0;
    run = [arguments] { return Respond(*arguments); };
  });
}

}  // namespace emostage
