#include "session/store/store.h"

#include <cstdio>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/store_arguments.h"

namespace emostage {

void AddStore(CLI::App& app, Run& run) {
  CLI::App* store = app.add_subcommand("store", "Looks after the file talks are kept in");
  store->require_subcommand(1);
  const auto arguments = std::make_shared<StoreArguments>();

  CLI::App* check = store->add_subcommand("check", "Says whether it can be read and written");
  arguments->AddTo(*check);
  check->callback([arguments, &run] {
    run = [arguments] {
      arguments->Open()->Check();
      std::printf("%s is well\n", arguments->path().c_str());
      return 0;
    };
  });

  struct Recovery {
    StoreArguments store;
    std::string to;
  };
  const auto recovery = std::make_shared<Recovery>();
  CLI::App* recover = store->add_subcommand(
      "recover", "Copies what can still be read of a damaged file into a new one");
  recover->add_option("FILE", recovery->store.file, "The damaged file; it is left as it is")
      ->required();
  recover->add_option("NEWFILE", recovery->to, "The file to make")->required();
  recover->add_option("--store-key", recovery->store.key_file, "The key file (default: FILE.key)");
  recover->callback([recovery, &run] {
    run = [recovery] {
      const std::string saved = RecoverSqliteStore(
          {.file = recovery->store.file, .key_file = recovery->store.key_file}, recovery->to);
      std::printf("%s\n", saved.c_str());
      return 0;
    };
  });
}

}  // namespace emostage
