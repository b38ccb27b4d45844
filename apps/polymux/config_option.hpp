#pragma once

#include <CLI/CLI.hpp>
#include <string>

/// Gives the options of a command that the command line does not have what a configuration file
/// says, by their long names without the dashes: `idle-timeout = 60`. To be called when the command
/// line has been read and before anybody looks at the options.
///
/// Throws `CLI::ValidationError` with the file, the line, and what would be right.
void apply_config_file(CLI::App& command, const std::string& path);
