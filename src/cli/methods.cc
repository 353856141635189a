#include <cstdio>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/draw.h"

namespace emostage {

void AddMethods(CLI::App& app, Run& run) {
  auto data = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("methods", "Lists the methods and the phase schemes");
  command->add_option("--data", *data, "A folder in place of the built-in data files")
      ->envname("EMOSTAGE_DATA");
  command->callback([data, &run] {
    run = [data] {
      const auto knowledge = LoadKnowledge(*data);
      DrawHeading("Methods (--method)");
      DrawList(MethodList());
      DrawHeading("Phase schemes (--scheme)");
      DrawList(SchemeList(*knowledge));
      return 0;
    };
  });
}

}  // namespace emostage
