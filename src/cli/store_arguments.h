#ifndef EMOSTAGE_CLI_STORE_ARGUMENTS_H_
#define EMOSTAGE_CLI_STORE_ARGUMENTS_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "session/store/store.h"

namespace emostage {

// Where talks are kept; the same options for every subcommand that needs the store.
struct StoreArguments {
  std::string file;      // empty: the user's data folder; "memory": nowhere
  std::string key_file;  // see SqliteOptions

  void AddTo(CLI::App& command);
  [[nodiscard]] std::string path() const;
  // Makes the folder of the default place where it is missing.
  [[nodiscard]] std::shared_ptr<Store> Open() const;
};

}  // namespace emostage

#endif  // EMOSTAGE_CLI_STORE_ARGUMENTS_H_
