#include <clocale>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>

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
  emostage models pull smollm2-135m         get a model
  emostage bench turn --turns 12            what a method costs on this machine

A program that listens; not a therapist, and no help in an emergency.)";

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");
  if (MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error to report, not a reason to die
  CLI::App app("EmoStage turns a language model on this machine into a careful listener.",
               "emostage");
  app.footer(kExamples);
  app.set_version_flag("--version", std::string("emostage ") + emostage::kVersion);
  app.require_subcommand(1);
  emostage::Run run;
  emostage::AddRespond(app, run);
  emostage::AddChat(app, run);
  emostage::AddMethods(app, run);
  emostage::AddModels(app, run);
  emostage::AddBench(app, run);
  try {
    app.parse(argc, argv);
    const int code = run();
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      std::fprintf(stderr, "emostage: the output could not be written; is the disk full?\n");
      return kFailed;
    }
    return code;
  } catch (const CLI::Success& e) {
    return app.exit(e);  // --help, --version
  } catch (const CLI::ParseError& e) {
    std::fprintf(stderr, "emostage: %s; see 'emostage --help'\n", e.what());
    return kUsage;
  } catch (const emostage::Error& e) {
    std::fprintf(stderr, "emostage: %s\n", e.what());
    return e.code() == emostage::ErrorCode::kUsage ? kUsage : kFailed;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "emostage: out of memory; use a smaller model or --context\n");
    return kFailed;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "emostage: %s; this is a fault of the program, please report it\n",
                 e.what());
    return kFailed;
  }
}
