#include <string>
#include <utility>
#include <vector>

#include <polymux/conformance.hpp>

#include "commands.hpp"

namespace {

int run_suite(const std::vector<std::string>& words) {
  const std::string program = "polymux conformance";
  std::vector<const char*> arguments{program.c_str()};
  for (const auto& word : words) arguments.push_back(word.c_str());
  polymux::conformance::add_available_backends();
  const auto count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  return polymux::conformance::main(count, arguments.data(), program);
}

}  // namespace

void add_conformance_command(CLI::App& app, Command& chosen) {
  auto* const command = app.add_subcommand(
      "conformance",
      "Run the rules of the contract on this machine: the table of rules and backends");
  // The suite has options of its own, --help among them.
  command->set_help_flag();
  command->prefix_command();
  command->callback(
      [&chosen, command] { chosen = [words = command->remaining()] { return run_suite(words); }; });
}
