#include "commands.hpp"
#include "console.hpp"

void add_conformance_command(CLI::App& app, Command& chosen) {
  auto* const command = app.add_subcommand(
      "conformance", "Run the rules of the contract on this machine (not in this build)");
  command->prefix_command();
  command->callback([&chosen] {
    chosen = [] {
      console::complain("there is no conformance suite: " POLYMUX_WHY_NO_CONFORMANCE);
      return console::failure;
    };
  });
}
