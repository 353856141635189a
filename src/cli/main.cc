#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "cli/command.h"
#include "emostage/error.h"
#include "emostage/version.h"

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

constexpr const char* kExamples = R"(Examples:
  emostage respond talk.json --explain      one reply, with what led to it
  emostage respond - --json < talk.json     the same for programs
  emostage chat --lang ja                   a conversation in the terminal
  emostage serve                            a page and an API on this machine
  emostage models pull smollm2-135m         get a model
  emostage bench turn --turns 12            what a method costs on this machine

A program that listens; not a therapist, and no help in an emergency.)";

// A standard stream that is closed would lend its number to the next file that is opened, and what
// is meant for the stream would be written into that file.
void HoldStandardStreams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    // Open, but the wrong way round: using it fails as it would on a closed one.
    if (fcntl(fd, F_GETFD) < 0) (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

// Ctrl-C wherever nothing finer is in charge (see interrupt.h): while a model loads, say.
extern "C" void StopAtOnce(int /*signal*/) {
  constexpr std::string_view kText = "\nemostage: stopped\n";
  const size_t from = isatty(STDERR_FILENO) != 0 ? 0 : 1;  // a terminal shows ^C before it
  if (write(STDERR_FILENO, kText.data() + from, kText.size() - from) < 0) _exit(kFailed);
  _exit(kFailed);
}

void EndOnInterrupt() {
  struct sigaction action{};
  sigaction(SIGINT, nullptr, &action);
  if (action.sa_handler == SIG_IGN) return;  // in the background, where Ctrl-C is not for us
  action.sa_handler = StopAtOnce;
  sigaction(SIGINT, &action, nullptr);
}

void PrintError(const std::string& message) {
  std::string line = emostage::RepairUtf8(message);
  std::replace_if(line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  std::fflush(stdout);
  // Whatever was being drawn there makes way.
  std::fprintf(stderr, "%semostage: %s\n", isatty(STDERR_FILENO) != 0 ? "\r\x1b[K" : "",
               line.c_str());
}

// What is wrong with the arguments, and where the right ones are listed.
std::string UsageMessage(CLI::App& app, const CLI::ParseError& error) {
  CLI::App* command = &app;
  std::string name = "emostage";
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    name += " " + command->get_name();
  }
  std::string what = error.what();
  const std::vector<std::string> rest = command->remaining();
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) && !rest.empty() &&
      !command->get_subcommands([](CLI::App*) { return true; }).empty()) {
    what = "there is no subcommand '" + rest.front() + "'";
  }
  return what + "; see '" + name + " --help'";
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");
  if (MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
  HoldStandardStreams();
  EndOnInterrupt();
  // A closed pipe or a file that may not grow is an error to report, not a reason to die.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  CLI::App app("EmoStage turns a language model on this machine into a careful listener.",
               "emostage");
  app.footer(kExamples);
  app.set_version_flag("--version", std::string("emostage ") + emostage::kVersion);
  app.require_subcommand(1);
  emostage::Run run;
  emostage::AddRespond(app, run);
  emostage::AddChat(app, run);
  emostage::AddServe(app, run);
  emostage::AddKeys(app, run);
  emostage::AddStore(app, run);
  emostage::AddSafety(app, run);
  emostage::AddEval(app, run);
  emostage::AddReport(app, run);
  emostage::AddMethods(app, run);
  emostage::AddModels(app, run);
  emostage::AddBench(app, run);
  try {
    app.parse(argc, argv);
    const int code = run();
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      PrintError("the output could not be written; is it closed, or the disk full?");
      return kFailed;
    }
    return code;
  } catch (const CLI::Success& e) {
    app.exit(e);  // --help, --version
    std::cout.flush();
    if (std::cout.good() && std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return 0;
    PrintError("the output could not be written; is it closed, or the disk full?");
    return kFailed;
  } catch (const CLI::ParseError& e) {
    PrintError(UsageMessage(app, e));
    return kUsage;
  } catch (const emostage::Error& e) {
    PrintError(e.what());
    return e.code() == emostage::ErrorCode::kUsage ? kUsage : kFailed;
  } catch (const std::bad_alloc&) {
    PrintError("out of memory; use a smaller model or --context");
    return kFailed;
  } catch (const std::exception& e) {
    PrintError(std::string(e.what()) + "; this is a fault of the program, please report it");
    return kFailed;
  }
}
