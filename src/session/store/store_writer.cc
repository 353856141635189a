#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "session/store/testing.h"

// store_writer FILE TALK TURNS: writes turn after turn to a talk of the store, making both where
// they are missing, and says "TALK MESSAGES" once each is written. Made to be killed.
int main(int count, char** arguments) {
  using namespace emostage;
  if (count != 4) return 2;
  const std::string talk = arguments[2];
  try {
    const auto store = OpenSqliteStore({arguments[1]});
    if (!store->Find(talk)) store->Create(SessionOf(talk), {});
    int messages = store->Find(talk)->messages;
    for (int turns = std::atoi(arguments[3]); turns > 0; --turns) {
      store->Write(SessionOf(talk, messages), messages,
                   {ClientSays(TurnText(talk, messages), TurnText("tip" + talk, messages)),
                    CounsellorSays(TurnText(talk, messages + 1), std::string(1500, 'a'),
                                   TurnText("tip" + talk, messages + 1))});
      messages += 2;
      const std::string line = talk + " " + std::to_string(messages) + "\n";
      // One write, so that a line is there as a whole or not at all.
      if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) return 1;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "store_writer: %s\n", error.what());
    return 1;
  }
  return 0;
}
