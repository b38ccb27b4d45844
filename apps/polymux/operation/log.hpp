#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace operation {

enum class LogLevel : std::uint8_t { info, warning, error };

enum class LogFormat : std::uint8_t {
  /// `polymux: ` and the message.
  text,
  /// A JSON object a line: time, level, pid and message.
  json,
};

/// What a server says on stderr, a line at a time.
///
/// \par Threads  Any.
class Log {
 public:
  /// \param least  What is below is not written.
  Log(LogLevel least, LogFormat format);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log();

  [[nodiscard]] bool has(LogLevel level) const noexcept { return level >= least_; }

  void write(LogLevel level, std::string_view message) noexcept {
    if (has(level)) write_always(level, message);
  }
  /// For what somebody has asked for: whatever the least is.
  void write_always(LogLevel level, std::string_view message) noexcept;

  /// For people: why this build has not that format; empty if it has.
  [[nodiscard]] static std::string why_not(LogFormat format);

 private:
  struct Sink;

  LogLevel least_;
  std::unique_ptr<Sink> sink_;
};

/// A message as it fits in a line: control characters come out as `?`.
[[nodiscard]] std::string in_one_line(std::string_view message);

}  // namespace operation
