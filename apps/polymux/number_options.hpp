#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <string>

/// Adds an option that takes seconds, with fractions; its text is judged when it is read.
CLI::Option* add_seconds(CLI::App& app, const std::string& name, std::chrono::nanoseconds& value,
                         const std::string& description);

/// Adds an option that takes a whole number of [least, greatest].
CLI::Option* add_whole_number(CLI::App& app, const std::string& name, std::uint64_t& value,
                              std::uint64_t least, std::uint64_t greatest,
                              const std::string& description);
