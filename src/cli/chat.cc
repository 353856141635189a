#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/draw.h"
#include "cli/interrupt.h"
#include "cli/line_reader.h"
#include "emostage/answer.h"
#include "emostage/error.h"

namespace emostage {
namespace {

struct Arguments {
  ModelArguments model;
  SessionArguments session;
  PastArguments past;
  std::string file;
};

constexpr const char* kHelp =
    "  /explain       what led to the last reply\n"
    "  /phase         the phase the talk is believed to be in\n"
    "  /method NAME   answer by another method from now on ('emostage methods' lists them)\n"
    "  /save FILE     write the talk to a file that 'respond' and 'chat' read\n"
    "  /quit          leave; Ctrl-D does the same. Ctrl-C stops an answer.\n";

class Chat {
 public:
  explicit Chat(const Arguments& arguments)
      : knowledge_(LoadKnowledge(arguments.model.data)),
        options_(arguments.session.Options(knowledge_)) {
    options_.past = arguments.past.Read();
    Dialogue dialogue;
    if (!arguments.file.empty()) {
      dialogue = ParseDialogue(ReadFile(arguments.file, 64 << 20));
    }
    session_.emplace(arguments.model.Load(), options_);
    session_->SetDialogue(std::move(dialogue));
  }

  int Run() {
    const bool person = isatty(STDIN_FILENO) != 0;
    if (person) {
      // The prompt and an answer under way each see to Ctrl-C; between them there is nothing to
      // stop.
      std::signal(SIGINT, SIG_IGN);
      std::printf(
          "A program listens here, not a therapist. In an emergency call the emergency "
          "number of your country.\nWrite to it; /help lists commands.\n\n");
    }
    if (!session_->dialogue().turns.empty()) DrawDialogue(session_->dialogue());
    LineReader lines("you> ");
    bool all_answered = true;
    while (const std::optional<std::string> line = lines.Next()) {
      const std::string text(Trim(RepairUtf8(*line)));
      if (text.empty()) continue;
      try {
        if (text.front() == '/') {
          if (!Command(text)) break;
        } else {
          Answer(text);
        }
      } catch (const Error& e) {
        if (e.code() == ErrorCode::kCancelled) throw;
        all_answered = false;
        std::fflush(stdout);
        std::fprintf(stderr, "emostage: %s\n", e.what());
      }
      if (std::ferror(stdout) != 0) break;  // nobody reads any more; main() says so
    }
    return all_answered || person ? 0 : 1;
  }

 private:
  void Answer(const std::string& text) {
    const Interrupt interrupt;
    const OnToken print = [](std::string_view piece) {
      std::fwrite(piece.data(), 1, piece.size(), stdout);
      std::fflush(stdout);
    };
    std::printf("\n");
    std::fflush(stdout);
    const bool person = isatty(STDIN_FILENO) != 0;
    try {
      TurnWatch watch;
      watch.on_token = print;
      watch.on_disclosure = [](const std::string& notice) {
        DrawNotice(notice);
        std::printf("\n");
        std::fflush(stdout);
      };
      emostage::Answer answer = session_->RespondWatched(text, watch, interrupt.token());
      if (answer.cancelled) {
        std::printf(answer.reply.empty() ? "(stopped before the answer)" : " (stopped)");
      }
      if (answer.risk.card) {
        std::printf("\n\n");
        DrawCard(*answer.risk.card);
      }
      last_ = std::move(answer);
    } catch (const Error&) {
      if (!interrupt.happened() || !person) throw;
      std::printf("(stopped before the answer)");
    }
    std::printf("\n\n");
    std::fflush(stdout);
    // Nobody is there to go on by hand.
    if (interrupt.happened() && !person) throw Error(ErrorCode::kCancelled, "stopped");
  }

  // False: leave.
  bool Command(const std::string& line) {
    const size_t blank = line.find_first_of(" \t");
    const std::string name = line.substr(0, blank);
    const std::string argument(
        blank == std::string::npos ? "" : Trim(std::string_view(line).substr(blank)));
    if (name == "/quit" || name == "/exit") return false;
    if (name == "/help") {
      std::fputs(kHelp, stdout);
    } else if (name == "/explain") {
      if (last_) {
        DrawAnswer(*last_, *knowledge_);
      } else {
        std::puts("Nothing was answered yet.");
      }
    } else if (name == "/phase") {
      if (last_ && last_->phase) {
        DrawPhase(*last_->phase, *knowledge_, last_->language);
      } else {
        std::puts(last_ ? "This method recognises no phase." : "Nothing was answered yet.");
      }
    } else if (name == "/method") {
      session_->SetMethod(argument);
      std::printf("From now on: %s\n", argument.c_str());
    } else if (name == "/save") {
      Save(argument);
    } else {
      throw Error(ErrorCode::kUsage, "there is no command " + name, "/help lists them");
    }
    return true;
  }

  void Save(const std::string& path) {
    if (path.empty()) throw Error(ErrorCode::kUsage, "/save needs a file name");
    if (session_->dialogue().turns.empty()) {
      throw Error(ErrorCode::kUsage, "there is nothing to save yet", "say something first");
    }
    WriteFileAtomically(path, DialogueToJson(session_->dialogue()));
    std::printf("Saved %zu turns to %s\n", session_->dialogue().turns.size(), path.c_str());
  }

  std::shared_ptr<const Knowledge> knowledge_;
  SessionOptions options_;
  std::optional<Session> session_;
  std::optional<emostage::Answer> last_;
};

}  // namespace

void AddChat(CLI::App& app, Run& run) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("chat", "A conversation in the terminal");
  command->add_option("FILE", arguments->file, "A saved talk to go on with");
  arguments->model.AddTo(*command);
  arguments->session.AddTo(*command);
  arguments->past.AddTo(*command);
  command->footer(std::string("In the conversation:\n") + kHelp);
  command->callback([arguments, command, &run] {
    arguments->model.steady = command->count("--seed") > 0;
    run = [arguments] { return Chat(*arguments).Run(); };
  });
}

}  // namespace emostage
