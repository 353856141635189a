#include "cli/line_reader.h"

#include <editline/readline.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <iostream>
#include <utility>

namespace emostage {
namespace {

// The handler tells the wait for a key through a pipe: a flag alone would be missed by a wait that
// is just about to begin.
std::array<int, 2> interrupts = {-1, -1};
bool interrupted = false;

extern "C" void OnLineInterrupt(int /*signal*/) {
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(interrupts[1], "", 1);  // full: one waits already
  errno = error;
}

bool TakeInterrupt() {
  char byte = 0;
  bool any = false;
  while (read(interrupts[0], &byte, 1) > 0) any = true;
  return any;
}

// One character for libedit, or -1 at the end of the input and on Ctrl-C.
int ReadCharacter(FILE* /*file*/) {
  std::mbstate_t state{};
  while (true) {
    std::array<pollfd, 2> waits = {{{STDIN_FILENO, POLLIN, 0}, {interrupts[0], POLLIN, 0}}};
    if (poll(waits.data(), waits.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    if (TakeInterrupt()) {
      interrupted = true;
      return -1;
    }
    char byte = 0;
    const ssize_t got = read(STDIN_FILENO, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return -1;
    wchar_t character = 0;
    const size_t length = std::mbrtowc(&character, &byte, 1, &state);
    if (length == static_cast<size_t>(-1)) {
      state = {};  // not a character: as if the key had not been pressed
    } else if (length != static_cast<size_t>(-2)) {
      return static_cast<int>(character);
    }
  }
}

char* Read(const char* prompt) {
  std::fflush(stdout);
  // Before the prompt shows, not after: a Ctrl-D typed in between would be lost.
  rl_prep_terminal(0);
  return readline(prompt);
}

}  // namespace

LineReader::LineReader(std::string prompt)
    : prompt_(std::move(prompt)), terminal_(isatty(STDIN_FILENO) != 0) {
  if (!terminal_) return;
  if (interrupts[0] < 0 && pipe2(interrupts.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    terminal_ = false;  // no line editing then
    return;
  }
  rl_catch_signals = 0;  // these two before rl_initialize, which is what reads them
  rl_getc_function = ReadCharacter;
  rl_initialize();
  using_history();
}

std::optional<std::string> LineReader::Next() {
  if (!terminal_) {
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
  }
  struct sigaction action{};
  struct sigaction before{};
  action.sa_handler = OnLineInterrupt;
  action.sa_flags = static_cast<int>(SA_RESTART);
  sigaction(SIGINT, &action, &before);
  interrupted = false;
  char* text = Read(prompt_.c_str());
  while (text == nullptr && interrupted) {
    interrupted = false;
    std::fputs("\n", stdout);
    text = Read(prompt_.c_str());
  }
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
