// Numbers of the command line: what is accepted is digits, in the range that was asked for.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include "apps/polymux/number_options.hpp"

namespace {

constexpr std::uint64_t least = 1;
constexpr std::uint64_t greatest = 1000000;

bool has_only(const std::string& text, const char* characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string::npos;
}

void require(bool is_right, const std::string& text) {
  if (is_right) return;
  std::cerr << "accepted: '" << text << "'\n";
  std::abort();
}

// True if the command line is accepted.
bool parse(CLI::App& app, const std::string& text) {
  try {
    app.parse(std::vector<std::string>{"--number=" + text});
    return app.count("--number") > 0;
  } catch (const CLI::ParseError&) {
    return false;
  }
}

void check_whole_number(const std::string& text) {
  CLI::App app;
  std::uint64_t value = 0;
  add_whole_number(app, "--number", value, least, greatest, "");
  if (!parse(app, text)) return;
  require(has_only(text, "0123456789") && value >= least && value <= greatest, text);
  require(std::strtoull(text.c_str(), nullptr, 10) == value, text);
}

void check_seconds(const std::string& text) {
  CLI::App app;
  std::chrono::nanoseconds value{};
  add_seconds(app, "--number", value, "");
  if (!parse(app, text)) return;
  require(has_only(text, "0123456789.") && value.count() >= 0, text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  check_whole_number(text);
  check_seconds(text);
  return 0;
}
