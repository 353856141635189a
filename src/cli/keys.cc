#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/store_arguments.h"
#include "emostage/error.h"
#include "serve/access.h"

namespace emostage {
namespace {

struct Arguments {
  StoreArguments store;
  std::string name;
  std::string role = "client";
};

int Add(const Arguments& arguments) {
  const std::string key = NewKey();
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  arguments.store.Open()->AddKey({arguments.name, arguments.role, HashKey(key), now});
  std::fprintf(stderr, "A key for '%s' (%s). It is shown this once; only a hash of it is kept.\n",
               arguments.name.c_str(), arguments.role.c_str());
  std::printf("%s\n", key.c_str());
  return 0;
}

int List(const Arguments& arguments) {
  for (const StoredKey& key : arguments.store.Open()->Keys()) {
    std::printf("%-24s %s\n", key.name.c_str(), key.role.c_str());
  }
  return 0;
}

int Remove(const Arguments& arguments) {
  if (!arguments.store.Open()->RemoveKey(arguments.name)) {
    throw Error(ErrorCode::kUsage, "there is no key '" + arguments.name + "'",
                "'emostage keys list' shows them");
  }
  return 0;
}

}  // namespace

void AddKeys(CLI::App& app, Run& run) {
  CLI::App* keys = app.add_subcommand("keys", "Who may use a server: API keys and their roles");
  keys->require_subcommand(1);
  const auto arguments = std::make_shared<Arguments>();

  CLI::App* add = keys->add_subcommand("add", "Makes a key and prints it");
  add->add_option("NAME", arguments->name, "Whose it is")
      ->required()
      ->check(CLI::Validator(
          [](const std::string& name) {
            return name.empty() || name.size() > 64 ? "a name has 1 to 64 bytes" : "";
          },
          ""));
  add->add_option("--role", arguments->role,
                  "client (talks), counsellor (sees every talk and what was thought) or researcher "
                  "(sees what was thought of own talks, compares)")
      ->check(CLI::IsMember({"client", "counsellor", "researcher"}))
      ->capture_default_str();
  arguments->store.AddTo(*add);
  add->callback([arguments, &run] { run = [arguments] { return Add(*arguments); }; });

  CLI::App* list = keys->add_subcommand("list", "Shows whose keys there are");
  arguments->store.AddTo(*list);
  list->callback([arguments, &run] { run = [arguments] { return List(*arguments); }; });

  CLI::App* remove = keys->add_subcommand("remove", "Takes a key back, at once");
  remove->add_option("NAME", arguments->name, "Whose it is")->required();
  arguments->store.AddTo(*remove);
  remove->callback([arguments, &run] { run = [arguments] { return Remove(*arguments); }; });
}

}  // namespace emostage
