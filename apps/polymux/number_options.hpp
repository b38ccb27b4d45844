#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <string>

/// Adds an option that takes seconds, with fractions; its text is judged when it is read.
CLI::Option* add_seconds(CLI::App& app, const std::string& name, std::chrono::nanoseconds& value,
                         const std::string& description);

/// Adds an option that takes a whole number of [least, greatest], with which `set` is called.
CLI::Option* add_whole_number(CLI::App& app, const std::string& name,
                              const std::function<void(std::uint64_t)>& set, std::uint64_t initial,
                              std::uint64_t least, std::uint64_t greatest,
                              const std::string& description);

/// The same for a variable, of which `greatest` must be a value.
template <std::unsigned_integral Number>
CLI::Option* add_whole_number(CLI::App& app, const std::string& name, Number& value,
                              std::uint64_t least, std::uint64_t greatest,
                              const std::string& description) {
  const auto set = [&value](std::uint64_t number) { value = static_cast<Number>(number); };
  return add_whole_number(app, name, set, value, least, greatest, description);
}
