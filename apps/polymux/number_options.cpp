#include "number_options.hpp"

#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace {

// About 31 years; what is meant by more is 0, never.
constexpr double most_seconds = 1e9;

bool is_decimal(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos &&
         text.find('.') == text.rfind('.') && text != ".";
}

// Digits and a point alone: neither a sign nor a form (1e3, 0x10, inf, nan) that nobody means.
std::optional<double> parse_seconds(const std::string& text) {
  if (!is_decimal(text)) return std::nullopt;
  const double seconds = std::strtod(text.c_str(), nullptr);
  if (seconds > most_seconds) return std::nullopt;
  return seconds;
}

std::optional<std::uint64_t> parse_whole(const std::string& text, std::uint64_t least,
                                         std::uint64_t greatest) {
  std::uint64_t number = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || number < least || number > greatest) {
    return std::nullopt;
  }
  return number;
}

[[noreturn]] void refuse(const std::string& name, const std::string& text,
                         const std::string& expected) {
  throw CLI::ValidationError(name, "'" + text + "' is not " + expected);
}

std::string in_seconds(std::chrono::nanoseconds value) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(value).count());
}

}  // namespace

CLI::Option* add_seconds(CLI::App& app, const std::string& name, std::chrono::nanoseconds& value,
                         const std::string& description) {
  const auto read = [&value, name](const std::string& text) {
    const auto seconds = parse_seconds(text);
    if (!seconds) refuse(name, text, "a number of seconds from 0 to 1000000000, as 2.5");
    value = std::chrono::ceil<std::chrono::nanoseconds>(std::chrono::duration<double>(*seconds));
  };
  return app.add_option_function<std::string>(name, read, description)
      ->type_name("SECONDS")
      ->default_str(in_seconds(value));
}

CLI::Option* add_whole_number(CLI::App& app, const std::string& name,
                              const std::function<void(std::uint64_t)>& set, std::uint64_t initial,
                              std::uint64_t least, std::uint64_t greatest,
                              const std::string& description) {
  const auto read = [=](const std::string& text) {
    const auto number = parse_whole(text, least, greatest);
    if (!number) {
      refuse(name, text,
             "a whole number from " + std::to_string(least) + " to " + std::to_string(greatest));
    }
    set(*number);
  };
  return app.add_option_function<std::string>(name, read, description)
      ->default_str(std::to_string(initial));
}
