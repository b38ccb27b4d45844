#pragma once

#include <CLI/CLI.hpp>
#include <functional>

/// A subcommand that was asked for, ready to run; gives the exit code.
using Command = std::function<int()>;

/// Each adds one subcommand with its options; where the command line asks for it, `chosen` is set.
void add_backends_command(CLI::App& app, Command& chosen);
void add_conformance_command(CLI::App& app, Command& chosen);
void add_load_command(CLI::App& app, Command& chosen);
void add_models_command(CLI::App& app, Command& chosen);
void add_probe_command(CLI::App& app, Command& chosen);
void add_serve_command(CLI::App& app, Command& chosen);
