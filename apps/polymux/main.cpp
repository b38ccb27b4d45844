#include <CLI/CLI.hpp>
#include <exception>
#include <string>

#include "commands.hpp"
#include "console.hpp"

namespace {

constexpr const char* version_line = "polymux " POLYMUX_VERSION;

void add_version_command(CLI::App& app, Command& chosen) {
  app.add_subcommand("version", "Print the version")->callback([&chosen] {
    chosen = [] { return console::print(std::string(version_line) + "\n"); };
  });
}

// The innermost subcommand that the command line names: the one whose help helps.
const CLI::App& last_named(const CLI::App& app) {
  const auto named = app.get_subcommands();
  return named.empty() ? app : last_named(*named.back());
}

std::string full_name(const CLI::App& app) {
  const auto* const parent = app.get_parent();
  return parent == nullptr ? app.get_name() : full_name(*parent) + " " + app.get_name();
}

std::string help_of(const CLI::App& app) {
  const auto* const parent = app.get_parent();
  return app.help(parent == nullptr ? std::string() : full_name(*parent));
}

std::string what_is_wrong(const CLI::App& app, const CLI::ParseError& error) {
  const auto unknown = app.remaining();
  // CLI11 would say no more than that one is required.
  if (app.get_subcommands().empty() && !unknown.empty()) {
    return "there is no subcommand or option '" + unknown.front() + "'";
  }
  return error.what();
}

int refuse(const CLI::App& app, const CLI::ParseError& error) {
  const auto help = full_name(last_named(app)) + " --help";
  console::complain(what_is_wrong(app, error) + "; see '" + help + "'");
  return console::wrong_usage;
}

int run(int argc, char** argv) {
  CLI::App app("One interface, one behaviour, over every readiness multiplexer of Unix", "polymux");
  app.footer("Exit code: 0 for success, 1 for failure, 2 for wrong usage.");
  app.set_version_flag("--version", version_line);
  app.require_subcommand(1);
  Command chosen;
  add_serve_command(app, chosen);
  add_load_command(app, chosen);
  add_backends_command(app, chosen);
  add_conformance_command(app, chosen);
  add_models_command(app, chosen);
  add_probe_command(app, chosen);
  add_version_command(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return console::print(help_of(last_named(app)));
  } catch (const CLI::CallForVersion&) {
    return console::print(std::string(version_line) + "\n");
  } catch (const CLI::ParseError& error) {
    return refuse(app, error);
  }
  return chosen();
}

}  // namespace

int main(int argc, char** argv) {
  console::prepare();
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    console::complain(error.what());
    return console::failure;
  }
}
