#include "cli/line_reader.h"

#include <editline/readline.h>
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <utility>

namespace emostage {
namespace {

sigjmp_buf start_over;

extern "C" void OnLineInterrupt(int /*signal*/) { siglongjmp(start_over, 1); }

}  // namespace

LineReader::LineReader(std::string prompt)
    : prompt_(std::move(prompt)), terminal_(isatty(STDIN_FILENO) != 0) {
  if (!terminal_) return;
  rl_initialize();
  rl_catch_signals = 0;
  using_history();
}

std::optional<std::string> LineReader::Next() {
  if (!terminal_) {
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
  }
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = OnLineInterrupt;
  // The handler jumps out of libedit's wait for a key, the one place this program is in then; no
  // object of ours lives between here and there.
  if (sigsetjmp(start_over, 1) != 0) std::fputs("\n", stdout);
  sigaction(SIGINT, &action, before.sa_handler == nullptr ? &before : nullptr);
  char* text = readline(prompt_.c_str());
  sigaction(SIGINT, &before, nullptr);
  if (text == nullptr) {
    std::fputs("\n", stdout);
    return std::nullopt;
  }
  std::string line(text);
  std::free(text);
  if (!line.empty()) add_history(line.c_str());
  return line;
}

}  // namespace emostage
